//! What is queued goes out: claimed, asked once more whether it is still wanted, written, handed over, recorded.
//!
//! No transaction is open across the network, and nothing else calls the mailer.

use std::{panic::AssertUnwindSafe, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use tracing::Instrument;

use crate::{
    app::App,
    clock::Now,
    config::{MailMode, OnUnknown},
    domain::{
        attempt::{Attempt, class},
        bounce::Scope,
        delivery::{self, LivesBy, Occasion, State, UNDELIVERABLE, Verdict, still_wanted},
        email_address::EmailAddress,
        retry::{self, Doubt, Next},
        session::SessionState,
    },
    mail::mailer::{Envelope, Sender},
    store::{
        self, enrollments,
        ledger::{self, Claim, Delivery, Frozen, Recorded},
        sessions, silences, stops,
    },
    transact,
};

use super::{
    compose::{
        self, CannotCompose, Composed,
        facts::{Facts, Reader, facts},
    },
    suppress::{address_hash, is_asked_for, note_refusal, scope_of},
    tell_calendars::note_calendar_told,
    wait_turn::{next_turn, wait_turn},
};

/// Rows a sender takes at once: few enough that the last is sent well within the lease.
const AT_ONCE: u64 = 8;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing was due.
    Idle,
    Worked,
    /// The way to the mail server is shut until this real instant.
    Shut(DateTime<Utc>),
}

/// Takes what is due and sends it, one by one.
pub async fn send_deliveries(app: &App, sender: &mut Sender) -> store::Result<Round> {
    if app.config.mail.mode == MailMode::Hold || silences::find(app.db.reader()).await?.is_some() {
        return Ok(Round::Idle);
    }
    let now = app.clock.now();
    let lease = app.random.uuid(now.real);
    let claim = Claim { lease, most: AT_ONCE, lease_for: lease_for(app) };
    let rows = transact!(app.db, |tx| ledger::claim(tx, claim, now).await)?;
    if rows.is_empty() {
        return Ok(Round::Idle);
    }
    let mut shut = None;
    for row in rows {
        match shut {
            // The rest of the claim goes back unspent: the mails are not at fault.
            Some(until) => give_back(app, &row, State::Claimed, until, "the mail server cannot be reached").await?,
            None if app.is_closing() => give_back(app, &row, State::Claimed, now.real, "Trellis was stopped").await?,
            None => {
                let span = tracing::info_span!("delivery", id = %row.id, occasion = %row.occasion);
                shut = send_one(app, sender, &row).instrument(span).await?;
            }
        }
    }
    app.metrics.shut(shut);
    Ok(shut.map_or(Round::Worked, Round::Shut))
}

fn lease_for(app: &App) -> TimeDelta {
    TimeDelta::seconds(i64::from(app.config.mail.attempt_seconds) * 2)
}

/// Returns until when the channel is shut, if it is.
async fn send_one(app: &App, sender: &mut Sender, row: &Delivery) -> store::Result<Option<DateTime<Utc>>> {
    let now = app.clock.now();
    // One letter that cannot be written, or even panics, stops alone.
    let ready = AssertUnwindSafe(make_ready(app, row, now)).catch_unwind().await;
    let composed = match ready {
        Ok(Ok(Ready::Send(composed))) => addressed(app, composed),
        Ok(Ok(Ready::Later(turn))) => {
            wait_turn(app, row, turn, now).await?;
            return Ok(None);
        }
        Ok(Ok(Ready::Settled(state, reason))) => {
            finish(app, row, State::Claimed, settled(state, reason, now), now).await?;
            return Ok(None);
        }
        Ok(Err(store)) => return Err(store),
        Err(_panic) => {
            let reason = "writing this letter failed in a way that is our fault; it will not be tried again".to_owned();
            tracing::error!("a letter panicked");
            finish(app, row, State::Claimed, settled(State::Failed, reason, now), now).await?;
            return Ok(None);
        }
    };
    let lease_until = app.clock.now().real + lease_for(app);
    if !transact!(app.db, |tx| ledger::start_sending(tx, row, &composed.frozen, lease_until).await)? {
        return Ok(None);
    }
    let envelope = match envelope(app, &composed) {
        Some(envelope) => envelope,
        None => {
            let reason = "the address bounces return to is not one that mail carries".to_owned();
            finish(app, row, State::Sending, settled(State::Failed, reason, now), now).await?;
            return Ok(None);
        }
    };
    let began = Instant::now();
    let attempt = sender.send_unless(&envelope, &composed.frozen.message, app.must_let_go()).await;
    app.metrics.tried(began.elapsed());
    record(app, row, &attempt).await
}

/// Whose mailbox it goes to, as it is remembered: what comes back later is about this address.
fn addressed(app: &App, mut composed: Box<Composed>) -> Box<Composed> {
    let to = envelope(app, &composed).map(|envelope| address_hash(app, &envelope.to));
    composed.frozen.sent_to = to.unwrap_or_default();
    composed
}

enum Ready {
    Send(Box<Composed>),
    Settled(State, String),
    Later(DateTime<Utc>),
}

/// The late gate, then the letter. What was frozen once is sent again to the byte.
async fn make_ready(app: &App, row: &Delivery, now: Now) -> store::Result<Ready> {
    let facts = match facts(app, row).await {
        Ok(facts) => facts,
        Err(CannotCompose::Store(error)) => return Err(error),
        Err(error) => return Ok(Ready::Settled(State::Canceled, error.to_string())),
    };
    match verdict(app, row, &facts, now).await? {
        Verdict::Send => {}
        Verdict::Skip(reason) => return Ok(Ready::Settled(State::Skipped, reason.to_owned())),
        Verdict::Missed(reason) => return Ok(Ready::Settled(State::Missed, reason.to_owned())),
        Verdict::Later(turn) => return Ok(Ready::Later(turn)),
    }
    if let (Some(message), Some(message_id)) = (&row.frozen, &row.message_id) {
        let frozen = Frozen {
            message: message.clone(),
            message_id: message_id.clone(),
            subject: row.subject.clone().unwrap_or_default(),
            body: row.body.clone().unwrap_or_default(),
            sent_to: String::new(),
        };
        let return_path = compose::return_path(app, row, &facts);
        return Ok(Ready::Send(Box::new(Composed { to: facts.reader.address().clone(), return_path, frozen })));
    }
    match compose::compose(app, row, &facts, now).await {
        Ok(composed) => Ok(Ready::Send(Box::new(composed))),
        Err(CannotCompose::Store(error)) => Err(error),
        Err(error @ CannotCompose::Forbidden(_)) => Ok(Ready::Settled(State::Held, error.to_string())),
        Err(error) => {
            tracing::error!("a letter could not be written");
            Ok(Ready::Settled(State::Failed, error.to_string()))
        }
    }
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

fn envelope(app: &App, composed: &Composed) -> Option<Envelope> {
    let to = match app.config.mail.mode {
        MailMode::Redirect => EmailAddress::parse(&app.config.mail.redirect_to).ok()?,
        MailMode::Live | MailMode::Hold | MailMode::File => composed.to.clone(),
    };
    Some(Envelope { return_path: EmailAddress::parse(&composed.return_path).ok()?, to })
}

/// Writes down what became of an attempt, as `retry::after` decides.
async fn record(app: &App, row: &Delivery, attempt: &Attempt) -> store::Result<Option<DateTime<Utc>>> {
    let now = app.clock.now();
    let doubt = match app.config.mail.on_unknown {
        OnUnknown::Resend => Doubt::Resend,
        OnUnknown::Hold => Doubt::Hold,
    };
    let tries = u32::try_from(row.tries).unwrap_or_default();
    let reason = words(attempt);
    let recorded = match retry::after(attempt, tries, doubt, app.random.fraction(), now.real) {
        Next::Sent => Recorded { state: State::Sent, reason: None, next_try_at: now.real, sent_at: Some(now.program) },
        Next::Defer(at) => Recorded { next_try_at: at, ..settled(State::Deferred, reason, now) },
        Next::ResendUnknown(at) => Recorded { next_try_at: at, ..settled(State::Unknown, reason, now) },
        Next::HoldUnknown => Recorded { next_try_at: FAR_OFF, ..settled(State::Unknown, reason, now) },
        Next::Bounced => settled(State::Bounced, reason, now),
        Next::Failed => settled(State::Failed, reason, now),
        Next::GiveBack(until) => {
            tracing::warn!(class = ?class(attempt), "the mail server cannot be used; nothing is lost, sending waits");
            give_back(app, row, State::Sending, until, &reason).await?;
            return Ok(Some(until));
        }
    };
    finish(app, row, State::Sending, recorded, now).await?;
    Ok(None)
}

/// No clock comes here: a person decides.
const FAR_OFF: DateTime<Utc> = DateTime::from_timestamp(32_503_680_000, 0).expect("the year 3000");

fn settled(state: State, reason: String, now: Now) -> Recorded {
    Recorded { state, reason: Some(reason), next_try_at: now.real, sent_at: None }
}

async fn finish(app: &App, row: &Delivery, from: State, recorded: Recorded, now: Now) -> store::Result<()> {
    let wrote = transact!(app.db, |tx| {
        let wrote = ledger::record(tx, row, from, &recorded, now).await?;
        if wrote {
            note_calendar_told(tx, row, recorded.state, now.program).await?;
            note_refusal(app, tx, row, (recorded.state, recorded.reason.as_deref().unwrap_or_default()), now).await?;
        }
        Ok::<_, store::Error>(wrote)
    })?;
    if !wrote {
        tracing::warn!("the lease was lost; somebody else has written the outcome");
        return Ok(());
    }
    app.metrics.delivered(recorded.state.as_str());
    tracing::info!(state = %recorded.state, tries = row.tries, "recorded");
    Ok(())
}

async fn give_back(app: &App, row: &Delivery, from: State, until: DateTime<Utc>, reason: &str) -> store::Result<()> {
    transact!(app.db, |tx| ledger::give_back(tx, row, from, until, reason).await)?;
    Ok(())
}

/// The server's words, for the ledger.
fn words(attempt: &Attempt) -> String {
    match attempt {
        Attempt::Accepted { reply } => reply.clone(),
        Attempt::Refused { stage, code, text, .. } => format!("{} at {}: {text}", code, stage.as_str()),
        Attempt::Lost { stage, what } => format!("{}: {what}", stage.as_str()),
    }
}

/// Leases that ran out, and what nobody needs any more. `now` is read once a minute.
pub async fn sweep(app: &App) -> store::Result<()> {
    let now = app.clock.now();
    let doubt_until = match app.config.mail.on_unknown {
        OnUnknown::Resend => now.real,
        OnUnknown::Hold => FAR_OFF,
    };
    let doubtful = transact!(app.db, |tx| ledger::sweep(tx, now.real, doubt_until).await)?;
    if doubtful > 0 {
        tracing::warn!(doubtful, "mails were on the wire when something stopped; they may have arrived");
    }
    Ok(())
}

/// The rest of what nobody needs any more: spent sign-ins, old tries, forms of yesterday, and what lapsed a
/// week ago.
pub async fn forget(app: &App) -> store::Result<()> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        store::logins::sweep(tx, now.real - TimeDelta::days(1)).await?;
        store::attempts::sweep(tx, now.real - TimeDelta::days(1)).await?;
        store::sent_forms::forget(tx, now.real - TimeDelta::days(1)).await?;
        store::couples::forget_asked(tx, now.real - crate::domain::enrollment::LAPSED_KEPT).await?;
        enrollments::forget_lapsed(tx, now.real - crate::domain::enrollment::LAPSED_KEPT).await
    })
}
