//! A coach moves, cancels or restores a session. People and calendars hear of it ten minutes later, in one
//! message for all changes made meanwhile; at once when the session is less than a day away.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Late,
        ids::{PracticeId, SessionId},
        session::{BadLength, SessionState, Slot, length},
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
        invites,
        sessions::{self, SessionRow},
    },
};

use super::plan_timetable::replan;

/// How long undo, and further changes, have before anybody is told.
pub const WAIT: TimeDelta = TimeDelta::minutes(10);
/// Closer than this, nobody can wait.
const SOON: TimeDelta = TimeDelta::hours(24);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Move { date: NaiveDate, time: NaiveTime, minutes: u16 },
    Cancel,
    Restore,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this session does not exist")]
    Unknown,
    #[error("this session is over: it can no longer be changed")]
    Over,
    #[error("this is in the past: choose a time that is still to come")]
    Past,
    #[error("this session is canceled: restore it first")]
    Canceled,
    #[error("somebody changed this session since you opened the page: look at it again")]
    Changed,
    #[error(transparent)]
    Length(#[from] BadLength),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Which session, as which version the coach saw it, and who the coach is.
#[derive(Debug, Clone)]
pub struct Target {
    pub practice: PracticeId,
    pub session: SessionId,
    pub version: i32,
    pub actor: String,
}

/// Applies the change; returns when people will be told.
pub async fn change_schedule(app: &App, target: &Target, change: &Change) -> Result<DateTime<Utc>, Refused> {
    let now = app.clock.now();
    let tell_at = transact!(app.db, |tx| {
        let session = sessions::find(tx, target.practice, target.session).await?.ok_or(Refused::Unknown)?;
        cohorts::lock(tx, session.cohort_id).await?;
        let session = sessions::find(tx, target.practice, target.session).await?.ok_or(Refused::Unknown)?;
        if session.version != target.version {
            return Err(Refused::Changed);
        }
        let told = invites::told_canceled(tx, session.id, session.generation).await?;
        let changed = restored(changed(&session, change, now)?, &session, told);
        sessions::save(tx, changed.clone()).await?;
        let cohort = cohorts::anywhere(tx, session.cohort_id).await?.ok_or(Refused::Unknown)?;
        replan(app, tx, &cohort, Late::Skip, now).await?;
        let tell_at = tell_at(&cohort, &session, &changed, now.program);
        cohorts::tell_changes_at(tx, cohort.id, Some(tell_at)).await?;
        note(app, tx, target, change, now).await?;
        Ok(tell_at)
    })?;
    app.bell.notify_waiters();
    Ok(tell_at)
}

fn changed(session: &SessionRow, change: &Change, now: Now) -> Result<SessionRow, Refused> {
    if session.ends_at <= now.program {
        return Err(Refused::Over);
    }
    let next = SessionRow { version: session.version + 1, changed_at: now.program, ..session.clone() };
    match change {
        Change::Move { .. } if session.state == SessionState::Canceled => Err(Refused::Canceled),
        Change::Move { date, time, minutes } => {
            let slot = Slot { date: *date, time: *time, zone: session.zone, minutes: length(*minutes)? };
            if slot.starts_at() <= now.program {
                return Err(Refused::Past);
            }
            Ok(SessionRow {
                local_date: slot.date,
                local_time: slot.time,
                minutes: i32::from(slot.minutes),
                starts_at: slot.starts_at(),
                ends_at: slot.ends_at(),
                ..next
            })
        }
        Change::Cancel => Ok(SessionRow { state: SessionState::Canceled, ..next }),
        Change::Restore => Ok(SessionRow { state: SessionState::Planned, ..next }),
    }
}

/// Whether people are told at once: the session was, or will be, less than a day away.
#[must_use]
pub fn is_urgent(before: DateTime<Utc>, after: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    before.min(after) - now < SOON
}

/// A new generation only where somebody heard of the cancellation: their calendar removed the entry, and gets
/// another with its own UID. What nobody heard of is simply undone.
fn restored(changed: SessionRow, before: &SessionRow, told_canceled: bool) -> SessionRow {
    let comes_back = before.state == SessionState::Canceled && changed.state == SessionState::Planned;
    let generation = changed.generation + i32::from(comes_back && told_canceled);
    SessionRow { generation, ..changed }
}

fn tell_at(cohort: &Cohort, before: &SessionRow, after: &SessionRow, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = if is_urgent(before.starts_at, after.starts_at, now) { TimeDelta::zero() } else { WAIT };
    // A further change starts the wait anew, unless something urgent already waits.
    match cohort.tell_changes_at {
        Some(earlier) if earlier <= now => earlier,
        _ => now + wait,
    }
}

async fn note(app: &App, tx: &Tx, target: &Target, change: &Change, now: Now) -> store::Result<()> {
    let act = match change {
        Change::Move { .. } => "session moved",
        Change::Cancel => "session canceled",
        Change::Restore => "session restored",
    };
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id: target.practice,
        act: act.to_owned(),
        actor: target.actor.clone(),
        subject: target.session.to_string(),
        detail: String::new(),
        made_at: now.real,
    };
    audits::note(tx, audit).await
}
