//! Whose way through a cohort is over? The day after the last session or lesson, whichever is later; and of a
//! cohort that does not take place, whoever chose nothing in time.

use chrono::{DateTime, Days, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        enrollment::{Event, Standing, completes_at},
        pause,
    },
    store::{
        self, Connection,
        cohorts::{self, Cohort},
        database::Tx,
        decisions,
        enrollments::{self, Enrollment},
        sessions, timetable,
    },
};

use super::{
    call_off::{self, choose_by},
    own_lessons::last_lesson_at,
    release_due::told_apart,
};

/// Looks at the cohorts without a session to come. Returns how many people are done. Cheap when nobody is: the
/// worker calls it now and then.
pub async fn complete_people(app: &App) -> store::Result<usize> {
    let now = app.clock.now();
    let mut done = 0;
    for cohort in decisions::without_sessions_to_come(app.db.reader(), now.program).await? {
        for enrollment in due(app.db.reader(), &cohort, now).await? {
            let outcome = complete_one(app, &cohort, &enrollment, now).await;
            done += usize::from(told_apart("somebody who is done", outcome));
        }
    }
    if done > 0 {
        app.bell.notify_waiters();
    }
    Ok(done)
}

async fn complete_one(app: &App, cohort: &Cohort, enrollment: &Enrollment, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| {
        cohorts::lock(tx, cohort.id).await?;
        // What was true a moment ago is asked again under the lock.
        let Some(cohort) = cohorts::anywhere(tx, cohort.id).await? else { return Ok(false) };
        let still = due(tx, &cohort, now).await?.into_iter().find(|still| still.id == enrollment.id);
        let Some(enrollment) = still else { return Ok(false) };
        if cohort.decision.is_off() {
            call_off::end(tx, &enrollment, Event::Leave, "Trellis", now).await?;
            return Ok(true);
        }
        complete(tx, &enrollment, now).await
    })
}

async fn complete(tx: &Tx, before: &Enrollment, now: Now) -> store::Result<bool> {
    let Ok(standing) = before.standing.after(Event::Complete) else { return Ok(false) };
    let completed = Enrollment {
        standing,
        seat: None,
        hold_until: None,
        resume_on: None,
        completed_at: Some(now.program),
        changed_at: now.program,
        actor: "Trellis".to_owned(),
        reason: "the last session and the last lesson are over".to_owned(),
        ..before.clone()
    };
    enrollments::save(tx, before.standing, completed).await?;
    if before.seat.is_some() {
        cohorts::give_seat_back(tx, before.cohort_id).await?;
    }
    Ok(true)
}

/// Those in a cohort whose time has come.
async fn due(db: &impl Connection, cohort: &Cohort, now: Now) -> store::Result<Vec<Enrollment>> {
    let mut people = enrollments::of_cohort(db, cohort.id).await?;
    people.retain(|enrollment| matches!(enrollment.standing, Standing::Enrolled | Standing::Paused));
    if cohort.decision.is_off() {
        return Ok(if choose_by(cohort, now.program) <= now.program { people } else { Vec::new() });
    }
    let session = sessions::last_end(db, cohort.id).await?;
    let mut done = Vec::new();
    for enrollment in people {
        let last = session.max(last_lesson(db, cohort, &enrollment).await?);
        // Who pauses may still go on, also after the end; but not for ever.
        let wait = if enrollment.standing == Standing::Paused { pause::LONGEST } else { 0 };
        if last.is_some_and(|last| completes_at(last, cohort.zone) + Days::new(wait) <= now.program) {
            done.push(enrollment);
        }
    }
    Ok(done)
}

/// Whose lessons follow later, by the length of a pause, has later a last one.
async fn last_lesson(
    db: &impl Connection,
    cohort: &Cohort,
    enrollment: &Enrollment,
) -> store::Result<Option<DateTime<Utc>>> {
    if enrollment.standing == Standing::Enrolled {
        return last_lesson_at(db, cohort, enrollment).await;
    }
    let rows = timetable::of_cohort(db, cohort.id).await?.into_iter();
    Ok(rows.filter(|row| row.work == "lesson").map(|row| row.due_at).max())
}
