//! Where does chance come from? Ids, tokens and jitter; seeded in tests.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rand::{
    Rng, SeedableRng,
    rand_core::UnwrapErr,
    rngs::{ChaCha20Rng, SysRng},
};
use uuid::{Builder, Uuid};

#[derive(Debug, Clone)]
pub enum Random {
    Os,
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Random {
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::Os => UnwrapErr(SysRng).fill_bytes(bytes),
            Self::Seeded(generator) => {
                generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
            }
        }
    }

    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A fresh id that sorts by time (UUID version 7, RFC 9562 §5.7).
    #[must_use]
    pub fn uuid(&self, at: DateTime<Utc>) -> Uuid {
        Builder::from_unix_timestamp_millis(millis(at), &self.bytes()).into_uuid()
    }

    pub fn id<T: From<Uuid>>(&self, at: DateTime<Utc>) -> T {
        T::from(self.uuid(at))
    }

    /// An id that lies beside the others of this instant and kin: what is written together then lies together in an
    /// index, too. The rest is random.
    pub fn kin_id<T: From<Uuid>>(&self, at: DateTime<Utc>, kin: Uuid) -> T {
        let mut bytes = self.bytes::<10>();
        bytes[..2].copy_from_slice(&kin.as_bytes()[14..]);
        T::from(Builder::from_unix_timestamp_millis(millis(at), &bytes).into_uuid())
    }

    /// 256 bits as 52 letters and digits, for a cookie or a link: `a-z2-7`, so that case does not matter.
    #[must_use]
    pub fn token(&self) -> String {
        data_encoding::BASE32_NOPAD.encode(&self.bytes::<32>()).to_lowercase()
    }

    /// Six digits a person can type. Rejection keeps every code equally likely.
    #[must_use]
    pub fn code(&self) -> String {
        loop {
            let number = u32::from_le_bytes(self.bytes()) >> 12;
            if number < 1_000_000 {
                return format!("{number:06}");
            }
        }
    }

    /// A number in `0.0..1.0`, for jitter.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}

fn millis(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or_default()
}
