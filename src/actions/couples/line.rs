//! Two places are free: who waits for both of them?

use super::super::fill_seats::offer;
use crate::{
    app::App,
    clock::Now,
    domain::enrollment::Standing,
    store::{
        self,
        cohorts::{self, Cohort},
        couples::{self, Couple},
        database::Tx,
        enrollments::{self, Enrollment},
    },
};

/// Offers two places to the first couple in the line, if it stands before everybody who waits for one. Whoever
/// waits for two lets one place pass: `enrollments::first_waiting` looks past them.
pub(in crate::actions) async fn offer_pair(app: &App, tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<bool> {
    let Some((couple, inviter, partner)) = couples::in_line(tx, cohort.id).await?.into_iter().next() else {
        return Ok(false);
    };
    let single = enrollments::first_waiting(tx, cohort.id).await?;
    if single.is_some_and(|single| (single.asked_at, single.id) < (inviter.asked_at, inviter.id)) {
        return Ok(false);
    }
    if cohorts::free_seats(tx, cohort.id).await? < 2 {
        return Ok(false);
    }
    couples::save(tx, Couple { in_line: 0, changed_at: now.real, ..couple.clone() }).await?;
    offer_one(app, tx, cohort, inviter, now).await?;
    match partner {
        Some(partner) if partner.standing == Standing::Waitlisted => {
            offer_one(app, tx, cohort, partner, now).await?;
        }
        Some(_) => {}
        None => hold_for_partner(tx, couple.id, now).await?,
    }
    Ok(true)
}

async fn offer_one(app: &App, tx: &Tx, cohort: &Cohort, waiting: Enrollment, now: Now) -> store::Result<()> {
    let Some(seat) = cohorts::take_seat(tx, cohort.id).await? else { return Ok(()) };
    let (actor, reason) = ("Trellis".to_owned(), "a place came free".to_owned());
    offer(app, tx, cohort, Enrollment { seat: Some(seat), actor, reason, ..waiting }, now).await?;
    Ok(())
}

/// A seat for somebody who has not answered yet, while they still can.
pub(super) async fn hold_for_partner(tx: &Tx, couple: uuid::Uuid, now: Now) -> store::Result<()> {
    let Some(couple) = couples::holding(tx, couple).await? else { return Ok(()) };
    let person = match couple.person_id {
        Some(person) => enrollments::of_person_in(tx, couple.cohort_id, person).await?,
        None => None,
    };
    let is_wanted = couple.state.is_open()
        && couple.declined_at.is_none()
        && couple.seats_held == 0
        && couple.respond_by.is_some_and(|until| until > now.real)
        && person.is_none_or(|person| !person.standing.holds_seat() && person.standing != Standing::Removed);
    if is_wanted && cohorts::take_seat(tx, couple.cohort_id).await?.is_some() {
        couples::save(tx, Couple { seats_held: 1, ..couple }).await?;
    }
    Ok(())
}
