//! A cohort's timetable is computed anew, and put in place of what has not been released.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        schedule::{LessonClock, LessonTiming},
        timetable::{
            Course, Due, Meeting, Work,
            history::{History, Known},
            timetable,
        },
        week::Week,
        zone::Zone,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
        enrollments, participants,
        sessions::{self, SessionRow},
        timetable::{self as store_timetable, TimetableRow},
    },
};

use super::own_lessons::follow_shifted;

/// Somebody came, or the cohort opened: the schedule is as it was. What was due before now is not blasted
/// out: it is written as released, and nobody gets it from here. A zone that is new follows the others.
pub async fn plan_timetable(app: &App, tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<()> {
    let rows = store_timetable::of_cohort(tx, cohort.id).await?;
    let known = known(&rows, now.program);
    let since = (!known.is_empty()).then_some(now.program);
    write(app, tx, cohort, (&History { known, since }, now.program, now)).await
}

/// The schedule changed: what is out stays, and all that is not takes its place under the new one. Firings up
/// to `since` are over; what an undo finds due after it goes out at once, as if nothing had happened.
pub async fn replan(app: &App, tx: &Tx, cohort: &Cohort, since: DateTime<Utc>, now: Now) -> store::Result<()> {
    let rows = store_timetable::of_cohort(tx, cohort.id).await?;
    let history = History { known: out(&rows, now.program), since: Some(since) };
    write(app, tx, cohort, (&history, since, now)).await
}

/// Lessons that are out: released, or due and only waiting for the planner to look.
pub(super) fn out(rows: &[TimetableRow], now: DateTime<Utc>) -> Vec<Known> {
    known(rows, now).into_iter().filter(|known| known.is_out).collect()
}

fn known(rows: &[TimetableRow], now: DateTime<Utc>) -> Vec<Known> {
    let lessons = rows.iter().filter(|row| row.work == "lesson");
    lessons
        .map(|row| Known {
            position: u16::try_from(row.position).unwrap_or_default(),
            zone: Zone::parse(&row.zone).ok(),
            due_at: row.due_at,
            is_out: row.released_at.is_some() || row.due_at <= now,
        })
        .collect()
}

async fn write(app: &App, tx: &Tx, cohort: &Cohort, of: (&History, DateTime<Utc>, Now)) -> store::Result<()> {
    let (history, since, now) = of;
    let meetings = sessions::of_cohort(tx, cohort.id).await?;
    let rows = due_rows(tx, cohort, &meetings, history).await?;
    let rows = rows.into_iter().map(|due| row(app, cohort, &due, &meetings, (since, now))).collect();
    store_timetable::replace(tx, cohort.id, rows, now.program).await?;
    follow_shifted(app, tx, cohort, now).await
}

async fn due_rows(tx: &Tx, cohort: &Cohort, meetings: &[SessionRow], history: &History) -> store::Result<Vec<Due>> {
    let weeks = weeks_of(tx, cohort).await?;
    let positions = positions_of(tx, cohort).await?;
    let meetings: Vec<Meeting> = meetings
        .iter()
        .map(|row| Meeting {
            id: row.id,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            state: row.state,
            is_extra: row.week == 0,
        })
        .collect();
    let rule = LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default();
    let course = Course {
        zone: cohort.zone,
        starts_on: cohort.starts_on,
        weeks: &weeks,
        rule: &rule,
        lesson_clock: cohort.lesson_clock,
        positions: &positions,
        meetings: &meetings,
    };
    Ok(timetable(&course, &zones_present(tx, cohort).await?, history))
}

pub(super) async fn weeks_of(tx: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<Week>> {
    let rows = cohorts::weeks_of(tx, cohort.id).await?;
    let number = |number: i32| u16::try_from(number).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| Week { number: number(row.number), first_day: row.first_day, kind: row.kind })
        .collect())
}

/// Of the lessons that the timetable times.
pub(super) async fn positions_of(tx: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<u16>> {
    let lessons = cohorts::lessons_of(tx, cohort.id).await?;
    Ok(lessons.iter().filter_map(|row| u16::try_from(row.position).ok()).collect())
}

/// The zones of those who take part. The cohort's own is always among them: it remembers what is out where
/// nobody takes part yet.
pub(super) async fn zones_present(tx: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<Zone>> {
    if cohort.lesson_clock == LessonClock::Cohort {
        return Ok(Vec::new());
    }
    let people: Vec<_> = enrollments::of_cohort(tx, cohort.id)
        .await?
        .into_iter()
        .filter(|enrollment| enrollment.standing.holds_seat())
        .map(|enrollment| enrollment.participant_id)
        .collect();
    let people = participants::with_ids(tx, cohort.practice_id, &people).await?;
    let zones = people.iter().map(|person| person.zone).chain([cohort.zone]);
    Ok(zones.collect::<BTreeSet<_>>().into_iter().collect())
}

fn row(app: &App, cohort: &Cohort, due: &Due, meetings: &[SessionRow], at: (DateTime<Utc>, Now)) -> TimetableRow {
    let (since, now) = at;
    let released_at: Option<DateTime<Utc>> = (due.due_at <= since).then_some(now.program);
    TimetableRow {
        id: app.random.id(now.program),
        practice_id: cohort.practice_id,
        cohort_id: cohort.id,
        work: due.work.as_str().to_owned(),
        object: object(due.work, meetings),
        zone: due.zone.map(|zone| zone.name().to_owned()).unwrap_or_default(),
        position: due.work.position().map(i32::from).unwrap_or_default(),
        session_id: due.work.session(),
        due_at: due.due_at,
        useful_until: due.useful_until,
        released_at,
    }
}

/// What the row is about. A session that moved is reminded of anew, so its version is part of it.
fn object(work: Work, meetings: &[SessionRow]) -> String {
    match work {
        Work::Lesson { position } => format!("lesson/{position}"),
        Work::ReminderDay { session } | Work::ReminderHour { session } => {
            let version = meetings.iter().find(|row| row.id == session).map_or(0, |row| row.version);
            format!("session/{session}/{version}")
        }
    }
}
