//! When does each lesson come to one person? With the cohort, or later by their own pauses.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Timing,
        delivery::{Occasion, State},
        enrollment::Standing,
        pause::shifted,
        timetable::LESSON_USEFUL,
        zone::Zone,
    },
    store::{
        self, Connection,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments::Enrollment,
        ledger::{self, Queued, Recipient},
        participants, plans,
        timetable::{self, TimetableRow},
    },
};

/// A lesson of the person's track with its time, as their own way has it.
#[derive(Debug, Clone)]
pub struct Own {
    pub lesson: CohortLesson,
    pub due_at: DateTime<Utc>,
    pub useful_until: DateTime<Utc>,
    /// The planner took it up already, whatever its time says.
    pub released: bool,
}

impl Own {
    #[must_use]
    pub fn is_out(&self, now: DateTime<Utc>) -> bool {
        self.due_at <= now || self.released
    }
}

/// Every lesson that is timed for this person, the first first.
pub async fn own_lessons(db: &impl Connection, cohort: &Cohort, enrollment: &Enrollment) -> store::Result<Vec<Own>> {
    let person = participants::holding(db, enrollment.participant_id).await?;
    let zone = person.map_or(cohort.zone, |person| person.zone);
    let rows = timetable::of_cohort(db, cohort.id).await?;
    let mut own: Vec<Own> = cohorts::lessons_of(db, cohort.id)
        .await?
        .into_iter()
        .filter(|lesson| is_for(lesson, enrollment))
        .filter_map(|lesson| {
            let row = rows.iter().find(|row| times(row, &lesson, zone)).cloned();
            let row = row.or_else(|| at_once(&lesson, &rows, zone))?;
            Some(timed(lesson, &row, enrollment.shift_days, cohort))
        })
        .collect();
    own.sort_by_key(|own| (own.due_at, own.lesson.position));
    Ok(own)
}

fn is_for(lesson: &CohortLesson, enrollment: &Enrollment) -> bool {
    let timed = match lesson.timing {
        Timing::Rule | Timing::Now | Timing::WithNext => true,
        Timing::Skipped | Timing::Removed => false,
    };
    timed && (lesson.track.is_empty() || lesson.track == enrollment.track)
}

fn times(row: &TimetableRow, lesson: &CohortLesson, zone: Zone) -> bool {
    is_for_clock(row, zone) && lesson.timing == Timing::Rule && row.position == lesson.position
}

fn is_for_clock(row: &TimetableRow, zone: Zone) -> bool {
    row.work == "lesson" && (row.zone.is_empty() || row.zone == zone.name())
}

/// What no firing times: it went out when it was added, or goes with the next, or with the last there was.
fn at_once(lesson: &CohortLesson, rows: &[TimetableRow], zone: Zone) -> Option<TimetableRow> {
    let mut here: Vec<&TimetableRow> = rows.iter().filter(|row| is_for_clock(row, zone)).collect();
    here.sort_by_key(|row| row.due_at);
    let next = here.iter().find(|row| row.released_at.is_none()).or(here.last()).copied()?;
    match lesson.timing {
        Timing::Rule | Timing::Skipped | Timing::Removed => None,
        Timing::WithNext => Some(next.clone()),
        Timing::Now => {
            let (due_at, released_at) = (lesson.changed_at, Some(lesson.changed_at));
            Some(TimetableRow { due_at, useful_until: due_at + LESSON_USEFUL, released_at, ..next.clone() })
        }
    }
}

fn timed(lesson: CohortLesson, row: &TimetableRow, days: i32, cohort: &Cohort) -> Own {
    // By whose clock the row was timed.
    let clock = Zone::parse(&row.zone).unwrap_or(cohort.zone);
    Own {
        lesson,
        due_at: shifted(row.due_at, days, clock),
        useful_until: shifted(row.useful_until, days, clock),
        released: days == 0 && row.released_at.is_some(),
    }
}

/// When the last lesson comes to this person: with *completed the day after the last session or lesson,
/// whichever is later*, the lesson that counts. `None` while nobody knows: the person pauses, or none is timed.
pub async fn last_lesson_at(
    db: &impl Connection,
    cohort: &Cohort,
    enrollment: &Enrollment,
) -> store::Result<Option<DateTime<Utc>>> {
    if enrollment.standing == Standing::Paused {
        return Ok(None);
    }
    Ok(own_lessons(db, cohort, enrollment).await?.last().map(|own| own.due_at))
}

/// A lesson as a row of this person's own, at its time.
#[must_use]
pub fn lesson_mail(enrollment: &Enrollment, own: &Own, now: Now) -> Queued {
    Queued {
        subject: enrollment.journey_id.0,
        object: own.lesson.lesson_id.0,
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        due_at: own.due_at,
        useful_until: Some(own.useful_until),
        ..Queued::now(enrollment.practice_id, Occasion::Lesson, Recipient::Participant(enrollment.participant_id), now)
    }
}

/// After every change of plan: those whose lessons come later by their own days follow with what is unsent. What
/// was added or timed before now goes out one a day at most, never in a burst. The caller holds the cohorts' locks.
pub async fn follow_shifted(app: &App, tx: &Tx, cohorts: &[&Cohort], now: Now) -> store::Result<()> {
    let ids: Vec<_> = cohorts.iter().map(|cohort| cohort.id).collect();
    for enrollment in plans::shifted(tx, &ids).await? {
        if let Some(cohort) = cohorts.iter().find(|cohort| cohort.id == enrollment.cohort_id) {
            queue_own(app, tx, cohort, &enrollment, now).await?;
        }
    }
    Ok(())
}

/// Queues, or times anew, every lesson of a shifted person that is still to come.
pub async fn queue_own(app: &App, tx: &Tx, cohort: &Cohort, enrollment: &Enrollment, now: Now) -> store::Result<()> {
    let held = ledger::lessons_of_journey(tx, enrollment.journey_id).await?;
    let own = own_lessons(tx, cohort, enrollment).await?;
    let mut late = 0;
    let mut rows = Vec::new();
    for mut lesson in own.iter().cloned() {
        let row = held.iter().find(|row| row.object_id == lesson.lesson.lesson_id.0);
        let waits = row.is_some_and(|row| row.state == State::Queued && row.due_at > now.program);
        if !waits && (row.is_some() || lesson.due_at <= now.program) {
            continue;
        }
        if lesson.due_at <= now.program {
            lesson.due_at = shifted(now.program, late, cohort.zone);
            lesson.useful_until = lesson.due_at + LESSON_USEFUL;
            late += 1;
        }
        match row {
            Some(row) => {
                ledger::retime(tx, row.id, lesson.due_at, Some(lesson.useful_until)).await?;
            }
            None => rows.push(lesson_mail(enrollment, &lesson, now).row(app.random.id(now.program), now)),
        }
    }
    // What is no lesson of theirs any more does not come.
    for row in held.iter().filter(|row| row.state == State::Queued && row.enrollment_id == Some(enrollment.id)) {
        if !own.iter().any(|own| own.lesson.lesson_id.0 == row.object_id) {
            ledger::free_lesson(tx, row, "no longer in the cohort", now.program).await?;
        }
    }
    ledger::enqueue(tx, rows).await?;
    Ok(())
}
