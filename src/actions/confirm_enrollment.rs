//! The owner of the address confirms, or accepts an offered place: from here on they take part.

use chrono::{DateTime, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::{Event, Refusal, Seat, Standing},
        ids::EnrollmentId,
        people::CohortState,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Queued, Recipient},
        participants, sessions,
    },
};

use super::welcome::welcome;

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
    let outcome = transact!(app.db, |tx| {
        let (cohort, enrollment) = locked(tx, id).await?;
        participants::mark_confirmed(tx, enrollment.participant_id, now.real).await?;
        if matches!(
            enrollment.standing,
            Standing::Enrolled | Standing::Waitlisted | Standing::Paused | Standing::Completed
        ) {
            return Ok(enrollment);
        }
        refuse_over(tx, &cohort, now.program).await?;
        let seat = seat_for(tx, &cohort, &enrollment).await?;
        let held = if seat.is_some() { Seat::Held } else { Seat::None };
        let standing = enrollment.standing.after(Event::Confirm(held))?;
        let confirmed = Enrollment { seat, ..enrollment.clone() };
        settle(app, tx, &cohort, (&enrollment, confirmed), standing, now).await
    })?;
    app.bell.notify_waiters();
    Ok(outcome)
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
        let rows = vec![letter(Occasion::Waitlisted, &settled, now).row(app.random.id(now.program), now)];
        ledger::enqueue(tx, rows).await?;
    }
    Ok(settled)
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
