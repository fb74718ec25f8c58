//! Two people want to come together: one names the other, who answers from their own inbox.
//!
//! Everything here holds the cohort's lock. What the inviter gets, and when, is the same whatever the partner is
//! to us, and whatever they answer.

pub mod answer;
mod ask;
pub mod choose;
pub(super) mod expire;
pub(super) mod line;
pub mod part;

pub(super) use ask::{ask_partner, seat_for_pair};

use uuid::Uuid;

use crate::{
    app::App,
    clock::Now,
    domain::{
        asking::Partner,
        couple::{CoupleEvent, CoupleState},
        delivery::Occasion,
        ids::EnrollmentId,
    },
    store::{
        self, cohorts,
        couples::{self, Couple},
        database::Tx,
        enrollments::Enrollment,
        ledger::{Queued, Recipient},
    },
    transact,
};

/// Keeps whom the sender of a form wants to come with. Nobody is written to before the sender has confirmed.
pub(super) async fn name_partner(
    app: &App,
    tx: &Tx,
    inviter: &Enrollment,
    partner: Option<&Partner>,
    now: Now,
) -> store::Result<()> {
    // Who asks anew asks for what this form says, and for nothing else.
    for before in couples::of_enrollment(tx, inviter.id).await? {
        if before.inviter_id == inviter.id {
            part(tx, before, now).await?;
        }
    }
    let Some(partner) = partner else { return Ok(()) };
    couples::create(tx, named(app, inviter, partner, now)).await
}

/// As a form names somebody.
pub(super) fn named(app: &App, inviter: &Enrollment, partner: &Partner, now: Now) -> Couple {
    Couple {
        id: app.random.uuid(now.real),
        practice_id: inviter.practice_id,
        cohort_id: inviter.cohort_id,
        inviter_id: inviter.id,
        partner_name: partner.name.expose().to_owned(),
        partner_email: partner.email.expose().to_owned(),
        person_id: None,
        partner_id: None,
        state: CoupleState::Named,
        respond_by: None,
        seats_held: 0,
        in_line: 0,
        alone: 0,
        round: 0,
        declined_at: None,
        created_at: now.real,
        changed_at: now.real,
    }
}

/// The sender of a form names nobody after all: whom they typed is forgotten unasked.
pub async fn come_alone(app: &App, inviter: EnrollmentId) -> store::Result<()> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let Some(named) = couples::of_inviter(tx, inviter).await? else { return Ok(()) };
        cohorts::lock(tx, named.cohort_id).await?;
        if named.state == CoupleState::Named { part(tx, named, now).await } else { Ok(()) }
    })
}

/// Nothing connects the two any more; each keeps what they have.
pub(super) async fn part(tx: &Tx, couple: Couple, now: Now) -> store::Result<()> {
    let state = couple.state.after(CoupleEvent::Part).unwrap_or(couple.state);
    let parted = Couple { state, respond_by: None, ..let_go(tx, couple, now).await? };
    couples::save(tx, parted).await
}

/// Gives the partner's seat back, and the place in the line for two. The caller saves.
async fn let_go(tx: &Tx, couple: Couple, now: Now) -> store::Result<Couple> {
    if couple.seats_held > 0 {
        cohorts::give_seat_back(tx, couple.cohort_id).await?;
    }
    Ok(Couple {
        seats_held: 0,
        in_line: 0,
        partner_name: String::new(),
        partner_email: String::new(),
        changed_at: now.real,
        ..couple
    })
}

/// What somebody on the waitlist is told: whether it is one place they wait for, or two.
pub(super) async fn waitlist_letter(tx: &Tx, enrollment: &Enrollment) -> store::Result<Occasion> {
    let two = couples::of_enrollment(tx, enrollment.id).await?.iter().any(|couple| couple.in_line == 1);
    Ok(if two { Occasion::WaitingForTwo } else { Occasion::Waitlisted })
}

/// A letter to somebody who has a place, about the couple.
fn letter(occasion: Occasion, couple: &Couple, to: &Enrollment, now: Now) -> Queued {
    Queued {
        subject: couple.id,
        object: to.id.0,
        generation: couple.round,
        enrollment: Some(to.id),
        cohort: Some(to.cohort_id),
        params: about(couple.id),
        ..Queued::now(to.practice_id, occasion, Recipient::Participant(to.participant_id), now)
    }
}

/// What a letter about a couple says of it.
fn about(couple: Uuid) -> serde_json::Value {
    serde_json::json!({ "couple": couple })
}
