//! Is this mail still wanted, and what are its bytes? The last look before it leaves.

use std::panic::AssertUnwindSafe;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;

use crate::{
    app::App,
    clock::Now,
    config::MailMode,
    domain::{
        bounce::Scope,
        delivery::{self, LivesBy, Occasion, State, UNDELIVERABLE, Verdict, still_wanted},
        email_address::EmailAddress,
        session::SessionState,
    },
    mail::{mailer::Envelope, message::written_at},
    store::{
        self,
        ledger::{self, Delivery, Frozen},
        sessions, stops,
    },
};

use super::{
    compose::{
        self, CannotCompose,
        facts::{Facts, Reader, facts},
    },
    still_true::{Truth, truth},
    suppress::{address_hash, is_asked_for, scope_of},
    wait_turn::next_turn,
};

/// What the last look found.
pub(super) enum Ready {
    Send(Box<Letter>),
    /// It ends here, and why.
    Settled(State, String),
    /// Not today.
    Later(DateTime<Utc>),
    /// Not before this real instant, and why.
    Waits(DateTime<Utc>, &'static str),
    /// It was written for a calendar, and what it says has changed since.
    Changed,
}

/// What is handed over, and for whom.
pub(super) struct Letter {
    pub envelope: Envelope,
    pub frozen: Frozen,
}

/// The late gate, then the letter. One letter that cannot be written, or even panics, stops alone.
pub(super) async fn make_ready(app: &App, row: &Delivery, now: Now) -> store::Result<Ready> {
    match AssertUnwindSafe(ready(app, row, now)).catch_unwind().await {
        Ok(ready) => ready,
        Err(_panic) => {
            tracing::error!("a letter panicked");
            let reason = "writing this letter failed in a way that is our fault; it will not be tried again";
            Ok(Ready::Settled(State::Failed, reason.to_owned()))
        }
    }
}

async fn ready(app: &App, row: &Delivery, now: Now) -> store::Result<Ready> {
    let facts = match facts(app, row).await {
        Ok(facts) => facts,
        Err(CannotCompose::Store(error)) => return Err(error),
        Err(error) => return Ok(Ready::Settled(State::Canceled, error.to_string())),
    };
    match verdict(app, row, &facts, now).await? {
        Verdict::Send => {}
        Verdict::Skip(reason) => return Ok(Ready::Settled(State::Skipped, reason.to_owned())),
        // It may have arrived, so it is not said to be missed.
        Verdict::Missed(reason) if row.doubts > 0 => {
            return Ok(Ready::Settled(State::Unknown, format!("it may have arrived; {reason} again")));
        }
        Verdict::Missed(reason) => return Ok(Ready::Settled(State::Missed, reason.to_owned())),
        Verdict::Later(turn) => return Ok(Ready::Later(turn)),
    }
    match truth(app, row, &facts, now).await? {
        Truth::Stands => {}
        Truth::Waits(until) => return Ok(Ready::Waits(until, "what it says is about to be told anew")),
        Truth::Changed => return Ok(Ready::Changed),
        Truth::Over(reason) => return Ok(Ready::Settled(State::Canceled, reason.to_owned())),
    }
    let Some(envelope) = envelope(app, row, &facts) else {
        let reason = "the address bounces return to is not one that mail carries";
        return Ok(Ready::Settled(State::Failed, reason.to_owned()));
    };
    let (sent_to, frozen_for) = (address_hash(app, &envelope.to), frozen_for(app, &envelope, &facts));
    if let Some(frozen) = frozen(row, (&sent_to, &frozen_for))
        && (row.doubts > 0 || is_written_alike(app, row, &facts, now).await?)
    {
        return Ok(Ready::Send(Box::new(Letter { envelope, frozen })));
    }
    if row.frozen.is_some() && row.doubts == 0 && row.occasion == Occasion::Invite {
        return Ok(Ready::Changed);
    }
    // Every letter's way is a part of this one future: on the heap it weighs on nobody's stack.
    match Box::pin(compose::compose(app, row, &facts, now)).await {
        Ok(composed) => {
            let frozen = Frozen { sent_to, frozen_for, ..composed.frozen };
            Ok(Ready::Send(Box::new(Letter { envelope, frozen })))
        }
        Err(CannotCompose::Store(error)) => Err(error),
        Err(error @ CannotCompose::Forbidden(_)) => Ok(Ready::Settled(State::Held, error.to_string())),
        Err(error) => {
            tracing::error!("a letter could not be written");
            Ok(Ready::Settled(State::Failed, error.to_string()))
        }
    }
}

/// Written for the instant at which it was frozen, a letter has the same bytes, or what it says has changed: the
/// session's title, a link, a lesson's text, who sends it.
async fn is_written_alike(app: &App, row: &Delivery, facts: &Facts, now: Now) -> store::Result<bool> {
    let Some(frozen) = &row.frozen else { return Ok(false) };
    let Some(program) = written_at(frozen) else { return Ok(false) };
    let then = Now { program, real: program + (now.real - now.program) };
    match Box::pin(compose::compose(app, row, facts, then)).await {
        Ok(composed) => Ok(composed.frozen.message == *frozen),
        Err(CannotCompose::Store(error)) => Err(error),
        // What is wrong with it is said where it is written for now.
        Err(_) => Ok(false),
    }
}

/// What was frozen once is sent again to the byte, unless it is for somebody who reads elsewhere or otherwise by
/// now. What may have arrived there already stays the same as long as the mailbox is.
fn frozen(row: &Delivery, (sent_to, frozen_for): (&str, &str)) -> Option<Frozen> {
    let is_same = row.frozen_for.as_deref().is_none_or(|known| known == frozen_for);
    let may_be_there = row.doubts > 0 && row.sent_to.as_deref() == Some(sent_to);
    let (Some(message), Some(message_id)) = (&row.frozen, &row.message_id) else { return None };
    (is_same || may_be_there).then(|| Frozen {
        message: message.clone(),
        message_id: message_id.clone(),
        subject: row.subject.clone().unwrap_or_default(),
        body: row.body.clone().unwrap_or_default(),
        sent_to: sent_to.to_owned(),
        frozen_for: row.frozen_for.clone().unwrap_or_else(|| frozen_for.to_owned()),
    })
}

/// Who reads it, and how: their address, name, language, zone and level of discretion.
fn frozen_for(app: &App, envelope: &Envelope, facts: &Facts) -> String {
    let reader = &facts.reader;
    let how = format!(
        "{}\n{}\n{}\n{}\n{:?}",
        envelope.to.key(),
        reader.name().expose(),
        reader.language(),
        reader.zone(),
        facts.level
    );
    app.links.keys().hash("frozen for", &how)
}

fn envelope(app: &App, row: &Delivery, facts: &Facts) -> Option<Envelope> {
    let to = match app.config.mail.mode {
        MailMode::Redirect => EmailAddress::parse(&app.config.mail.redirect_to).ok()?,
        MailMode::Live | MailMode::Hold | MailMode::File => facts.reader.address().clone(),
    };
    Some(Envelope { return_path: EmailAddress::parse(&compose::return_path(app, row, facts)).ok()?, to })
}

async fn verdict(app: &App, row: &Delivery, facts: &Facts, now: Now) -> store::Result<Verdict> {
    let db = app.db.reader();
    // *Send anyway* waives the lateness and the badge, never what the person decided.
    let anyway = row.actor.is_some() && row.reason.as_deref() == Some(ledger::SENT_ANYWAY);
    let stopped = match (&facts.reader, &facts.program) {
        (Reader::Participant(person), Some(program)) => {
            stops::of_person(db, person.id, program.id).await?.contains(&row.category)
        }
        _ => false,
    };
    let own_address = ledger::other_address(row).is_none();
    let scope = match &facts.reader {
        Reader::Participant(person) if !anyway && own_address => {
            scope_of(app, db, person.practice_id, facts.reader.address()).await?
        }
        Reader::Participant(_) | Reader::Coach(_) => None,
    };
    if scope.is_some() && row.category.subscribed() {
        return Ok(Verdict::Skip(UNDELIVERABLE));
    }
    let undeliverable = scope == Some(Scope::All) && !is_asked_for(row.occasion);
    let session_stands = match row.occasion {
        Occasion::ReminderDay | Occasion::ReminderHour => {
            let session = sessions::find(db, row.practice_id, row.object_id.into()).await?;
            session.is_some_and(|session| session.state == SessionState::Planned && session.version == row.generation)
        }
        _ => true,
    };
    let next_turn = next_turn(app, row, facts, now).await?;
    let facts = delivery::Facts {
        standing: facts.enrollment.as_ref().map(|enrollment| enrollment.standing),
        stopped,
        undeliverable,
        session_stands,
        useful_until: row.useful_until.filter(|_| !anyway),
        next_turn,
    };
    let at = match row.occasion.lives_by() {
        LivesBy::Program => now.program,
        LivesBy::Real => now.real,
    };
    Ok(still_wanted(row.occasion, &facts, at))
}
