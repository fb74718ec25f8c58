//! A pause ends: the person goes on with the group, or where they stopped.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::{Event, Refusal, Resuming, Standing},
        ids::EnrollmentId,
        pause::{days_between, ends_at},
        schedule::LessonClock,
        timetable::LESSON_USEFUL,
    },
    store::{
        self,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger, participants,
    },
};

use super::{
    catch_up::{Since, catch_up, send_together, still_to_come},
    own_lessons::{Own, lesson_mail, queue_own},
    pause::letter,
    plan_timetable::plan_timetable,
    tell_calendars::tell_calendar,
    tell_coach::{BY_ITSELF, BY_PARTICIPANT, tell_coach},
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this place does not exist any more")]
    Unknown,
    #[error(transparent)]
    Standing(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// The person ends their pause. Who takes part already goes on taking part.
pub async fn resume(app: &App, id: EnrollmentId, how: Resuming) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let resumed = transact!(app.db, |tx| {
        let before = locked(tx, id).await?;
        if before.standing == Standing::Enrolled {
            return Ok(before);
        }
        go_on(app, tx, &before, (how, BY_PARTICIPANT), now).await
    })?;
    app.bell.notify_waiters();
    Ok(resumed)
}

/// Pauses whose day has come end by themselves, each in a transaction of its own. Returns how many.
pub async fn end_pauses(app: &App) -> store::Result<usize> {
    let now = app.clock.now();
    let mut ended = 0;
    for paused in enrollments::to_resume(app.db.reader(), day_begun(now)).await? {
        match end_one(app, &paused, now).await {
            Ok(true) => ended += 1,
            Ok(false) | Err(Refused::Unknown | Refused::Standing(_)) => {}
            Err(Refused::Store(error)) => {
                tracing::error!(%error, "a pause could not be ended; the others go on");
            }
        }
    }
    if ended > 0 {
        app.bell.notify_waiters();
    }
    Ok(ended)
}

/// East of everywhere this day has begun already.
pub(super) fn day_begun(now: Now) -> NaiveDate {
    (now.program + TimeDelta::hours(15)).date_naive()
}

async fn end_one(app: &App, paused: &Enrollment, now: Now) -> Result<bool, Refused> {
    if ends(app, paused).await?.is_none_or(|at| at > now.program) {
        return Ok(false);
    }
    transact!(app.db, |tx| {
        let before = locked(tx, paused.id).await?;
        if before.resume_on != paused.resume_on || before.standing != Standing::Paused {
            return Ok(false);
        }
        go_on(app, tx, &before, (before.resume_as, BY_ITSELF), now).await?;
        Ok::<_, Refused>(true)
    })
}

async fn ends(app: &App, paused: &Enrollment) -> store::Result<Option<DateTime<Utc>>> {
    let person = participants::holding(app.db.reader(), paused.participant_id).await?;
    Ok(person.zip(paused.resume_on).map(|(person, on)| ends_at(on, person.zone)))
}

/// When the next pause ends by itself.
pub async fn next_end(app: &App) -> store::Result<Option<DateTime<Utc>>> {
    let mut next: Option<DateTime<Utc>> = None;
    if let Some(first) = enrollments::first_to_resume(app.db.reader()).await? {
        for paused in enrollments::to_resume(app.db.reader(), first + TimeDelta::days(1)).await? {
            next = next.into_iter().chain(ends(app, &paused).await?).min();
        }
    }
    Ok(next)
}

async fn locked(tx: &Tx, id: EnrollmentId) -> Result<Enrollment, Refused> {
    let before = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, before.cohort_id).await?;
    enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)
}

/// `how`, and in whose name.
async fn go_on(
    app: &App,
    tx: &Tx,
    before: &Enrollment,
    (how, actor): (Resuming, &str),
    now: Now,
) -> Result<Enrollment, Refused> {
    let cohort = cohorts::anywhere(tx, before.cohort_id).await?.ok_or(Refused::Unknown)?;
    let shift_days = match how {
        Resuming::Rejoin => 0,
        Resuming::Shift => before.shift_days + length(tx, &cohort, before, now).await?,
    };
    let resumed = Enrollment {
        standing: before.standing.after(Event::Resume)?,
        shift_days,
        paused_at: None,
        resume_on: None,
        resume_as: Resuming::Rejoin,
        changed_at: now.program,
        actor: actor.to_owned(),
        reason: format!("resumed as {how}"),
        ..before.clone()
    };
    if !enrollments::save(tx, before.standing, resumed.clone()).await? {
        return Err(Refused::Unknown);
    }
    ledger::free_lessons(tx, resumed.journey_id, "the pause is over", now.program).await?;
    if cohort.lesson_clock == LessonClock::Participant {
        plan_timetable(app, tx, &cohort, now).await?;
    }
    let caught_up = match how {
        Resuming::Rejoin => catch_up(app, tx, (&cohort, &resumed), Since::Paused, now).await?,
        Resuming::Shift => shift(app, tx, &cohort, &resumed, now).await?,
    };
    if caught_up.is_empty() {
        let rows = vec![letter(tx, Occasion::Resumed, &resumed, now).await?.row(app.random.id(now.program), now)];
        ledger::enqueue(tx, rows).await?;
    }
    // Nothing was taken out meanwhile; what was canceled or moved is told as to everybody else.
    tell_calendar(app, tx, &resumed, now).await?;
    tell_coach(app, tx, &resumed, now).await?;
    Ok(resumed)
}

async fn length(tx: &Tx, cohort: &Cohort, before: &Enrollment, now: Now) -> store::Result<i32> {
    let clock = match cohort.lesson_clock {
        LessonClock::Cohort => cohort.zone,
        LessonClock::Participant => {
            participants::holding(tx, before.participant_id).await?.map_or(cohort.zone, |person| person.zone)
        }
    };
    Ok(before.paused_at.map_or(0, |paused_at| days_between(paused_at, now.program, clock)))
}

/// What is due even so goes out now: one lesson as itself, several together in one mail. The rest follows by the
/// person's own days.
async fn shift(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    resumed: &Enrollment,
    now: Now,
) -> store::Result<Vec<CohortLesson>> {
    let due: Vec<Own> =
        still_to_come(tx, cohort, resumed).await?.into_iter().filter(|own| own.is_out(now.program)).collect();
    let mut together = Vec::new();
    match due.as_slice() {
        [] => {}
        [one] => {
            let own = Own { due_at: now.program, useful_until: now.program + LESSON_USEFUL, ..one.clone() };
            let rows = vec![lesson_mail(resumed, &own, now).row(app.random.id(now.program), now)];
            ledger::enqueue(tx, rows).await?;
        }
        [_, _, ..] => {
            together = due.into_iter().map(|own| own.lesson).collect();
            send_together(app, tx, resumed, (&together, Since::Paused), now).await?;
        }
    }
    // A pause of less than a day shifts nothing: the rest comes with everybody else's.
    if resumed.shift_days > 0 {
        queue_own(app, tx, cohort, resumed, now).await?;
    }
    Ok(together)
}
