//! What do our secrets prove? One master key, one derived key a purpose.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{PoisonError, RwLock},
};

use aes_gcm::{
    Aes256Gcm,
    aead::Aead,
    aes::{
        Aes256,
        cipher::{BlockDecrypt, BlockEncrypt},
    },
};
use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::random::Random;

/// The master key; prints masked.
pub struct Keys {
    master: SecretBox<[u8]>,
    /// What was derived from it, by purpose: deriving takes longer than using. There are a few dozen purposes, all of
    /// them words of ours.
    derived: RwLock<HashMap<String, Hmac<Sha256>>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("master", &self.master).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BadKey {
    #[error(
        "secrets.key is too short or neither hex nor base64: use 32 random bytes, such as the output of `openssl rand -hex 32`"
    )]
    Short,
    #[error(
        "secrets.key is a pattern, not a secret: use 32 random bytes, such as the output of `openssl rand -hex 32`"
    )]
    Guessable,
    #[error("the key file {path} cannot be {what}: {why}")]
    File { path: String, what: &'static str, why: std::io::Error },
}

impl Keys {
    /// Reads a key as hex or base64; refuses a short or a patterned one.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .or_else(|_| BASE64.decode(text.as_bytes()))
            .or_else(|_| BASE64URL_NOPAD.decode(text.as_bytes()))
            .map_err(|_| BadKey::Short)?;
        if bytes.len() < 32 {
            return Err(BadKey::Short);
        }
        let distinct = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
        if distinct < 8 {
            return Err(BadKey::Guessable);
        }
        Ok(Self { master: SecretBox::new(bytes.into_boxed_slice()), derived: RwLock::default() })
    }

    /// Reads the key file; makes one, readable by its owner only, when there is none.
    pub fn from_file(path: &Path, random: &Random) -> Result<Self, BadKey> {
        let failed = |what| move |why| BadKey::File { path: path.display().to_string(), what, why };
        if path.exists() {
            return Self::parse(&std::fs::read_to_string(path).map_err(failed("read"))?);
        }
        let text = HEXLOWER.encode(&random.bytes::<32>());
        write_private(path, &text).map_err(failed("written"))?;
        Self::parse(&text)
    }

    fn derived(&self, purpose: &str) -> Hmac<Sha256> {
        if let Some(known) = self.derived.read().unwrap_or_else(PoisonError::into_inner).get(purpose) {
            return known.clone();
        }
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(b"trellis"), self.master.expose_secret())
            .expand(purpose.as_bytes(), &mut key)
            .expect("32 bytes are a valid length for SHA-256");
        let keyed = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
        self.derived.write().unwrap_or_else(PoisonError::into_inner).insert(purpose.to_owned(), keyed.clone());
        keyed
    }

    /// HMAC-SHA-256 under the purpose's own key.
    #[must_use]
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut mac = self.derived(purpose);
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// A keyed hash as text, for what must be looked up but not be read: addresses in limits, feeds.
    #[must_use]
    pub fn hash(&self, purpose: &str, message: &str) -> String {
        BASE32_NOPAD.encode(&self.mac(purpose, message.as_bytes())[..20]).to_lowercase()
    }
}

/// Who may open a sealed text: the purpose, and what the text belongs to.
pub type Seal<'a> = (&'a str, &'a [u8]);

impl Keys {
    /// Seals a text (AES-256-GCM) for whoever brings what it belongs to again; without that, our own key does
    /// not open it. A nonce is used once.
    #[must_use]
    pub fn seal(&self, (purpose, of): Seal<'_>, nonce: [u8; 12], text: &[u8]) -> String {
        let sealed = self.cipher(purpose, of).encrypt(&nonce.into(), text).expect("a page is far below the limit");
        BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat())
    }

    /// `None`: not sealed by us, not for this, or altered.
    #[must_use]
    pub fn unseal(&self, (purpose, of): Seal<'_>, sealed: &str) -> Option<Vec<u8>> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, text) = bytes.split_first_chunk::<12>()?;
        self.cipher(purpose, of).decrypt(&(*nonce).into(), text).ok()
    }

    fn cipher(&self, purpose: &str, of: &[u8]) -> Aes256Gcm {
        use aes_gcm::KeyInit as _;
        Aes256Gcm::new(&self.mac(purpose, of).into())
    }
}

impl Keys {
    /// Sixteen bytes as AES-256 maps them under the purpose's own key. Whoever has no key can neither tell nor guess
    /// one; `unveil` gives back what it was made of, so that nothing must be kept to look it up.
    #[must_use]
    pub fn veil(&self, purpose: &str, bytes: [u8; 16]) -> [u8; 16] {
        let mut block = bytes.into();
        self.block(purpose).encrypt_block(&mut block);
        block.into()
    }

    /// What was veiled; anything else becomes bytes that mean nothing.
    #[must_use]
    pub fn unveil(&self, purpose: &str, bytes: [u8; 16]) -> [u8; 16] {
        let mut block = bytes.into();
        self.block(purpose).decrypt_block(&mut block);
        block.into()
    }

    fn block(&self, purpose: &str) -> Aes256 {
        use aes_gcm::KeyInit as _;
        Aes256::new(&self.mac(purpose, b"block").into())
    }
}

/// SHA-256 of what must only be told apart.
#[must_use]
pub fn fingerprint(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        // With its length before it, no part can pass for two.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// SHA-256 of a random token, as it is stored.
#[must_use]
pub fn token_hash(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}

/// In constant time.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_keys_that_protect_nothing() {
        assert!(matches!(Keys::parse("secret"), Err(BadKey::Short)));
        assert!(matches!(Keys::parse(&"00".repeat(32)), Err(BadKey::Guessable)));
        assert!(Keys::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").is_ok());
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_only() {
        let keys = Keys::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
        let sealed = keys.seal(("answer", b"one"), [7; 12], b"hello");
        assert_eq!(keys.unseal(("answer", b"one"), &sealed).as_deref(), Some(&b"hello"[..]));
        for (seal, text) in [
            (("answer", &b"two"[..]), sealed.as_str()),
            (("other", b"one"), sealed.as_str()),
            (("answer", b"one"), &sealed[1..]),
            (("answer", b"one"), ""),
        ] {
            assert_eq!(keys.unseal(seal, text), None);
        }
    }

    #[test]
    fn what_is_veiled_is_known_again_under_the_same_key_and_purpose_only() {
        let (keys, block) =
            (Keys::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap(), [3; 16]);
        let veiled = keys.veil("name", block);
        assert_ne!(veiled, block);
        assert_eq!(keys.unveil("name", veiled), block);
        assert_ne!(keys.unveil("other", veiled), block);
        let others = Keys::parse("f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
        assert_ne!(others.unveil("name", veiled), block);
    }

    #[test]
    fn a_fingerprint_tells_where_one_part_ends() {
        assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"a", b"bc"]));
        assert_eq!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"ab", b"c"]));
    }

    #[test]
    fn makes_a_key_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = Keys::from_file(&path, &Random::seeded(1)).unwrap().hash("x", "y");
        let second = Keys::from_file(&path, &Random::seeded(2)).unwrap().hash("x", "y");
        assert_eq!(first, second);
    }
}
