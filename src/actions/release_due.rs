//! What is due becomes mail: lessons, reminders, changes to tell; and holds that ran out let go.

use chrono::{DateTime, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::{Event, Standing},
        ids::CohortId,
    },
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Manner, Queued, Recipient, Release},
        timetable::{self, TimetableRow},
    },
};

use super::{fill_seats::fill_seats, release_lessons::release_lessons, tell_calendars::tell_calendar};

/// One look at the timetable. Returns how many rows were released; two planners at once are harmless.
pub async fn release_due(app: &App) -> store::Result<usize> {
    let now = app.clock.now();
    let mut released = 0;
    for row in timetable::due(app.db.reader(), now.program, 200).await? {
        let outcome = release_one(app, &row, now).await;
        released += usize::from(told_apart("a row of the timetable", outcome));
    }
    for cohort in cohorts::with_changes_to_tell(app.db.reader(), now.program).await? {
        let outcome = tell_one(app, cohort.id, now).await;
        released += usize::from(told_apart("a change of schedule", outcome));
    }
    for held in enrollments::with_hold_over(app.db.reader(), now.real).await? {
        let outcome = let_one_go(app, &held, now).await;
        released += usize::from(told_apart("a hold that ran out", outcome));
    }
    if released > 0 {
        app.bell.notify_waiters();
    }
    Ok(released)
}

/// One that fails must not keep the others waiting; it is looked at again with the next tick.
fn told_apart(what: &str, outcome: store::Result<bool>) -> bool {
    outcome.unwrap_or_else(|error| {
        tracing::error!(%error, "{what} could not be worked off; the others go on");
        false
    })
}

async fn release_one(app: &App, row: &TimetableRow, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| release_row(tx, row, now).await)
}

async fn tell_one(app: &App, cohort: CohortId, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| tell_changes(app, tx, cohort, now).await)?;
    Ok(true)
}

async fn let_one_go(app: &App, held: &Enrollment, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| let_go(app, tx, held, now).await)?;
    Ok(true)
}

/// The insert and the mark are one transaction: a crash between them cannot lose or double anything.
async fn release_row(tx: &Tx, row: &TimetableRow, now: Now) -> store::Result<bool> {
    cohorts::lock(tx, row.cohort_id).await?;
    if !timetable::mark_released(tx, row.id, now.program).await? {
        return Ok(false);
    }
    let release = |occasion, object, generation| Release {
        cohort: row.cohort_id,
        occasion,
        object,
        generation,
        track: String::new(),
        zone: row.zone.clone(),
        due_at: row.due_at,
        useful_until: row.useful_until,
        manner: Manner::Alone { also: Vec::new() },
    };
    match (row.work.as_str(), row.session_id) {
        ("lesson", _) => release_lessons(tx, row, now).await?,
        (work, Some(session)) => {
            let occasion = if work == "reminder_day" { Occasion::ReminderDay } else { Occasion::ReminderHour };
            let version = row.object.rsplit('/').next().and_then(|version| version.parse().ok()).unwrap_or_default();
            ledger::release(tx, &release(occasion, session.0, version), now).await?;
        }
        _ => {}
    }
    Ok(true)
}

/// One consolidated mail a person, and one message a calendar entry.
async fn tell_changes(app: &App, tx: &Tx, id: CohortId, now: Now) -> store::Result<()> {
    cohorts::lock(tx, id).await?;
    let Some(cohort) = cohorts::anywhere(tx, id).await? else {
        return Ok(());
    };
    if cohort.tell_changes_at.is_none_or(|at| at > now.program) {
        return Ok(());
    }
    cohorts::tell_changes_at(tx, id, None).await?;
    for enrollment in enrollments::of_cohort(tx, id).await? {
        if !matches!(enrollment.standing, Standing::Enrolled | Standing::Paused) {
            continue;
        }
        let changes = tell_calendar(app, tx, &enrollment, now).await?;
        if !changes.is_empty() {
            let last = changes.iter().filter_map(|change| change.is.or(change.was)).map(|(_, ends_at)| ends_at).max();
            let mail = schedule_changed(&enrollment, cohort.version, &changes, last, now);
            ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
        }
    }
    Ok(())
}

fn schedule_changed(
    enrollment: &Enrollment,
    version: i32,
    changes: &[super::tell_calendars::Change],
    useful_until: Option<DateTime<Utc>>,
    now: Now,
) -> Queued {
    Queued {
        subject: enrollment.id.0,
        object: enrollment.cohort_id.0,
        generation: version,
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        useful_until,
        params: serde_json::json!({ "changes": changes }),
        ..Queued::now(
            enrollment.practice_id,
            Occasion::ScheduleChanged,
            Recipient::Participant(enrollment.participant_id),
            now,
        )
    }
}

/// Nobody confirmed or accepted in time: the seat goes to the next in line.
async fn let_go(app: &App, tx: &Tx, held: &Enrollment, now: Now) -> store::Result<()> {
    cohorts::lock(tx, held.cohort_id).await?;
    let Some(held) = enrollments::holding(tx, held.id).await? else {
        return Ok(());
    };
    let over = held.hold_until.is_some_and(|until| until <= now.real);
    let (true, Ok(standing)) = (over, held.standing.after(Event::Expire)) else {
        return Ok(());
    };
    let lapsed = Enrollment {
        standing,
        seat: None,
        hold_until: None,
        changed_at: now.program,
        actor: "Trellis".to_owned(),
        reason: "not confirmed in time".to_owned(),
        ..held.clone()
    };
    enrollments::save(tx, held.standing, lapsed).await?;
    if held.seat.is_some() {
        cohorts::give_seat_back(tx, held.cohort_id).await?;
    }
    fill_seats(app, tx, held.cohort_id, now).await
}
