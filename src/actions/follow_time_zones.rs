//! New time zone data came with this version: what was to come at a local time comes at the instant that shows it now.
//!
//! Once for each new version of the data, for everything that is still to come. Calendars and people hear of a session
//! whose instant moved as they hear of any change.

use std::collections::BTreeSet;

use crate::{
    app::App,
    clock::Now,
    domain::{
        ids::{CohortId, PracticeId},
        people::CohortState,
        session::Slot,
        zone::Zone,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
        plans,
        sessions::{self, SessionRow},
        settings,
    },
    transact,
};

use super::{change_schedule::WAIT, plan_timetable::plan_timetables};

/// For the whole installation, so under no practice's id.
const OURS: PracticeId = PracticeId(uuid::Uuid::nil());
/// By which version of the data everything was computed last, such as `2026b`.
pub const NAME: &str = "time_zones";
/// So many cohorts are planned in one transaction: those who wait for it wait for less than half a second.
const TOGETHER: usize = 250;

/// Returns how many sessions moved. Where versions run side by side, the newer data counts.
pub async fn follow_time_zones(app: &App) -> store::Result<usize> {
    let (now, ours) = (app.clock.now(), Zone::version());
    let last = settings::get(app.db.reader(), OURS, NAME).await?;
    if last.is_some_and(|last| last.as_str() >= ours) {
        return Ok(0);
    }
    let ahead = plans::with_something_to_come(app.db.reader(), now.program).await?;
    let mut moved = 0;
    for ids in ahead.chunks(TOGETHER) {
        moved += transact!(aside app.db, |tx| follow(app, tx, ids, now).await)?;
    }
    transact!(aside app.db, |tx| settings::set(tx, app.random.uuid(now.real), (OURS, NAME), ours, now.real).await)?;
    if moved > 0 {
        tracing::warn!(version = ours, moved, "time zones changed: sessions have other instants, and people are told");
        app.bell.notify_waiters();
    }
    Ok(moved)
}

async fn follow(app: &App, tx: &Tx, ids: &[CohortId], now: Now) -> store::Result<usize> {
    let mut locked = cohorts::lock_all(tx, ids).await?;
    let (mut count, mut told) = (0, BTreeSet::new());
    for session in sessions::to_come(tx, ids, now.program).await? {
        let slot = slot(&session);
        let (starts_at, ends_at) = (slot.starts_at(), slot.ends_at());
        if (starts_at, ends_at) == (session.starts_at, session.ends_at) {
            continue;
        }
        told.insert(session.cohort_id);
        count += 1;
        let version = session.version + 1;
        sessions::save(tx, SessionRow { starts_at, ends_at, version, changed_at: now.program, ..session }).await?;
    }
    // A draft sends nothing and has no timetable.
    locked.retain(|cohort| cohort.state != CohortState::Draft);
    plan_timetables(app, tx, &locked, now).await?;
    for cohort in locked.iter().filter(|cohort| told.contains(&cohort.id)) {
        tell(tx, cohort, now).await?;
    }
    Ok(count)
}

/// Unless something is told sooner: then it is told with that.
async fn tell(tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<()> {
    let soon = now.program + WAIT;
    let at = cohort.tell_changes_at.map_or(soon, |sooner| sooner.min(soon));
    cohorts::tell_changes_at(tx, cohort.id, Some(at)).await
}

fn slot(row: &SessionRow) -> Slot {
    let minutes = u16::try_from(row.minutes).unwrap_or_default();
    Slot { date: row.local_date, time: row.local_time, zone: row.zone, minutes }
}
