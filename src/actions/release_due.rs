//! What is due becomes mail: lessons, reminders, changes to tell; and what else the planner looks after.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::Standing,
        ids::CohortId,
        plan::{Schedule, breaks_changed},
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
        due::{self, ForPlanner, Until},
        enrollments::{self, Enrollment},
        ledger::{self, Manner, Queued, Recipient, Release},
        plans, programs, schedule_changes,
        timetable::{self, TimetableRow},
    },
};

use super::{
    couples::expire::expire_couples,
    let_go::let_go,
    release_lessons::release_lessons,
    remind_holds::remind_holds,
    resume::{day_begun, end_pauses},
    tell_calendars::{invite_further, tell_calendar},
    tell_numbers::{BEFORE, tell_numbers},
    tell_together::{Breaks, tell_together, unheard},
};

/// One look at the timetable. Returns how many rows were released; two planners at once are harmless.
pub async fn release_due(app: &App) -> store::Result<usize> {
    let (began, now) = (Instant::now(), app.clock.now());
    let until = Until { now, resume_on: day_begun(now), decided_before: now.program + BEFORE };
    let found = due::for_planner(app.db.reader(), until).await?;
    let released = work_off(app, found, now).await?;
    if released > 0 {
        app.bell.notify_waiters();
    }
    app.metrics.looked(began.elapsed(), now.real);
    Ok(released)
}

/// What was found; and once something was done, whatever comes after it, which may have become due by that.
async fn work_off(app: &App, found: ForPlanner, now: Now) -> store::Result<usize> {
    let mut released = 0;
    if found.timetable {
        for row in timetable::due(app.db.reader(), now.program, 200).await? {
            let outcome = release_one(app, &row, now).await;
            released += usize::from(told_apart("a row of the timetable", outcome));
        }
    }
    if found.changes || released > 0 {
        for cohort in cohorts::with_changes_to_tell(app.db.reader(), now.program).await? {
            let outcome = tell_one(app, cohort.id, now).await;
            released += usize::from(told_apart("a change of schedule", outcome));
        }
    }
    if found.couples || released > 0 {
        released += expire_couples(app, now).await?;
    }
    if found.pauses || released > 0 {
        released += end_pauses(app).await?;
    }
    if found.holds || released > 0 {
        released += let_go(app, now).await?;
    }
    if found.reminders || released > 0 {
        released += remind_holds(app, now).await?;
    }
    if found.numbers || released > 0 {
        released += tell_numbers(app, now).await?;
    }
    Ok(released)
}

/// One that fails must not keep the others waiting; it is looked at again with the next tick.
pub(super) fn told_apart(what: &str, outcome: store::Result<bool>) -> bool {
    outcome.unwrap_or_else(|error| {
        tracing::error!(%error, "{what} could not be worked off; the others go on");
        false
    })
}

async fn release_one(app: &App, row: &TimetableRow, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| {
        let released = release_row(tx, row, now).await?;
        // An hour before each session, the next invite follows where they come a few at a time.
        if released && row.work == "reminder_hour" && few_at_a_time(tx, row.cohort_id).await? {
            invite_further(app, tx, row.cohort_id, now).await?;
        }
        Ok(released)
    })
}

async fn few_at_a_time(tx: &Tx, id: CohortId) -> store::Result<bool> {
    let Some(cohort) = cohorts::anywhere(tx, id).await? else { return Ok(false) };
    let program = programs::find(tx, cohort.practice_id, cohort.program_id).await?;
    Ok(program.is_some_and(|program| program.content.0.invites_ahead > 0))
}

async fn tell_one(app: &App, cohort: CohortId, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| tell_changes(app, tx, cohort, now).await)?;
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
    let Some(due_at) = cohort.tell_changes_at.filter(|at| *at <= now.program) else {
        return Ok(());
    };
    let breaks = breaks(tx, &cohort, due_at, now).await?;
    cohorts::tell_changes_at(tx, id, None).await?;
    let unheard = unheard(tx, id).await?;
    for enrollment in enrollments::of_cohort(tx, id).await? {
        if !matches!(enrollment.standing, Standing::Enrolled | Standing::Paused) {
            continue;
        }
        let changes = tell_calendar(app, tx, &enrollment, now).await?;
        if changes.is_empty() {
            continue;
        }
        let (changes, breaks) = tell_together(tx, (&unheard, enrollment.id), (changes, &breaks), now).await?;
        if !changes.is_empty() {
            let last = changes.iter().filter_map(|change| change.is.or(change.was)).map(|(_, ends_at)| ends_at).max();
            let mail = schedule_changed(&enrollment, (cohort.version, last), (&changes, &breaks), now);
            ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
        }
    }
    Ok(())
}

/// Breaks that came and went since people were told the last time.
async fn breaks(tx: &Tx, cohort: &Cohort, due_at: DateTime<Utc>, now: Now) -> store::Result<Breaks> {
    let told = schedule_changes::told_from(tx, cohort.id, due_at).await?;
    let was: Option<Schedule> = told.last().and_then(|first| serde_json::from_str(&first.was).ok());
    let today = cohort.zone.local(now.program).date();
    let Some(was) = was else { return Ok(Breaks::default()) };
    let weeks: Vec<_> = plans::weeks(tx, &[cohort.id]).await?.into_iter().map(|(_, week)| week).collect();
    Ok(breaks_changed(&was.weeks, &weeks, today))
}

fn schedule_changed(
    enrollment: &Enrollment,
    about: (i32, Option<DateTime<Utc>>),
    news: (&[super::tell_calendars::Change], &Breaks),
    now: Now,
) -> Queued {
    let ((version, useful_until), (changes, breaks)) = (about, news);
    Queued {
        subject: enrollment.id.0,
        object: enrollment.cohort_id.0,
        generation: version,
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        useful_until,
        params: serde_json::json!({ "changes": changes, "breaks": breaks }),
        ..Queued::now(
            enrollment.practice_id,
            Occasion::ScheduleChanged,
            Recipient::Participant(enrollment.participant_id),
            now,
        )
    }
}
