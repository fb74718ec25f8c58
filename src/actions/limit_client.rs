//! One client sends a form again and again: how often may it?

use chrono::{DateTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    store::{
        self,
        attempts::{self, Bucket},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Until when nothing more is taken; real time.
    #[error("too many forms from one connection: wait until {0}")]
    TooOften(DateTime<Utc>),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// How often something may happen.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// What is counted, such as `enroll-client`.
    pub name: &'static str,
    pub most: u32,
    pub within: TimeDelta,
}

/// Counts one more, or refuses. Only a keyed hash of the client's address is kept.
pub async fn limit_client(app: &App, limit: Limit, client: &str) -> Result<(), Refused> {
    let now = app.clock.now().real;
    let subject_hash = app.links.keys().hash("limit", client);
    let bucket = Bucket { name: limit.name, subject_hash: &subject_hash };
    transact!(aside app.db, |tx| {
        let since = now - limit.within;
        if attempts::count_since(tx, bucket, since).await? >= u64::from(limit.most) {
            let first = attempts::first_since(tx, bucket, since).await?;
            return Err(Refused::TooOften(first.unwrap_or(now) + limit.within));
        }
        Ok(attempts::note(tx, app.random.uuid(now), bucket, now).await?)
    })
}
