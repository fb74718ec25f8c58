//! Somebody leaves, or is removed: mail stops at once, the calendar is cleared, the seat moves on.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::{Event, Refusal, Standing},
        ids::EnrollmentId,
        people::Who,
    },
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        ledger, logins,
    },
};

use super::{
    fill_seats::fill_seats,
    place_letters::{about_place, write_another},
    tell_calendars::tell_calendar,
    tell_coach::tell_coach,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this enrollment does not exist any more")]
    Unknown,
    #[error(transparent)]
    Standing(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Who ends it, and in whose name it is written down.
#[derive(Debug, Clone)]
pub enum By {
    Participant,
    Coach(String),
}

/// Ends an enrollment. Ending it twice is ending it once.
pub async fn leave(app: &App, id: EnrollmentId, by: &By) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let left = transact!(app.db, |tx| {
        let before = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        cohorts::lock(tx, before.cohort_id).await?;
        let before = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        if matches!(before.standing, Standing::Withdrawn | Standing::Removed | Standing::Declined | Standing::Lapsed) {
            return Ok(before);
        }
        let took_part = before.standing.takes_part() || before.standing == Standing::Paused;
        let left = end(tx, &before, by, now).await?;
        ledger::cancel_waiting(tx, id, "left the cohort", now.program).await?;
        // Should they come back, what they never got is not lost.
        ledger::free_lessons(tx, left.journey_id, "left the cohort", now.program).await?;
        tell_calendar(app, tx, &left, now).await?;
        if took_part {
            write_another(app, tx, about_place(Occasion::Left, &left, now), now).await?;
            tell_coach(app, tx, &left, now).await?;
        }
        logins::end_all_of(tx, Who::Participant, left.participant_id.0).await?;
        fill_seats(app, tx, left.cohort_id, now).await?;
        Ok::<_, Refused>(left)
    })?;
    app.bell.notify_waiters();
    Ok(left)
}

async fn end(tx: &Tx, before: &Enrollment, by: &By, now: Now) -> Result<Enrollment, Refused> {
    let (event, actor, reason) = match by {
        By::Participant => (Event::Leave, "participant", "left"),
        By::Coach(name) => (Event::Remove, name.as_str(), "removed by the coach"),
    };
    let standing = before.standing.after(event)?;
    let left = Enrollment {
        standing,
        seat: None,
        hold_until: None,
        // Should they come back, they begin with everybody else.
        paused_at: None,
        resume_on: None,
        shift_days: 0,
        left_at: Some(now.program),
        changed_at: now.program,
        actor: actor.to_owned(),
        reason: reason.to_owned(),
        ..before.clone()
    };
    if !enrollments::save(tx, before.standing, left.clone()).await? {
        return Err(Refused::Unknown);
    }
    if before.seat.is_some() {
        cohorts::give_seat_back(tx, before.cohort_id).await?;
    }
    Ok(left)
}
