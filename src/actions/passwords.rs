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
    let common = ["password", "qwertyuiop", "letmein", "123456789", "iloveyou", "trellis", "welcome"];
    let rest = common.iter().fold(folded, |text, word| text.replace(word, ""));
    if distinct < 5 || rest.len() < 4 { Err(BadPassword::Common) } else { Ok(()) }
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

pub async fn verify_password(password: &str, hash: Option<String>) -> bool {
    // An address nobody has does the same work, so that the time tells nothing.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$2nWcVnXmXqYDYS6RHqzVSXvAKHyaz0rkzQ3LpWPtVVg";
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
