//! A mail came back, or was called spam: is it one of ours, and what follows?

use data_encoding::BASE32_NOPAD;
use uuid::Uuid;

use super::Outcome;
use crate::{
    actions::{
        message_id::with_message_id,
        suppress::{Failure, address_hash, note_failure},
    },
    app::App,
    clock::Now,
    domain::{
        bounce::{BounceClass, Decision, class_of, kept_words},
        delivery::State,
        ids::DeliveryId,
    },
    keys::same,
    mail::receive::{Action, Bounce, Clues, Complaint, Fate, Feedback},
    store::{
        self,
        database::Tx,
        ledger::{self, Delivery},
        participants,
    },
    transact,
};

pub(super) async fn take_bounce(app: &App, bounce: &Bounce, now: Now) -> store::Result<Outcome> {
    let Some(fate) = bounce.fates.iter().find(|fate| fate.action == Action::Failed) else {
        tracing::info!(actions = ?bounce.fates.iter().map(|fate| fate.action).collect::<Vec<_>>(), "a report, but of no failure");
        // Only a report about a mail of ours is ours to put away.
        let known = identify(app, app.db.reader(), &bounce.clues).await?;
        return Ok(known.map_or(Outcome::Nothing, |_| Outcome::Bounce));
    };
    let outcome = transact!(app.db, |tx| bounced(app, tx, &bounce.clues, fate, now).await)?;
    count(app, outcome);
    Ok(outcome)
}

async fn bounced(app: &App, tx: &Tx, clues: &Clues, fate: &Fate, now: Now) -> store::Result<Outcome> {
    let Some(delivery) = identify(app, tx, clues).await? else { return Ok(forged()) };
    let class = class_of(fate.status, &fate.words);
    let state = match class {
        BounceClass::Hard | BounceClass::Soft => State::Bounced,
        // The address is not to blame: the coach may try again.
        BounceClass::Transient | BounceClass::SenderFault | BounceClass::Complaint => State::Failed,
    };
    let code =
        fate.status.map_or_else(String::new, |[class, subject, detail]| format!(" ({class}.{subject}.{detail})"));
    let reason = format!("came back{code}: {}", kept_words(&fate.words));
    ledger::came_back(tx, delivery.id, (state, &reason), now.program).await?;
    let decision = fail(app, tx, &delivery, class, now).await?;
    if decision == Decision::Alert {
        tracing::error!(delivery = %delivery.id, status = ?fate.status, "a mail was refused for what we are or sent, not for whom it was to: look at authentication, reputation and content");
    }
    Ok(Outcome::Bounce)
}

pub(super) async fn take_complaint(app: &App, complaint: &Complaint, now: Now) -> store::Result<Outcome> {
    match complaint.feedback {
        Feedback::Abuse => {}
        Feedback::NotSpam | Feedback::Other => {
            tracing::info!(feedback = ?complaint.feedback, "a feedback report that is no complaint");
            return Ok(Outcome::Nothing);
        }
    }
    let outcome = transact!(app.db, |tx| {
        let Some(delivery) = identify(app, tx, &complaint.clues).await? else { return Ok(forged()) };
        let reason = "the reader reported it as spam";
        ledger::came_back(tx, delivery.id, (State::Complained, reason), now.program).await?;
        fail(app, tx, &delivery, BounceClass::Complaint, now).await?;
        Ok::<_, store::Error>(Outcome::Complaint)
    })?;
    count(app, outcome);
    Ok(outcome)
}

fn count(app: &App, outcome: Outcome) {
    match outcome {
        Outcome::Bounce => app.metrics.delivered("came_back"),
        Outcome::Complaint => app.metrics.delivered(State::Complained.as_str()),
        Outcome::Answer | Outcome::Reply | Outcome::Nothing => {}
    }
}

/// Anybody can write such a mail; without a secret of ours it changes nothing (B9).
fn forged() -> Outcome {
    tracing::warn!("a report of a failure names no mail of ours; it changes nothing");
    Outcome::Nothing
}

async fn fail(app: &App, tx: &Tx, delivery: &Delivery, class: BounceClass, now: Now) -> store::Result<Decision> {
    let address_hash = match (&delivery.sent_to, delivery.participant_id) {
        (Some(hash), _) if !hash.is_empty() => hash.clone(),
        (_, Some(id)) => match participants::holding(tx, id).await? {
            Some(person) => address_hash(app, &person.email),
            None => return Ok(Decision::Nothing),
        },
        (_, None) => return Ok(Decision::Nothing),
    };
    note_failure(app, tx, &Failure { delivery, address_hash, class }, now).await
}

/// The return path's token first, then the Message-ID: both are made with our key, and neither can be guessed.
/// An address in a report proves nothing, so it is not looked at.
async fn identify(app: &App, db: &impl store::Connection, clues: &Clues) -> store::Result<Option<Delivery>> {
    for token in &clues.tokens {
        let Some(id) = delivery_of(app, token) else { continue };
        if let Some(delivery) = ledger::holding(db, id).await? {
            return Ok(Some(delivery));
        }
    }
    for message_id in &clues.message_ids {
        if let Some(delivery) = with_message_id(app, db, message_id).await? {
            return Ok(Some(delivery));
        }
    }
    Ok(None)
}

/// Reads what `compose::return_path` wrote.
fn delivery_of(app: &App, token: &str) -> Option<DeliveryId> {
    let bytes = BASE32_NOPAD.decode(token.to_uppercase().as_bytes()).ok()?;
    let (id, mac) = bytes.split_at_checked(16)?;
    let expected = app.links.keys().mac("bounce", id);
    let id = Uuid::from_slice(id).ok()?;
    same(mac, &expected[..10]).then_some(DeliveryId(id))
}
