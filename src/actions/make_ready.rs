//! Is this mail still wanted, and what are its bytes? The last look before it leaves.

use std::{panic::AssertUnwindSafe, sync::Arc};

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
    mail::{
        dkim::CannotSign,
        mailer::Envelope,
        message::written_at,
        stencil::{self, Fills},
    },
    store::{
        self,
        ledger::{self, Delivery, Frozen, Kept},
        stencils,
    },
};

use super::{
    compose::{self, CannotCompose, facts::Facts, gather::Gathered},
    still_true::{Truth, truth},
    suppress::{address_hash, is_asked_for},
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
    pub frozen: Arc<Frozen>,
}

/// The late gate, then the letter. One letter that cannot be written, or even panics, stops alone.
pub(super) async fn make_ready(app: &App, row: &Delivery, gathered: &Gathered, now: Now) -> store::Result<Ready> {
    match AssertUnwindSafe(ready(app, row, gathered, now)).catch_unwind().await {
        Ok(ready) => ready,
        Err(_panic) => {
            tracing::error!("a letter panicked");
            let reason = "writing this letter failed in a way that is our fault; it will not be tried again";
            Ok(Ready::Settled(State::Failed, reason.to_owned()))
        }
    }
}

async fn ready(app: &App, row: &Delivery, gathered: &Gathered, now: Now) -> store::Result<Ready> {
    let facts = match gathered.facts(app, row).await {
        Ok(facts) => facts,
        Err(CannotCompose::Store(error)) => return Err(error),
        Err(error) => return Ok(Ready::Settled(State::Canceled, error.to_string())),
    };
    match verdict(row, &facts, now) {
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
    if let Some(frozen) = frozen(app, row, (&sent_to, &frozen_for)).await?
        && (row.doubts > 0 || is_written_alike(app, row, (&facts, &frozen.message), now).await?)
    {
        return Ok(Ready::Send(Box::new(Letter { envelope, frozen: Arc::new(frozen) })));
    }
    if row.frozen.is_some() && row.doubts == 0 && row.occasion == Occasion::Invite {
        return Ok(Ready::Changed);
    }
    // Every letter's way is a part of this one future: on the heap it weighs on nobody's stack.
    match Box::pin(compose::compose(app, row, &facts, now)).await {
        Ok(composed) => match signed(app, Frozen { sent_to, frozen_for, ..composed.frozen }, now).await {
            Ok(frozen) => Ok(Ready::Send(Box::new(Letter { envelope, frozen: Arc::new(frozen) }))),
            Err(error) => Ok(Ready::Settled(State::Failed, error.to_string())),
        },
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
async fn is_written_alike(
    app: &App,
    row: &Delivery,
    (facts, message): (&Facts, &[u8]),
    now: Now,
) -> store::Result<bool> {
    let Some(program) = written_at(message) else { return Ok(false) };
    let then = Now { program, real: program + (now.real - now.program) };
    let composed = match Box::pin(compose::compose(app, row, facts, then)).await {
        Ok(composed) => composed,
        Err(CannotCompose::Store(error)) => return Err(error),
        // What is wrong with it is said where it is written for now.
        Err(_) => return Ok(false),
    };
    Ok(signed(app, composed.frozen, then).await.is_ok_and(|again| again.message == message))
}

/// What was frozen once is sent again to the byte, unless it is for somebody who reads elsewhere or otherwise by
/// now. What may have arrived there already stays the same as long as the mailbox is.
async fn frozen(app: &App, row: &Delivery, (sent_to, frozen_for): (&str, &str)) -> store::Result<Option<Frozen>> {
    let is_same = row.frozen_for.as_deref().is_none_or(|known| known == frozen_for);
    let may_be_there = row.doubts > 0 && row.sent_to.as_deref() == Some(sent_to);
    let Some(message_id) = row.message_id.clone().filter(|_| is_same || may_be_there) else { return Ok(None) };
    let Some((message, kept)) = kept(app, row).await? else { return Ok(None) };
    Ok(Some(Frozen {
        message,
        message_id,
        subject: row.subject.clone().unwrap_or_default(),
        kept,
        sent_to: sent_to.to_owned(),
        frozen_for: row.frozen_for.clone().unwrap_or_else(|| frozen_for.to_owned()),
    }))
}

/// The bytes as they were frozen.
async fn kept(app: &App, row: &Delivery) -> store::Result<Option<(Vec<u8>, Kept)>> {
    if let Some(id) = row.stencil_id {
        let Some(fills) = ledger::fills_of(app.db.reader(), row).await? else { return Ok(None) };
        let Some(stencil) = stencils::find(app.db.reader(), id).await? else { return Ok(None) };
        let message = stencil::Stencil::parse(&stencil.pieces).and_then(|whole| whole.fill(&Fills::parse(&fills)?));
        let kept = Kept::Holes { stencil: Arc::new(stencil), fills };
        return Ok(message.ok().map(|message| (message, kept)));
    }
    let body = row.body.clone().unwrap_or_default();
    Ok(row.frozen.clone().map(|message| (message, Kept::Whole { body })))
}

/// With our signatures, made where a millisecond of arithmetic holds nobody up.
async fn signed(app: &App, frozen: Frozen, now: Now) -> Result<Frozen, CannotSign> {
    let Some(signer) = app.signer.clone() else { return Ok(frozen) };
    let Frozen { message, kept, .. } = frozen;
    let (signed, bare) = tokio::task::spawn_blocking(move || (signer.sign(&message, now.program), message.len()))
        .await
        .map_err(|_| CannotSign::Shape)?;
    let message = signed?;
    let signatures = String::from_utf8_lossy(&message[..message.len().saturating_sub(bare)]);
    let kept = match kept {
        Kept::Holes { stencil, fills } => {
            let fills = Fills::parse(&fills).map_err(|_| CannotSign::Shape)?.headed(&signatures).to_json();
            Kept::Holes { stencil, fills }
        }
        whole @ Kept::Whole { .. } => whole,
    };
    Ok(Frozen { message, kept, ..frozen })
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

fn verdict(row: &Delivery, facts: &Facts, now: Now) -> Verdict {
    // *Send anyway* waives the lateness and the badge, never what the person decided.
    let anyway = row.actor.is_some() && row.reason.as_deref() == Some(ledger::SENT_ANYWAY);
    let own_address = ledger::other_address(row).is_none();
    let scope = facts.suppressed.filter(|_| !anyway && own_address);
    if scope.is_some() && row.category.subscribed() {
        return Verdict::Skip(UNDELIVERABLE);
    }
    let undeliverable = scope == Some(Scope::All) && !is_asked_for(row.occasion);
    let session_stands = match row.occasion {
        Occasion::ReminderDay | Occasion::ReminderHour => facts
            .session
            .as_ref()
            .is_some_and(|session| session.state == SessionState::Planned && session.version == row.generation),
        _ => true,
    };
    let asked = delivery::Facts {
        standing: facts.enrollment.as_ref().map(|enrollment| enrollment.standing),
        stopped: facts.stopped,
        undeliverable,
        session_stands,
        useful_until: row.useful_until.filter(|_| !anyway),
        next_turn: next_turn(row, facts, now),
    };
    let at = match row.occasion.lives_by() {
        LivesBy::Program => now.program,
        LivesBy::Real => now.real,
    };
    still_wanted(row.occasion, &asked, at)
}
