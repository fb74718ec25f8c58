//! Somebody pauses: the place is kept, and what would be sent is held.

use chrono::NaiveDate;

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::{Event, Refusal, Resuming, Standing},
        ids::EnrollmentId,
        pause::ends_between,
        window::Window,
    },
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Queued, Recipient},
        participants,
    },
};

use super::tell_coach::{BY_PARTICIPANT, tell_coach};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this place does not exist any more")]
    Unknown,
    #[error(transparent)]
    Standing(#[from] Refusal),
    #[error("a pause was possible until {0}")]
    TooLate(NaiveDate),
    #[error("a pause ends between {0} and {1}")]
    Day(NaiveDate, NaiveDate),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// How long, and how it ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// In the person's own zone; none: until they say so.
    pub resume_on: Option<NaiveDate>,
    pub resume_as: Resuming,
}

/// Begins a pause, or changes how the one that runs ends. Sessions stay in the calendar; lessons and reminders
/// stop. What was queued gives its key back: it comes with the catch-up, or later.
pub async fn pause(app: &App, id: EnrollmentId, wish: Wish) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let paused = transact!(app.db, |tx| {
        let before = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        cohorts::lock(tx, before.cohort_id).await?;
        let before = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        refuse_day(tx, &before, wish, now).await?;
        let paused = paused(tx, &before, wish, now).await?;
        if paused == before {
            return Ok(before);
        }
        if !enrollments::save(tx, before.standing, paused.clone()).await? {
            return Err(Refused::Unknown);
        }
        ledger::free_lessons(tx, paused.journey_id, "the person pauses", now.program).await?;
        let rows = vec![letter(tx, Occasion::Paused, &paused, now).await?.row(app.random.id(now.program), now)];
        ledger::enqueue(tx, rows).await?;
        if before.standing != paused.standing {
            tell_coach(app, tx, &paused, now).await?;
        }
        Ok::<_, Refused>(paused)
    })?;
    app.bell.notify_waiters();
    Ok(paused)
}

async fn refuse_day(tx: &Tx, before: &Enrollment, wish: Wish, now: Now) -> Result<(), Refused> {
    let person = participants::holding(tx, before.participant_id).await?.ok_or(Refused::Unknown)?;
    let (first, last) = ends_between(now.program, person.zone);
    match wish.resume_on {
        Some(on) if on < first || on > last => Err(Refused::Day(first, last)),
        Some(_) | None => Ok(()),
    }
}

/// A pause that runs may be changed at any time; a new one begins within the coach's window.
async fn paused(tx: &Tx, before: &Enrollment, wish: Wish, now: Now) -> Result<Enrollment, Refused> {
    let wished = Enrollment { resume_on: wish.resume_on, resume_as: wish.resume_as, ..before.clone() };
    if before.standing == Standing::Paused {
        return Ok(wished);
    }
    let standing = before.standing.after(Event::Pause)?;
    let cohort = cohorts::anywhere(tx, before.cohort_id).await?.ok_or(Refused::Unknown)?;
    let window = Window::until(cohort.pause_until_on, cohort.zone);
    if let Some(until) = window.until.filter(|_| !window.is_open(now.program)) {
        return Err(Refused::TooLate(until));
    }
    Ok(Enrollment {
        standing,
        paused_at: Some(now.program),
        changed_at: now.program,
        actor: BY_PARTICIPANT.to_owned(),
        reason: "pauses".to_owned(),
        ..wished
    })
}

/// A letter about the pause; the next generation, for somebody who pauses more than once.
pub(super) async fn letter(tx: &Tx, occasion: Occasion, of: &Enrollment, now: Now) -> store::Result<Queued> {
    let last = ledger::last_generation(tx, of.id.0, occasion, of.id.0).await?;
    Ok(Queued {
        subject: of.id.0,
        object: of.id.0,
        generation: last.map_or(0, |last| last + 1),
        enrollment: Some(of.id),
        cohort: Some(of.cohort_id),
        ..Queued::now(of.practice_id, occasion, Recipient::Participant(of.participant_id), now)
    })
}
