//! A coach changes the schedule: the plan is shown first, then applied if it is still true, and can be undone
//! for ten minutes. Then people and calendars hear of it, in one message for all changes made meanwhile; at
//! once when a session is less than a day away.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::{
    read::{Known, read},
    write::{unmake, write},
};
use super::plan_timetable::replan;
use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        ids::{CohortId, PracticeId},
        people::CohortState,
        plan::{Change, Plan, Refusal, Schedule, plan},
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
        schedule_changes::{self, ScheduleChange},
    },
};

pub mod read;
mod write;

/// How long undo, and further changes, have before anybody is told.
pub const WAIT: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("something changed since you looked at the plan: look at it again")]
    Changed,
    #[error(transparent)]
    Plan(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

#[derive(Debug, thiserror::Error)]
pub enum CannotUndo {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("this change was undone before")]
    Before,
    #[error("people have been told already: make another change instead")]
    Told,
    #[error("the schedule was changed again since: undo the later change first")]
    NotTheLast,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(CannotUndo);

/// Which cohort, and who the coach is.
#[derive(Debug, Clone)]
pub struct Target {
    pub practice: PracticeId,
    pub cohort: CohortId,
    pub actor: String,
}

/// What the change would do, and the schedule as it is. Nothing is written.
pub async fn look(app: &App, target: &Target, change: &Change) -> Result<(Known, Plan), Refused> {
    let now = app.clock.now().program;
    let known = look_at(app, target).await?;
    let plan = plan(&known.schedule, &known.facts(), change, now)?;
    Ok((known, plan))
}

/// The schedule as it is.
pub async fn look_at(app: &App, target: &Target) -> Result<Known, Refused> {
    let now = app.clock.now().program;
    read(app.db.reader(), target.practice, target.cohort, now).await?.ok_or(Refused::Unknown)
}

/// Applies the change if the plan is still the one that was looked at; returns when people will be told.
pub async fn change_schedule(
    app: &App,
    target: &Target,
    change: &Change,
    looked_at: &str,
) -> Result<DateTime<Utc>, Refused> {
    let now = app.clock.now();
    let tell_at = transact!(app.db, |tx| {
        let known = locked(tx, target, now).await?.ok_or(Refused::Unknown)?;
        let plan = match plan(&known.schedule, &known.facts(), change, now.program) {
            Ok(plan) if plan.fingerprint == looked_at => plan,
            Ok(_) => return Err(Refused::Changed),
            Err(refusal) => return Err(refusal.into()),
        };
        let (cohort, became) = write(app, tx, &known, &plan.after, now).await?;
        let tell_at = tell_at(&cohort, plan.at_once, now.program);
        if cohort.state != CohortState::Draft {
            replan(app, tx, &cohort, now.program, now).await?;
            cohorts::tell_changes_at(tx, cohort.id, Some(tell_at)).await?;
        }
        schedule_changes::tell_together(tx, cohort.id, now.program, tell_at).await?;
        let row = row(app, (target, &plan.summary), [&known.schedule, &became], now);
        let made_at = made_at(tx, cohort.id, now.program).await?;
        schedule_changes::create(tx, ScheduleChange { made_at, tell_at, ..row }).await?;
        note(app, tx, target, ("schedule changed", &plan.summary), now).await?;
        Ok::<_, Refused>(tell_at)
    })?;
    app.bell.notify_waiters();
    Ok(tell_at)
}

/// Looked at before it is locked, so that a stranger's id locks nothing.
async fn locked(tx: &Tx, target: &Target, now: Now) -> store::Result<Option<Known>> {
    if cohorts::find(tx, target.practice, target.cohort).await?.is_none() {
        return Ok(None);
    }
    cohorts::lock(tx, target.cohort).await?;
    read(tx, target.practice, target.cohort, now.program).await
}

/// A further change starts the wait anew, unless something urgent already waits.
fn tell_at(cohort: &Cohort, at_once: bool, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = if at_once { TimeDelta::zero() } else { WAIT };
    match cohort.tell_changes_at {
        Some(earlier) if earlier <= now => earlier,
        Some(_) | None => now + wait,
    }
}

/// Now, but after the change before it, also where the clock of a rehearsal stands still.
async fn made_at(tx: &Tx, cohort: CohortId, now: DateTime<Utc>) -> store::Result<DateTime<Utc>> {
    let last = schedule_changes::last_of(tx, cohort).await?;
    Ok(last.map_or(now, |last| now.max(last.made_at + TimeDelta::microseconds(1))))
}

fn row(app: &App, made: (&Target, &str), schedules: [&Schedule; 2], now: Now) -> ScheduleChange {
    let (target, summary) = made;
    let [was, became] = schedules.map(|schedule| serde_json::to_string(schedule).expect("plain values"));
    ScheduleChange {
        id: app.random.uuid(now.real),
        practice_id: target.practice,
        cohort_id: target.cohort,
        actor: target.actor.clone(),
        summary: summary.to_owned(),
        was,
        became,
        made_at: now.program,
        tell_at: now.program,
        undone_at: None,
    }
}

/// Puts the schedule back as it was before the last change. Nobody was told, so nobody hears of it.
pub async fn undo_change(app: &App, target: &Target, id: Uuid) -> Result<(), CannotUndo> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let known = locked(tx, target, now).await?.ok_or(CannotUndo::Unknown)?;
        let change = schedule_changes::last_of(tx, target.cohort).await?.ok_or(CannotUndo::Before)?;
        if change.id != id {
            return Err(why_not(tx, target, id).await?);
        }
        let waits = known.cohort.state == CohortState::Draft || known.cohort.tell_changes_at.is_some();
        if change.tell_at <= now.program || !waits {
            return Err(CannotUndo::Told);
        }
        let was: Schedule = serde_json::from_str(&change.was).map_err(|_| CannotUndo::NotTheLast)?;
        let became: Schedule = serde_json::from_str(&change.became).map_err(|_| CannotUndo::NotTheLast)?;
        if became != known.schedule {
            return Err(CannotUndo::NotTheLast);
        }
        let (cohort, _) = write(app, tx, &known, &was, now).await?;
        unmake(tx, &known, &was, now.program).await?;
        if cohort.state != CohortState::Draft {
            // What came due while the change stood goes out now, as it would have without it. When to tell
            // stays set: whoever enrolled meanwhile knows the other dates.
            replan(app, tx, &cohort, change.made_at, now).await?;
        }
        schedule_changes::mark_undone(tx, change.id, now.program).await?;
        note(app, tx, target, ("change of schedule undone", &change.summary), now).await?;
        Ok::<_, CannotUndo>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

async fn why_not(tx: &Tx, target: &Target, id: Uuid) -> store::Result<CannotUndo> {
    let standing = schedule_changes::told_from(tx, target.cohort, DateTime::UNIX_EPOCH).await?;
    Ok(if standing.iter().any(|change| change.id == id) { CannotUndo::NotTheLast } else { CannotUndo::Before })
}

async fn note(app: &App, tx: &Tx, target: &Target, did: (&str, &str), now: Now) -> store::Result<()> {
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id: target.practice,
        act: did.0.to_owned(),
        actor: target.actor.clone(),
        subject: target.cohort.to_string(),
        detail: did.1.to_owned(),
        made_at: now.real,
    };
    audits::note(tx, audit).await
}
