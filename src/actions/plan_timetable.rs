//! A cohort's timetable is computed anew, and put in place of what has not been released.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        schedule::LessonRule,
        timetable::{Course, Due, Meeting, Work, timetable},
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

/// What was due before now is not blasted out: it is written as released, and nobody gets it from here.
pub async fn plan_timetable(app: &App, tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<()> {
    let meetings = sessions::of_cohort(tx, cohort.id).await?;
    let rows = due_rows(tx, cohort, &meetings).await?;
    let rows = rows.into_iter().map(|due| row(app, cohort, &due, &meetings, now)).collect();
    store_timetable::replace(tx, cohort.id, rows, now.program).await?;
    follow_shifted(app, tx, cohort, now).await
}

async fn due_rows(tx: &Tx, cohort: &Cohort, meetings: &[SessionRow]) -> store::Result<Vec<Due>> {
    let weeks: Vec<Week> = cohorts::weeks_of(tx, cohort.id)
        .await?
        .into_iter()
        .map(|row| Week {
            number: u16::try_from(row.number).unwrap_or_default(),
            first_day: row.first_day,
            kind: row.kind,
        })
        .collect();
    let positions: Vec<u16> =
        cohorts::lessons_of(tx, cohort.id).await?.iter().filter_map(|row| u16::try_from(row.position).ok()).collect();
    let meetings: Vec<Meeting> =
        meetings.iter().map(|row| Meeting { id: row.id, starts_at: row.starts_at, state: row.state }).collect();
    let rule = LessonRule::parse(&cohort.lesson_rule).unwrap_or_default();
    let course = Course {
        zone: cohort.zone,
        starts_on: cohort.starts_on,
        weeks: &weeks,
        rule: &rule,
        lesson_clock: cohort.lesson_clock,
        positions: &positions,
        meetings: &meetings,
    };
    Ok(timetable(&course, &zones_present(tx, cohort).await?))
}

async fn zones_present(tx: &Tx, cohort: &Cohort) -> store::Result<Vec<Zone>> {
    let people: Vec<_> = enrollments::of_cohort(tx, cohort.id)
        .await?
        .into_iter()
        .filter(|enrollment| enrollment.standing.holds_seat())
        .map(|enrollment| enrollment.participant_id)
        .collect();
    let people = participants::with_ids(tx, cohort.practice_id, &people).await?;
    Ok(people.iter().map(|person| person.zone).collect::<BTreeSet<_>>().into_iter().collect())
}

fn row(app: &App, cohort: &Cohort, due: &Due, meetings: &[SessionRow], now: Now) -> TimetableRow {
    let released_at: Option<DateTime<Utc>> = (due.due_at <= now.program).then_some(now.program);
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
