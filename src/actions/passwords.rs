//! What is a password worth, and is it the right one?

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::app::App;

/// The shortest password a coach may choose, in characters.
pub const SHORTEST_PASSWORD: usize = 12;

/// argon2id, 19 MiB, two passes, one lane; never more at once than there are cores.
static HASHING: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    #[error("Use at least {SHORTEST_PASSWORD} characters: a few words you can remember are best")]
    Short,
    #[error("Use at most 256 characters")]
    Long,
    #[error("This password is among the first that attackers try: choose another")]
    Common,
}

/// Refuses what could be guessed.
pub fn check_password(password: &str) -> Result<(), BadPassword> {
    let characters = password.chars().count();
    if characters < SHORTEST_PASSWORD {
        return Err(BadPassword::Short);
    }
    if characters > 256 {
        return Err(BadPassword::Long);
    }
    let folded: String = password.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let distinct = folded.chars().collect::<std::collections::BTreeSet<_>>().len();
    // Longest first, so that a short word leaves no rest of a long one.
    let common = [
        "1234567890",
        "qwertyuiop",
        "123456789",
        "password",
        "iloveyou",
        "12345678",
        "passw0rd",
        "trellis",
        "welcome",
        "letmein",
        "1234567",
        "sunshine",
        "princess",
        "football",
        "qwerty",
        "monkey",
        "dragon",
        "123456",
        "abc123",
        "admin",
        "12345",
        "1234",
    ];
    let rest = common.iter().fold(folded, |text, word| text.replace(word, ""));
    if distinct < 5 || rest.len() < 6 { Err(BadPassword::Common) } else { Ok(()) }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("valid parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes on a blocking thread, behind the semaphore.
pub async fn hash_password(app: &App, password: &str) -> Result<String, BadPassword> {
    check_password(password)?;
    let (password, salt) = (password.to_owned(), app.random.bytes::<16>());
    let _turn = HASHING.acquire().await.expect("never closed");
    let hash = tokio::task::spawn_blocking(move || {
        argon2().hash_password_with_salt(password.as_bytes(), &salt).expect("a valid salt").to_string()
    });
    Ok(hash.await.expect("hashing does not panic"))
}

/// What an address nobody has is checked against: the same work, so that the time tells nothing.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$2nWcVnXmXqYDYS6RHqzVSXvAKHyaz0rkzQ3LpWPtVVg";

pub async fn verify_password(password: &str, hash: Option<String>) -> bool {
    let password = password.to_owned();
    let _turn = HASHING.acquire().await.expect("never closed");
    let verified = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let parsed = PasswordHash::new(&hash).ok();
        let right = parsed.is_some_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok());
        right && known
    });
    verified.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_nobody_has_costs_the_same_work() {
        let parsed = PasswordHash::new(NOBODY).expect("a whole hash, or checking it would take no time");
        let wrong = argon2().verify_password(b"whatever", &parsed).unwrap_err();
        assert_eq!(wrong, argon2::password_hash::Error::PasswordInvalid, "computed and compared, not refused");
    }

    #[test]
    fn refuses_what_is_tried_first() {
        assert_eq!(check_password("short"), Err(BadPassword::Short));
        assert_eq!(check_password("password123456"), Err(BadPassword::Common));
        assert_eq!(check_password("a quiet garden wall"), Ok(()));
    }
}
