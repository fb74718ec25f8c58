//! A seat came free: the first in line is offered it.

use chrono::TimeDelta;

use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::{Event, OFFER_HOURS, Standing},
        ids::CohortId,
    },
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Queued, Recipient},
        sessions,
    },
};

use super::couples;

/// Offers every free seat, strictly in the order in which the forms were sent. The caller holds the
/// cohort's lock.
pub async fn fill_seats(app: &App, tx: &Tx, cohort: CohortId, now: Now) -> store::Result<()> {
    let last = sessions::of_cohort(tx, cohort).await?.into_iter().map(|session| session.ends_at).max();
    if last.is_some_and(|last| last <= now.program) {
        return Ok(());
    }
    while couples::line::offer_pair(app, tx, cohort, now).await? {}
    while let Some(first) = enrollments::first_waiting(tx, cohort).await? {
        let Some(seat) = cohorts::take_seat(tx, cohort).await? else {
            return Ok(());
        };
        offer(app, tx, first, seat, now).await?;
        while couples::line::offer_pair(app, tx, cohort, now).await? {}
    }
    Ok(())
}

pub(super) async fn offer(app: &App, tx: &Tx, waiting: Enrollment, seat: i32, now: Now) -> store::Result<()> {
    let standing = waiting.standing.after(Event::Offer).unwrap_or(Standing::Offered);
    let hold_until = now.real + TimeDelta::hours(i64::from(OFFER_HOURS));
    let offered = Enrollment {
        standing,
        seat: Some(seat),
        hold_until: Some(hold_until),
        changed_at: now.program,
        actor: "Trellis".to_owned(),
        reason: "a place came free".to_owned(),
        ..waiting
    };
    let mail = Queued {
        subject: offered.id.0,
        object: offered.id.0,
        // Somebody may be offered a place more than once in a cohort's life.
        generation: i32::try_from(now.real.timestamp() / 60).unwrap_or(i32::MAX),
        enrollment: Some(offered.id),
        cohort: Some(offered.cohort_id),
        useful_until: Some(hold_until),
        ..Queued::now(offered.practice_id, Occasion::PlaceOffered, Recipient::Participant(offered.participant_id), now)
    };
    enrollments::save(tx, Standing::Waitlisted, offered).await?;
    ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
    Ok(())
}
