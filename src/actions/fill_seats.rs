//! A seat came free: the first in line is offered it.

use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::{Event, Standing},
        ids::CohortId,
        offer::held_until,
        zone::Zone,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::Queued,
        participants, sessions,
    },
};

use super::{
    couples::line::offer_pair,
    place_letters::{about_place, write_another},
};

/// Offers every free seat, strictly in the order in which the forms were sent. The caller holds the
/// cohort's lock.
pub async fn fill_seats(app: &App, tx: &Tx, id: CohortId, now: Now) -> store::Result<()> {
    let Some(cohort) = cohorts::anywhere(tx, id).await? else { return Ok(()) };
    if is_over(tx, &cohort, now).await? {
        return Ok(());
    }
    while offer_pair(app, tx, &cohort, now).await? {}
    while let Some(first) = enrollments::first_waiting(tx, id).await? {
        let Some(seat) = cohorts::take_seat(tx, id).await? else {
            return Ok(());
        };
        let offered = Enrollment {
            seat: Some(seat),
            actor: "Trellis".to_owned(),
            reason: "a place came free".to_owned(),
            ..first
        };
        offer(app, tx, &cohort, offered, now).await?;
        while offer_pair(app, tx, &cohort, now).await? {}
    }
    Ok(())
}

/// Nobody is offered a place in a group that is over, or does not take place.
pub(super) async fn is_over(tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<bool> {
    let last = sessions::last_end(tx, cohort.id).await?;
    Ok(cohort.decision.is_off() || last.is_some_and(|last| last <= now.program))
}

/// Offers somebody who waits the seat that `waiting` already carries, with actor and reason.
pub(super) async fn offer(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    waiting: Enrollment,
    now: Now,
) -> store::Result<Enrollment> {
    let standing = waiting.standing.after(Event::Offer).unwrap_or(Standing::Offered);
    let until = held_until(now.real, cohort.offer_hours, zone_of(tx, &waiting).await?);
    let offered = Enrollment {
        standing,
        hold_until: Some(until),
        offered_at: Some(now.real),
        reminded_at: None,
        changed_at: now.program,
        ..waiting
    };
    enrollments::save(tx, Standing::Waitlisted, offered.clone()).await?;
    let letter = Queued { useful_until: Some(until), ..about_place(Occasion::PlaceOffered, &offered, now) };
    write_another(app, tx, letter, now).await?;
    Ok(offered)
}

/// On whose night no hold ends.
pub(super) async fn zone_of(tx: &Tx, enrollment: &Enrollment) -> store::Result<Zone> {
    let person = participants::holding(tx, enrollment.participant_id).await?;
    Ok(person.map_or_else(Zone::utc, |person| person.zone))
}
