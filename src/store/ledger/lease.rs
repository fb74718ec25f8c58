//! Until when is a row in a sender's hands, and by whose clock?

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
