//! How do all senders of a process write down what they do, in one statement and one commit?
//!
//! Whoever has something to write leaves it on the pile and waits for a turn. Who has the turn takes the whole pile;
//! while that is committed, others come and wait, and the next of them takes theirs along. There is no timer: one
//! sender alone waits for nobody.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;
use futures_util::future::{Either, select};
use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    super::{Error, database::Database, stencils::Stencil},
    Delivery, Frozen, Kept, Lease, Result,
    pile::{NotAll, Pile},
};
use crate::{clock::Now, domain::ids::DeliveryId, transact};

/// What one sender wants to be written: the outcome of one mail, the intention of the next, or both.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// It was sent, at this time.
    pub sent: Option<(Claimed, Now)>,
    pub begun: Option<Begun>,
}

/// A row under a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claimed {
    pub id: DeliveryId,
    pub lease_token: Option<Uuid>,
}

impl From<&Delivery> for Claimed {
    fn from(row: &Delivery) -> Self {
        Self { id: row.id, lease_token: row.lease_token }
    }
}

/// A mail that is about to leave.
#[derive(Debug, Clone)]
pub struct Begun {
    pub row: Claimed,
    pub frozen: Arc<Frozen>,
    pub lease: Lease,
}

/// What of an entry was written; what was not, somebody else has taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    pub sent: bool,
    pub begun: bool,
}

impl Written {
    fn all_of(entry: &Entry) -> Self {
        Self { sent: entry.sent.is_some(), begun: entry.begun.is_some() }
    }

    fn of(entry: &Entry, sent: &[DeliveryId], begun: &[DeliveryId]) -> Self {
        Self {
            sent: entry.sent.is_some_and(|(row, _)| sent.contains(&row.id)),
            begun: entry.begun.as_ref().is_some_and(|next| begun.contains(&next.row.id)),
        }
    }
}

/// All that share a commit share what became of it.
type Answer = std::result::Result<Written, Arc<DbErr>>;
type Waiting = (Entry, oneshot::Sender<Answer>);

/// Where the senders of one process leave what is to be written.
#[derive(Debug, Clone, Default)]
pub struct Together(Arc<Desk>);

#[derive(Debug, Default)]
struct Desk {
    pile: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
    /// The stencils that are known to be kept, and the day for which that is noted.
    kept: Mutex<HashMap<Uuid, NaiveDate>>,
}

impl Together {
    /// Durable when it returns.
    pub async fn write(&self, db: &Database, entry: Entry) -> Result<Written> {
        let (tell, told) = oneshot::channel();
        let desk = &self.0;
        desk.pile.lock().unwrap_or_else(PoisonError::into_inner).push((entry, tell));
        // Who is answered while others write waits for no turn.
        match select(told, pin!(desk.turn.lock())).await {
            Either::Left((written, _)) => answered(written),
            Either::Right((turn, told)) => {
                let (desk, db_too) = (desk.clone(), db.clone());
                db.beside_writer(async move { desk.write_pile(&db_too).await }).await;
                drop(turn);
                answered(told.await)
            }
        }
    }
}

impl Desk {
    async fn write_pile(&self, db: &Database) {
        let pile = std::mem::take(&mut *self.pile.lock().unwrap_or_else(PoisonError::into_inner));
        if pile.is_empty() {
            return;
        }
        let (entries, waiting): (Vec<Entry>, Vec<_>) = pile.into_iter().unzip();
        let written = self.write_all(db, &entries).await.map_err(|error| Arc::new(lost(error)));
        for (at, tell) in waiting.into_iter().enumerate() {
            let _gone = tell.send(written.as_ref().map(|all| all[at]).map_err(Arc::clone));
        }
    }

    async fn write_all(&self, db: &Database, entries: &[Entry]) -> Result<Vec<Written>> {
        let sent: Vec<(Claimed, Now)> = entries.iter().filter_map(|entry| entry.sent).collect();
        let begun: Vec<&Begun> = entries.iter().filter_map(|entry| entry.begun.as_ref()).collect();
        let unknown = self.unknown(&begun);
        let all = Pile { sent: &sent, begun: &begun, unknown: &unknown };
        let written = match transact!(db, |tx| all.write(tx).await) {
            Ok(()) => entries.iter().map(Written::all_of).collect(),
            Err(NotAll::Store(error)) => return Err(error),
            Err(NotAll::SomeAreLost) => {
                let (sent, begun) = transact!(db, |tx| all.write_what_is_ours(tx).await)?;
                entries.iter().map(|entry| Written::of(entry, &sent, &begun)).collect()
            }
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(unknown.iter().map(|stencil| (stencil.id, stencil.used_at.date_naive())));
        Ok(written)
    }

    /// The stencils of these that may not be kept yet, or not be noted as used today.
    fn unknown(&self, begun: &[&Begun]) -> Vec<Arc<Stencil>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() > MOST_KNOWN {
            kept.clear();
        }
        let mut unknown: Vec<Arc<Stencil>> = Vec::new();
        for next in begun {
            if let Kept::Holes { stencil, .. } = &next.frozen.kept
                && kept.get(&stencil.id) != Some(&stencil.used_at.date_naive())
                && unknown.iter().all(|other| other.id != stencil.id)
            {
                unknown.push(stencil.clone());
            }
        }
        unknown
    }
}

/// So many stencils a process remembers to have kept.
const MOST_KNOWN: usize = 10_000;

fn answered(told: std::result::Result<Answer, oneshot::error::RecvError>) -> Result<Written> {
    told.map_err(|_| Error::Lost(Arc::new(stopped())))?.map_err(Error::Lost)
}

fn lost(error: Error) -> DbErr {
    match error {
        Error::Database(error) => error,
        other => DbErr::Custom(other.to_string()),
    }
}

/// Who wrote for all went away in the middle of it.
fn stopped() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("who wrote for the others was stopped".to_owned()))
}
