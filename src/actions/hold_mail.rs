//! After a restore nothing goes out, until somebody has looked at what may have gone out before.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::release_due::release_due;
use crate::{
    app::App,
    clock::Now,
    store::{
        self,
        database::{Database, Tx},
        ledger,
        silences::{self, Silence},
        timetable,
    },
    transact,
};

/// Puts aside whatever would go on by itself, and silences what comes. Returns how many emails it put aside.
/// The hold is named by its own instant: a second restore begins a new one.
pub async fn hold_restored(db: &Database, hold: &Silence) -> store::Result<u64> {
    let id = Uuid::from_u128(u128::from(hold.held_at.timestamp_micros().unsigned_abs()));
    transact!(db, |tx| {
        let held = ledger::hold_open(tx, &hold.reason(), hold.held_at).await?;
        silences::set(tx, id, hold).await?;
        Ok::<_, store::Error>(held)
    })
}

/// The same on a database that another tool restored.
pub async fn hold(app: &App, backup_of: DateTime<Utc>) -> store::Result<(Silence, u64)> {
    let hold = Silence { backup_of, held_at: app.clock.now().real };
    let held = hold_restored(&app.db, &hold).await?;
    Ok((hold, held))
}

/// What was due between the backup and the restore: it may have gone out, and the copy does not know.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MayHaveGone {
    pub emails: Vec<Email>,
    /// What the planner had not turned into emails yet.
    pub planned: Vec<Planned>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Email {
    pub delivery: String,
    pub occasion: &'static str,
    pub due_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    pub cohort: String,
    pub work: String,
    pub due_at: DateTime<Utc>,
}

impl MayHaveGone {
    pub async fn look(db: &Database, hold: &Silence) -> store::Result<Self> {
        let emails = ledger::may_have_gone(db.reader(), hold.held_at).await?;
        let planned = timetable::due(db.reader(), hold.held_at, MOST).await?;
        Ok(Self {
            emails: emails.iter().map(email).collect(),
            planned: planned
                .into_iter()
                .map(|row| Planned { cohort: row.cohort_id.to_string(), work: row.work, due_at: row.due_at })
                .collect(),
        })
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.emails.is_empty() && self.planned.is_empty()
    }
}

/// More than a list that anybody reads.
const MOST: u64 = 100_000;

fn email(row: &ledger::Delivery) -> Email {
    Email { delivery: row.id.to_string(), occasion: row.occasion.as_str(), due_at: row.due_at }
}

/// How it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Everything goes out, at the risk that somebody has it twice.
    All,
    /// What was due until then does not go out again; everything later does.
    DueAfter(DateTime<Utc>),
    /// What may have gone out before the restore does not go out again.
    SkipDoubtful,
}

/// How many emails were given up, and how many are in the queue again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LetGo {
    pub skipped: u64,
    pub queued: u64,
}

/// Lifts the hold. `None`: there was none.
pub async fn let_go(app: &App, choice: Choice) -> store::Result<Option<LetGo>> {
    // What was due and not planned yet must be there to be chosen from; nothing goes out meanwhile.
    while silences::find(app.db.reader()).await?.is_some() && release_due(app).await? > 0 {}
    let now = app.clock.now();
    let id = app.random.uuid(now.real);
    let outcome = transact!(app.db, |tx| lift(tx, id, choice, now).await)?;
    app.bell.notify_waiters();
    Ok(outcome)
}

async fn lift(tx: &Tx, id: Uuid, choice: Choice, now: Now) -> store::Result<Option<LetGo>> {
    let Some(hold) = silences::find(tx).await? else { return Ok(None) };
    let until = match choice {
        Choice::All => None,
        Choice::DueAfter(until) => Some(until),
        Choice::SkipDoubtful => Some(hold.held_at),
    };
    let skipped = match until {
        Some(until) => ledger::skip_doubtful(tx, until, now.program).await?,
        None => 0,
    };
    let queued = ledger::let_go(tx, now.real, now.program).await?;
    silences::lift(tx, id, now.real).await?;
    Ok(Some(LetGo { skipped, queued }))
}
