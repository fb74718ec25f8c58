//! A rehearsal's clock is run, held, stepped and sent ahead; and what is due next is found.
//!
//! The clock goes nowhere without passing every due instant: at each it stands still until all mail of that
//! instant has left.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{enrollment::Standing, session::SessionState, zone::Zone},
    store::{
        self,
        cohorts::{self, Cohort},
        enrollments, ledger, practices, sessions,
        timetable::{self, TimetableRow},
    },
    transact,
};

use super::resume::next_end;

/// What a person does to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Run,
    Pause,
    /// To the next due instant, and stand there.
    Step,
    /// Here without the time between; then as before.
    To(DateTime<Utc>),
    /// Program seconds a real second.
    Speed(u32),
}

pub async fn turn(app: &App, turn: Turn) -> store::Result<()> {
    let step_to = match turn {
        Turn::Step => coming(app).await?.first().map(|coming| coming.at),
        Turn::Run | Turn::Pause | Turn::To(_) | Turn::Speed(_) => None,
    };
    // Nothing is written, but the form counts: a day later twice is not two days later.
    transact!(app.db, |_tx| Ok::<_, store::Error>(()))?;
    app.clock.turn(|time| match turn {
        Turn::Run => (time.is_paused, time.goal) = (false, None),
        Turn::Pause => (time.is_paused, time.goal) = (true, None),
        Turn::Step => (time.is_paused, time.goal) = (true, step_to),
        Turn::To(at) => time.goal = Some(at),
        Turn::Speed(speed) => time.speed = speed,
    });
    app.bell.notify_waiters();
    Ok(())
}

/// Something that will happen by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    pub at: DateTime<Utc>,
    /// On whose clock it is shown.
    pub zone: Zone,
    /// Such as `lesson 2, 12 people`.
    pub what: String,
}

/// What is ahead, the nearest first.
pub async fn coming(app: &App) -> store::Result<Vec<Coming>> {
    let (db, now) = (app.db.reader(), app.clock.now().program);
    let mut ahead = Vec::new();
    for practice in practices::on_this_installation(db).await? {
        for cohort in cohorts::of_practice(db, practice.id).await? {
            let people = enrollments::count_in(db, cohort.id, Standing::Enrolled).await?;
            let rows = timetable::of_cohort(db, cohort.id).await?;
            let open = rows.into_iter().filter(|row| row.released_at.is_none() && row.due_at > now);
            ahead.extend(open.map(|row| Coming { at: row.due_at, zone: cohort.zone, what: in_words(&row, people) }));
            let told = cohort.tell_changes_at.filter(|at| *at > now);
            ahead.extend(told.map(|at| Coming {
                at,
                zone: cohort.zone,
                what: "people hear of the changed schedule".to_owned(),
            }));
        }
    }
    ahead.sort_by_key(|coming| coming.at);
    Ok(ahead)
}

fn in_words(row: &TimetableRow, people: u64) -> String {
    let what = match row.work.as_str() {
        "lesson" => format!("lesson {}", row.position),
        "reminder_day" => "the reminder a day before the session".to_owned(),
        _ => "the reminder an hour before the session".to_owned(),
    };
    match (row.zone.is_empty(), people) {
        (false, _) => format!("{what}, people in {}", row.zone),
        (true, 0) => format!("{what}, nobody yet"),
        (true, 1) => format!("{what}, 1 person"),
        (true, _) => format!("{what}, {people} people"),
    }
}

/// Whether everything that is due has been released, and all of its mail has come to an end.
pub async fn is_settled(app: &App, now: Now) -> store::Result<bool> {
    // In this order: what is released meanwhile is in the ledger by the time that is asked.
    Ok(!is_due(app, now).await? && ledger::count_open(app.db.reader(), now.program).await? == 0)
}

/// Whether something waits for the planner.
pub async fn is_due(app: &App, now: Now) -> store::Result<bool> {
    let db = app.db.reader();
    let planned = timetable::next_due(db).await?.into_iter().chain(cohorts::next_telling(db).await?);
    let nearest = planned.chain(next_end(app).await?).min();
    Ok(nearest.is_some_and(|at| at <= now.program))
}

/// The next instant at which something is due; meant for when all that was due has settled.
pub async fn next_instant(app: &App, now: Now) -> store::Result<Option<DateTime<Utc>>> {
    let db = app.db.reader();
    let planned = timetable::next_due(db).await?.into_iter().chain(cohorts::next_telling(db).await?);
    Ok(planned.chain(next_end(app).await?).chain(ledger::next_instant(db, now.program).await?).min())
}

/// When the last session of all is over.
pub async fn end(app: &App) -> store::Result<Option<DateTime<Utc>>> {
    let mut last = None;
    for cohort in every_cohort(app).await? {
        let meetings = sessions::of_cohort(app.db.reader(), cohort.id).await?;
        let planned = meetings.iter().filter(|meeting| meeting.state == SessionState::Planned);
        last = last.max(planned.map(|meeting| meeting.ends_at).max());
    }
    Ok(last)
}

/// Whose clock a rehearsal shows: that of its first cohort.
pub async fn zone(app: &App) -> store::Result<Zone> {
    Ok(every_cohort(app).await?.first().map_or(Zone::utc(), |cohort| cohort.zone))
}

async fn every_cohort(app: &App) -> store::Result<Vec<Cohort>> {
    let db = app.db.reader();
    let mut all = Vec::new();
    for practice in practices::on_this_installation(db).await? {
        all.extend(cohorts::of_practice(db, practice.id).await?);
    }
    Ok(all)
}
