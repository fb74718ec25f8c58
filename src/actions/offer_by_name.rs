//! A coach offers a place to somebody who waits, by name: past the others, over the limit if need be.

use crate::transact;
use crate::{
    app::App,
    domain::{
        enrollment::{Event, Refusal},
        ids::{EnrollmentId, PracticeId},
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts,
        enrollments::{self, Enrollment},
    },
};

use super::{
    add_person::WhenFull,
    fill_seats::{is_over, offer},
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this person does not wait here any more")]
    Unknown,
    #[error("this person does not wait any more")]
    NotWaiting(#[from] Refusal),
    #[error("every place is taken: tick the box to offer one over the limit")]
    Full,
    #[error("this group is over, or does not take place")]
    Over,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

pub async fn offer_by_name(
    app: &App,
    of: (PracticeId, EnrollmentId),
    when_full: WhenFull,
    actor: &str,
) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    let offered = transact!(app.db, |tx| {
        let seen = enrollments::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        cohorts::lock(tx, seen.cohort_id).await?;
        let waiting = enrollments::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        let cohort = cohorts::find(tx, practice, waiting.cohort_id).await?.ok_or(Refused::Unknown)?;
        waiting.standing.after(Event::Offer)?;
        if is_over(tx, &cohort, now).await? {
            return Err(Refused::Over);
        }
        let (seat, reason) = match (cohorts::take_seat(tx, cohort.id).await?, when_full) {
            (Some(seat), _) => (seat, "place offered by name"),
            (None, WhenFull::Override) => {
                (cohorts::take_seat_over_capacity(tx, cohort.id).await?, "place offered by name over the limit")
            }
            (None, WhenFull::Refuse) => return Err(Refused::Full),
        };
        let chosen = Enrollment { seat: Some(seat), actor: actor.to_owned(), reason: reason.to_owned(), ..waiting };
        let offered = offer(app, tx, &cohort, chosen, now).await?;
        let audit = Audit {
            id: app.random.uuid(now.real),
            practice_id: practice,
            act: reason.to_owned(),
            actor: actor.to_owned(),
            subject: id.to_string(),
            detail: String::new(),
            made_at: now.real,
        };
        audits::note(tx, audit).await?;
        Ok::<_, Refused>(offered)
    })?;
    app.bell.notify_waiters();
    Ok(offered)
}
