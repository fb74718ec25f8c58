//! Somebody does not want the place that is held for them: the next person is offered it at once.

use crate::transact;
use crate::{
    app::App,
    domain::{
        enrollment::{Event, Refusal, Standing},
        ids::EnrollmentId,
    },
    store::{
        self, cohorts,
        enrollments::{self, Enrollment},
    },
};

use super::fill_seats::fill_seats;

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

/// Declining twice is declining once; what was taken is not given up by an old link.
pub async fn decline_place(app: &App, id: EnrollmentId) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let declined = transact!(app.db, |tx| {
        let held = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        cohorts::lock(tx, held.cohort_id).await?;
        let held = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        if matches!(held.standing, Standing::Declined | Standing::Lapsed) {
            return Ok(held);
        }
        let declined = Enrollment {
            standing: held.standing.after(Event::DeclineOffer)?,
            seat: None,
            hold_until: None,
            left_at: Some(now.program),
            changed_at: now.program,
            actor: "participant".to_owned(),
            reason: "did not want the place".to_owned(),
            ..held.clone()
        };
        enrollments::save(tx, held.standing, declined.clone()).await?;
        if held.seat.is_some() {
            cohorts::give_seat_back(tx, held.cohort_id).await?;
        }
        fill_seats(app, tx, held.cohort_id, now).await?;
        Ok::<_, Refused>(declined)
    })?;
    app.bell.notify_waiters();
    Ok(declined)
}
