//! Until when is a row in a sender's hands, and by whose clock?

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, SimpleExpr};
use uuid::Uuid;

/// A sender's hold on its rows: whoever does not name the token writes nothing.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    pub token: Uuid,
    pub lasts: TimeDelta,
    pub clock: LeaseClock,
}

/// Several processes must not differ about a lease, so where there may be several the database says what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseClock {
    /// PostgreSQL's own.
    Database,
    /// This reading of ours, in real time.
    Ours(DateTime<Utc>),
}

impl Lease {
    pub(super) fn now(&self) -> SimpleExpr {
        match self.clock {
            LeaseClock::Database => Expr::cust("clock_timestamp()"),
            LeaseClock::Ours(now) => Expr::value(now),
        }
    }

    pub(super) fn until(&self) -> SimpleExpr {
        match self.clock {
            LeaseClock::Database => {
                let milliseconds = self.lasts.num_milliseconds();
                Expr::cust(format!("clock_timestamp() + interval '{milliseconds} milliseconds'"))
            }
            LeaseClock::Ours(now) => Expr::value(now + self.lasts),
        }
    }
}

/// The leases in the hands of this process's senders. As long as one of them works, its lease is not over for us,
/// however far the clock jumps: a try has a deadline by a clock that does not.
#[derive(Debug, Default)]
pub struct AtWork(Arc<Tokens>);

#[derive(Debug, Default)]
struct Tokens(Mutex<HashSet<Uuid>>);

/// Senders at work; they are not any more when this is dropped, even by a panic.
#[derive(Debug)]
#[must_use]
pub struct Working(Arc<Tokens>, Uuid);

impl AtWork {
    pub fn begin(&self, lease: Uuid) -> Working {
        self.0.all().insert(lease);
        Working(self.0.clone(), lease)
    }

    #[must_use]
    pub fn leases(&self) -> Vec<Uuid> {
        self.0.all().iter().copied().collect()
    }
}

impl Tokens {
    fn all(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.all().remove(&self.1);
    }
}
