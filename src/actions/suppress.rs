//! An address fails, or its owner complains: what is not sent to it any more, and how that ends.
//!
//! Addresses are remembered as a keyed hash, by practice, so that it outlives the person's account.

use crate::{
    app::App,
    clock::Now,
    config::MailMode,
    domain::{
        bounce::{self, BounceClass, COMES_BACK, COMPLAINED, Decision, FULL, Scope},
        category::Category,
        delivery::{Occasion, State},
        email_address::EmailAddress,
        ids::{ParticipantId, PracticeId},
    },
    store::{
        self, Connection,
        bounces::{self, BounceRow},
        cohorts,
        database::Tx,
        enrollments,
        ledger::{self, Delivery},
        participants::{self, Participant},
        stops::{self, Stop},
        suppressions::{self, Suppression},
    },
};

/// What an address is remembered by. Two spellings that are one person to us are one address.
#[must_use]
pub fn address_hash(app: &App, address: &EmailAddress) -> String {
    app.links.keys().hash("suppression", &address.key())
}

/// What is not sent to this address; `None`: everything is.
pub async fn scope_of(
    app: &App,
    db: &impl Connection,
    practice: PracticeId,
    address: &EmailAddress,
) -> store::Result<Option<Scope>> {
    let row = suppressions::of_address(db, practice, &address_hash(app, address)).await?;
    Ok(row.map(|row| row.scope))
}

/// What the roster says of an address, of one that was suppressed before it was anybody's too.
pub async fn badge(
    app: &App,
    db: &impl Connection,
    practice: PracticeId,
    address: &EmailAddress,
) -> store::Result<Option<String>> {
    let row = suppressions::of_address(db, practice, &address_hash(app, address)).await?;
    Ok(row.map(|row| words(row.class).to_owned()))
}

fn words(class: BounceClass) -> &'static str {
    match class {
        BounceClass::Hard | BounceClass::Transient | BounceClass::SenderFault => COMES_BACK,
        BounceClass::Soft => FULL,
        BounceClass::Complaint => COMPLAINED,
    }
}

/// Somebody asked for it just now, to show that the address is theirs: the one way out of a suppression.
#[must_use]
pub fn is_asked_for(occasion: Occasion) -> bool {
    matches!(occasion, Occasion::ConfirmAddress | Occasion::SignIn)
}

/// One mail that failed at one address.
#[derive(Debug, Clone)]
pub struct Failure<'a> {
    pub delivery: &'a Delivery,
    pub address_hash: String,
    pub class: BounceClass,
}

/// Notes the failure, once, and does what follows from it for the address and for whose it is.
pub async fn note_failure(app: &App, tx: &Tx, failure: &Failure<'_>, now: Now) -> store::Result<Decision> {
    let Failure { delivery, address_hash, class } = failure;
    let row = BounceRow {
        id: app.random.uuid(now.real),
        practice_id: delivery.practice_id,
        delivery_id: delivery.id,
        address_hash: address_hash.clone(),
        class: *class,
        made_at: now.program,
    };
    if !bounces::note(tx, row).await? {
        return Ok(Decision::Nothing);
    }
    let soft = bounces::instants(tx, (delivery.practice_id, address_hash), BounceClass::Soft).await?;
    let decision = bounce::decide(*class, &soft, now.program);
    if let Decision::Suppress(scope) = decision {
        suppress(app, tx, failure, scope, now).await?;
    }
    Ok(decision)
}

async fn suppress(app: &App, tx: &Tx, failure: &Failure<'_>, scope: Scope, now: Now) -> store::Result<()> {
    let Some(id) = failure.delivery.participant_id else {
        // A coach's own mail: the outbox says it, and the coach can read that.
        return Ok(());
    };
    let new = Suppression {
        id: app.random.uuid(now.real),
        practice_id: failure.delivery.practice_id,
        address_hash: failure.address_hash.clone(),
        scope,
        class: failure.class,
        made_at: now.real,
    };
    suppressions::add(tx, new).await?;
    let Some(person) = participants::holding(tx, id).await? else { return Ok(()) };
    // The address may have been corrected since.
    if address_hash(app, &person.email) != failure.address_hash {
        return Ok(());
    }
    participants::set_mail_problem(tx, id, badge(app, tx, person.practice_id, &person.email).await?).await?;
    if failure.class == BounceClass::Complaint {
        stop_all(app, tx, &person, now).await?;
    }
    Ok(())
}

/// Stops whatever can be stopped, in every program the person is in.
async fn stop_all(app: &App, tx: &Tx, person: &Participant, now: Now) -> store::Result<()> {
    for enrollment in enrollments::of_participant(tx, person.practice_id, person.id).await? {
        let Some(cohort) = cohorts::anywhere(tx, enrollment.cohort_id).await? else { continue };
        for category in Category::ALL.into_iter().filter(|category| category.subscribed()) {
            let stop = Stop {
                id: app.random.uuid(now.real),
                practice_id: person.practice_id,
                participant_id: person.id,
                program_id: cohort.program_id,
                category,
                stopped_at: now.real,
            };
            stops::stop(tx, stop).await?;
        }
    }
    Ok(())
}

/// The mail server refused a mail to somebody, for good or at last: the same as a report that comes later.
pub async fn note_refusal(
    app: &App,
    tx: &Tx,
    delivery: &Delivery,
    (state, reason): (State, &str),
    now: Now,
) -> store::Result<()> {
    let class = match state {
        State::Bounced => BounceClass::Hard,
        State::Failed if bounce::class_of(None, reason) == BounceClass::Soft => BounceClass::Soft,
        _ => return Ok(()),
    };
    // Elsewhere it is not this person's mailbox that was asked.
    let is_theirs = app.config.mail.mode == MailMode::Live && ledger::other_address(delivery).is_none();
    let Some(id) = delivery.participant_id.filter(|_| is_theirs) else { return Ok(()) };
    let Some(person) = participants::holding(tx, id).await? else { return Ok(()) };
    let failure = Failure { delivery, address_hash: address_hash(app, &person.email), class };
    note_failure(app, tx, &failure, now).await?;
    Ok(())
}

/// Whoever asks for weekly mail again does not think it spam any more.
pub async fn take_back_complaint(app: &App, tx: &Tx, id: ParticipantId) -> store::Result<()> {
    let Some(person) = participants::holding(tx, id).await? else { return Ok(()) };
    let hash = address_hash(app, &person.email);
    let row = suppressions::of_address(tx, person.practice_id, &hash).await?;
    if row.is_some_and(|row| row.class == BounceClass::Complaint) {
        suppressions::lift(tx, person.practice_id, &hash).await?;
        participants::set_mail_problem(tx, id, None).await?;
    }
    Ok(())
}

/// The owner has read a mail of ours at this address: whatever failed before, it works.
pub async fn lift(app: &App, tx: &Tx, id: ParticipantId) -> store::Result<()> {
    let Some(person) = participants::holding(tx, id).await? else { return Ok(()) };
    let hash = address_hash(app, &person.email);
    suppressions::lift(tx, person.practice_id, &hash).await?;
    bounces::forget(tx, person.practice_id, &hash).await?;
    if person.mail_problem.is_some() {
        participants::set_mail_problem(tx, id, None).await?;
    }
    Ok(())
}
