//! How does the database get the schedule that was planned?

use chrono::{DateTime, Utc};

use super::read::Known;
use crate::{
    app::App,
    clock::Now,
    domain::{
        plan::{Schedule, Session},
        session::SessionState,
        week::Week,
    },
    store::{
        self,
        cohorts::{self, Cohort, WeekRow},
        database::Tx,
        invites,
        sessions::{self, SessionRow},
    },
};

/// Writes it, and returns the cohort and the schedule as they now are: sessions that were made have their ids.
pub(super) async fn write(
    app: &App,
    tx: &Tx,
    known: &Known,
    after: &Schedule,
    now: Now,
) -> store::Result<(Cohort, Schedule)> {
    let cohort = Cohort {
        zone: after.zone,
        starts_on: after.starts_on,
        weekday: after.weekday.to_string().to_lowercase(),
        session_time: after.time,
        session_minutes: i32::from(after.minutes),
        changed_at: now.program,
        ..known.cohort.clone()
    };
    cohorts::save(tx, cohort.clone()).await?;
    if after.weeks != known.schedule.weeks {
        let rows = after.weeks.iter().map(|week| week_row(app, &cohort, week, now)).collect();
        cohorts::set_weeks(tx, cohort.id, rows).await?;
    }
    let mut written = Schedule { sessions: Vec::new(), ..after.clone() };
    for session in &after.sessions {
        let session = match known.rows.iter().find(|row| row.id == session.id) {
            Some(row) => {
                save(tx, row, session, now.program).await?;
                session.clone()
            }
            None => make(app, tx, &cohort, session, now).await?,
        };
        written.sessions.push(session);
    }
    Ok((cohort, written.sorted()))
}

fn week_row(app: &App, cohort: &Cohort, week: &Week, now: Now) -> WeekRow {
    WeekRow {
        id: app.random.id(now.real),
        practice_id: cohort.practice_id,
        cohort_id: cohort.id,
        number: i32::from(week.number),
        first_day: week.first_day,
        kind: week.kind,
    }
}

/// Its version counts up, so that reminders follow; what did not change is not touched.
async fn save(tx: &Tx, row: &SessionRow, session: &Session, now: DateTime<Utc>) -> store::Result<()> {
    let slot = session.slot;
    let next = SessionRow {
        ordinal: i32::from(session.ordinal),
        week: i32::from(session.week),
        minutes: i32::from(slot.minutes),
        title: session.title.clone(),
        zone: slot.zone,
        local_date: slot.date,
        local_time: slot.time,
        starts_at: slot.starts_at(),
        ends_at: slot.ends_at(),
        state: session.state,
        ..row.clone()
    };
    if next == *row {
        return Ok(());
    }
    let told = invites::told_canceled(tx, row.id, row.generation).await?;
    // Its week alone may have another number: nobody is reminded anew of that.
    let is_seen = (next.starts_at, next.ends_at, next.state) != (row.starts_at, row.ends_at, row.state);
    let next = SessionRow { version: row.version + i32::from(is_seen), changed_at: now, ..next };
    sessions::save(tx, restored(next, row, told)).await
}

/// A new generation only where somebody heard of the cancellation: their calendar removed the entry, and gets
/// another with its own UID. What nobody heard of is simply undone.
fn restored(changed: SessionRow, before: &SessionRow, told_canceled: bool) -> SessionRow {
    let comes_back = before.state == SessionState::Canceled && changed.state == SessionState::Planned;
    let generation = changed.generation + i32::from(comes_back && told_canceled);
    SessionRow { generation, ..changed }
}

async fn make(app: &App, tx: &Tx, cohort: &Cohort, session: &Session, now: Now) -> store::Result<Session> {
    let made = Session { id: app.random.id(now.real), ..session.clone() };
    let row = SessionRow {
        id: made.id,
        practice_id: cohort.practice_id,
        cohort_id: cohort.id,
        ordinal: i32::from(made.ordinal),
        week: i32::from(made.week),
        minutes: i32::from(made.slot.minutes),
        generation: 0,
        version: 0,
        title: made.title.clone(),
        zone: made.slot.zone,
        local_date: made.slot.date,
        local_time: made.slot.time,
        starts_at: made.slot.starts_at(),
        ends_at: made.slot.ends_at(),
        changed_at: now.program,
        state: made.state,
    };
    sessions::create_all(tx, vec![row]).await?;
    Ok(made)
}

/// Sessions that an undone change had made: nobody was told of them, and where somebody was after all (who
/// enrolled meanwhile), they are canceled.
pub(super) async fn unmake(tx: &Tx, known: &Known, was: &Schedule, now: DateTime<Utc>) -> store::Result<()> {
    for row in known.rows.iter().filter(|row| was.session(row.id).is_none()) {
        if invites::is_known(tx, row.id).await? {
            let version = row.version + 1;
            let canceled = SessionRow { state: SessionState::Canceled, version, changed_at: now, ..row.clone() };
            sessions::save(tx, canceled).await?;
        } else {
            sessions::forget(tx, row.id).await?;
        }
    }
    Ok(())
}
