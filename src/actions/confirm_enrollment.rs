//! The owner of the address confirms, or accepts an offered place: from here on they take part.

use chrono::{DateTime, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::{Occasion, State},
        enrollment::{Event, Refusal, Seat, Standing},
        ids::EnrollmentId,
        people::CohortState,
        schedule::LessonClock,
    },
    store::{
        self,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Delivery, Queued, Recipient},
        participants, sessions, timetable,
    },
};

use super::{couples, fill_seats::fill_seats, plan_timetable::plan_timetable, tell_calendars::tell_calendar};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this enrollment does not exist any more")]
    Unknown,
    #[error("this group has ended")]
    Over,
    #[error(transparent)]
    Standing(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Confirms the address. Twice is once: who is enrolled or waitlisted already stays so.
pub async fn confirm_enrollment(app: &App, id: EnrollmentId) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let outcome = transact!(app.db, |tx| confirm_within(app, tx, id, now).await)?;
    app.bell.notify_waiters();
    Ok(outcome)
}

/// The same inside somebody's transaction. Who comes as one of two gets a seat with the other, or waits.
pub(super) async fn confirm_within(app: &App, tx: &Tx, id: EnrollmentId, now: Now) -> Result<Enrollment, Refused> {
    let (cohort, enrollment) = locked(tx, id).await?;
    participants::mark_confirmed(tx, enrollment.participant_id, now.real).await?;
    if matches!(enrollment.standing, Standing::Enrolled | Standing::Waitlisted | Standing::Paused | Standing::Completed)
    {
        return Ok(enrollment);
    }
    refuse_over(tx, &cohort, now.program).await?;
    let seat = seat_for(tx, &cohort, &enrollment).await?;
    let seat = couples::seat_for_pair(tx, &cohort, &enrollment, seat).await?;
    let held = if seat.is_some() { Seat::Held } else { Seat::None };
    let standing = enrollment.standing.after(Event::Confirm(held))?;
    let confirmed = Enrollment { seat, ..enrollment.clone() };
    let settled = settle(app, tx, &cohort, (&enrollment, confirmed), standing, now).await?;
    couples::ask_partner(app, tx, &cohort, &settled, now).await?;
    if enrollment.seat.is_some() && settled.seat.is_none() {
        fill_seats(app, tx, cohort.id, now).await?;
    }
    Ok(settled)
}

/// Accepts an offered place while it is held.
pub async fn accept_offer(app: &App, id: EnrollmentId) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let outcome = transact!(app.db, |tx| {
        let (cohort, enrollment) = locked(tx, id).await?;
        if enrollment.standing == Standing::Enrolled {
            return Ok(enrollment);
        }
        let standing = enrollment.standing.after(Event::Enroll)?;
        settle(app, tx, &cohort, (&enrollment, enrollment.clone()), standing, now).await
    })?;
    app.bell.notify_waiters();
    Ok(outcome)
}

async fn locked(tx: &Tx, id: EnrollmentId) -> Result<(Cohort, Enrollment), Refused> {
    let enrollment = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, enrollment.cohort_id).await?;
    let enrollment = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
    let cohort = cohorts::anywhere(tx, enrollment.cohort_id).await?.ok_or(Refused::Unknown)?;
    Ok((cohort, enrollment))
}

/// A link may be older than the group.
async fn refuse_over(tx: &Tx, cohort: &Cohort, now: DateTime<Utc>) -> Result<(), Refused> {
    let last = sessions::of_cohort(tx, cohort.id).await?.into_iter().map(|session| session.ends_at).max();
    if last.is_some_and(|last| last <= now) { Err(Refused::Over) } else { Ok(()) }
}

/// The seat it holds, else a free one that nobody waits for; none once the coach closed the doors.
async fn seat_for(tx: &Tx, cohort: &Cohort, enrollment: &Enrollment) -> store::Result<Option<i32>> {
    if enrollment.seat.is_some() {
        return Ok(enrollment.seat);
    }
    if cohort.state != CohortState::Open || enrollments::first_waiting(tx, cohort.id).await?.is_some() {
        return Ok(None);
    }
    cohorts::take_seat(tx, cohort.id).await
}

async fn settle(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    change: (&Enrollment, Enrollment),
    standing: Standing,
    now: Now,
) -> Result<Enrollment, Refused> {
    let (before, after) = change;
    let settled = Enrollment {
        standing,
        hold_until: None,
        confirmed_at: Some(now.real),
        changed_at: now.program,
        actor: "participant".to_owned(),
        reason: "confirmed by mail".to_owned(),
        ..after
    };
    if !enrollments::save(tx, before.standing, settled.clone()).await? {
        return Err(Refused::Unknown);
    }
    if standing == Standing::Enrolled {
        welcome(app, tx, cohort, &settled, now).await?;
    } else {
        let occasion = couples::waitlist_letter(tx, &settled).await?;
        let rows = vec![letter(occasion, &settled, now).row(app.random.id(now.program), now)];
        ledger::enqueue(tx, rows).await?;
    }
    Ok(settled)
}

/// Everything a new participant gets: the welcome, the calendar entries, and what was missed.
pub async fn welcome(app: &App, tx: &Tx, cohort: &Cohort, enrollment: &Enrollment, now: Now) -> store::Result<()> {
    if cohort.lesson_clock == LessonClock::Participant {
        plan_timetable(app, tx, cohort, now).await?;
    }
    let mut rows = vec![letter(Occasion::Welcome, enrollment, now).row(app.random.id(now.program), now)];
    let missed = missed_lessons(tx, cohort, enrollment, now.program).await?;
    if !missed.is_empty() {
        let catch_up = Queued {
            subject: enrollment.journey_id.0,
            object: cohort.id.0,
            useful_until: None,
            params: serde_json::json!({ "lessons": missed.iter().map(|lesson| lesson.id).collect::<Vec<_>>() }),
            ..letter(Occasion::CatchUp, enrollment, now)
        };
        rows.push(catch_up.row(app.random.id(now.program), now));
        rows.extend(missed.iter().map(|lesson| came_with_catch_up(app, enrollment, lesson, now)));
    }
    ledger::enqueue(tx, rows).await?;
    tell_calendar(app, tx, enrollment, now).await?;
    Ok(())
}

fn letter(occasion: Occasion, enrollment: &Enrollment, now: Now) -> Queued {
    Queued {
        subject: enrollment.id.0,
        object: enrollment.id.0,
        generation: i32::try_from(now.real.timestamp() / 60).unwrap_or(i32::MAX),
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        ..Queued::now(enrollment.practice_id, occasion, Recipient::Participant(enrollment.participant_id), now)
    }
}

/// The lessons of this person's track that went out before they came.
async fn missed_lessons(
    tx: &Tx,
    cohort: &Cohort,
    enrollment: &Enrollment,
    now: DateTime<Utc>,
) -> store::Result<Vec<CohortLesson>> {
    let person = participants::holding(tx, enrollment.participant_id).await?;
    let zone = person.map(|person| person.zone.name().to_owned()).unwrap_or_default();
    let gone: Vec<i32> = timetable::of_cohort(tx, cohort.id)
        .await?
        .into_iter()
        .filter(|row| {
            row.work == "lesson"
                && (row.due_at <= now || row.released_at.is_some())
                && (row.zone.is_empty() || row.zone == zone)
        })
        .map(|row| row.position)
        .collect();
    let lessons = cohorts::lessons_of(tx, cohort.id).await?;
    let mine = |lesson: &CohortLesson| lesson.track.is_empty() || lesson.track == enrollment.track;
    Ok(lessons.into_iter().filter(|lesson| gone.contains(&lesson.position) && mine(lesson)).collect())
}

/// Keeps the key, so that no later release or move sends the lesson again.
fn came_with_catch_up(app: &App, enrollment: &Enrollment, lesson: &CohortLesson, now: Now) -> Delivery {
    let queued = Queued {
        subject: enrollment.journey_id.0,
        object: lesson.lesson_id.0,
        generation: 0,
        ..letter(Occasion::Lesson, enrollment, now)
    };
    let reason = Some("came with the catch-up mail".to_owned());
    Delivery { state: State::Skipped, reason, ..queued.row(app.random.id(now.program), now) }
}
