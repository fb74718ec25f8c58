//! What became of an attempt is written down, fenced by the lease, as `retry::after` decides.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    clock::{Clock, Now},
    domain::{
        attempt::{Attempt, class},
        delivery::{A_PERSON_DECIDES, LivesBy, Occasion, State},
        retry::{self, Doubt, Next, Tried},
    },
    mail::post_office::Outlook,
    store::{
        self,
        database::Tx,
        ledger::{self, Delivery, Lease, LeaseClock, Over, Recorded},
    },
    transact,
};

use super::{suppress::note_refusal, tell_calendars::note_calendar_told};

/// What is to be written of a row that is ours as long as the lease is.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Recorded(Recorded),
    /// Back into the queue, the try unspent, until this instant, and why.
    GivenBack(DateTime<Utc>, String),
}

/// Learns from an attempt to reach somebody at this domain, and decides what is written. The instant: until when the
/// way is shut.
pub(super) fn decide(
    app: &App,
    row: &Delivery,
    (attempt, domain): (&Attempt, &str),
    now: Now,
) -> (Outcome, Option<DateTime<Utc>>) {
    let outlook = app.post.learn(attempt, domain, app.random.fraction(), now.real);
    tell(outlook, attempt);
    let waits_until = match outlook {
        Outlook::Shut(pause) | Outlook::Refused(pause) => pause.until,
        Outlook::Same | Outlook::Open => now.real,
    };
    let shut = match outlook {
        Outlook::Shut(pause) => Some(pause.until),
        Outlook::Refused(_) | Outlook::Same | Outlook::Open => None,
    };
    let tries = u32::try_from(row.tries).unwrap_or_default();
    let tried = Tried {
        tries,
        doubts: u32::try_from(row.doubts).unwrap_or_default(),
        doubt: app.config.mail.on_unknown.of(row.occasion),
        stale_at: retry::stale_at(left(row, now), tries, now.real),
    };
    let reason = words(attempt);
    let recorded = match retry::after(attempt, &tried, app.random.fraction(), now.real) {
        Next::Sent => Recorded { state: State::Sent, reason: None, next_try_at: now.real, sent_at: Some(now.program) },
        Next::Defer(at) => Recorded { next_try_at: at, ..settled(State::Deferred, reason, now) },
        Next::PauseProvider => Recorded { next_try_at: waits_until, ..settled(State::Deferred, reason, now) },
        Next::ResendUnknown(at) => Recorded { next_try_at: at, ..settled(State::Unknown, reason, now) },
        Next::HoldUnknown => settled(State::Unknown, reason, now),
        Next::Bounced => settled(State::Bounced, reason, now),
        Next::Failed => settled(State::Failed, reason, now),
        Next::GiveBack => return (Outcome::GivenBack(waits_until, reason), shut),
    };
    (Outcome::Recorded(recorded), shut)
}

/// An operator hears of it once, and without the server's words: they may hold an address.
fn tell(outlook: Outlook, attempt: &Attempt) {
    match outlook {
        Outlook::Shut(pause) if pause.is_news => {
            let (class, stage) = (class(attempt), attempt.stage_name());
            tracing::error!(
                ?class,
                stage,
                "the mail server cannot be used; nothing is lost, and it is tried again every few minutes"
            );
        }
        Outlook::Refused(pause) if pause.is_news => {
            tracing::error!(
                "a provider refuses our mail for what we are (SPF, DKIM, DMARC, reputation); its mail waits"
            );
        }
        Outlook::Open => tracing::info!("the mail server, or a provider that had refused us, takes mail again"),
        Outlook::Same | Outlook::Shut(_) | Outlook::Refused(_) => {}
    }
}

/// How long it is of use, on the clock it lives by; `None`: for good.
fn left(row: &Delivery, now: Now) -> Option<TimeDelta> {
    let at = match row.occasion.lives_by() {
        LivesBy::Program => now.program,
        LivesBy::Real => now.real,
    };
    row.useful_until.map(|until| until - at)
}

/// In doubt without an instant of its own: a person decides.
pub(super) fn settled(state: State, reason: String, now: Now) -> Recorded {
    let next_try_at = if state == State::Unknown { A_PERSON_DECIDES } else { now.real };
    Recorded { state, reason: Some(reason), next_try_at, sent_at: None }
}

/// `false`: the lease was lost, and somebody else has written.
pub(super) async fn write(
    app: &App,
    tx: &Tx,
    (row, from): (&Delivery, State),
    (outcome, now): (&Outcome, Now),
) -> store::Result<bool> {
    let recorded = match outcome {
        Outcome::GivenBack(until, reason) => return ledger::give_back(tx, row, from, *until, reason).await,
        Outcome::Recorded(recorded) => recorded,
    };
    let wrote = ledger::record(tx, row, from, recorded, now).await?;
    if wrote {
        note_calendar_told(tx, row, recorded.state, now.program).await?;
        note_refusal(app, tx, row, (recorded.state, recorded.reason.as_deref().unwrap_or_default()), now).await?;
    }
    Ok(wrote)
}

/// Says in numbers and in the log what was written.
pub(super) fn told(app: &App, row: &Delivery, outcome: &Outcome, has_written: bool) {
    let Outcome::Recorded(recorded) = outcome else { return };
    if has_written {
        app.metrics.delivered(recorded.state.as_str());
        tracing::info!(state = %recorded.state, tries = row.tries, "recorded");
    } else {
        tracing::warn!("the lease was lost; somebody else has written the outcome");
    }
}

/// One row by itself.
pub(super) async fn finish(app: &App, row: &Delivery, from: State, outcome: &Outcome) -> store::Result<()> {
    let now = app.clock.now();
    let wrote = transact!(app.db, |tx| write(app, tx, (row, from), (outcome, now)).await)?;
    told(app, row, outcome, wrote);
    Ok(())
}

/// Rows that were claimed and do not leave now, in one commit; of each, whether it was still ours. Where they fail
/// together each is tried by itself, so that one that cannot be written keeps none of the others.
pub(super) async fn finish_all(app: &App, rows: &[(Delivery, Outcome)]) -> store::Result<Vec<bool>> {
    let now = app.clock.now();
    let together = finish_together(app, rows, now).await;
    if together.is_ok() || rows.len() < 2 {
        return together;
    }
    let mut wrote = Vec::new();
    for row in rows {
        wrote.extend(finish_together(app, std::slice::from_ref(row), now).await?);
    }
    Ok(wrote)
}

async fn finish_together(app: &App, rows: &[(Delivery, Outcome)], now: Now) -> store::Result<Vec<bool>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    transact!(app.db, |tx| {
        let mut wrote = Vec::new();
        for (row, outcome) in rows {
            wrote.push(write(app, tx, (row, State::Claimed), (outcome, now)).await?);
        }
        Ok::<_, store::Error>(wrote)
    })
}

/// The server's words, for the ledger.
fn words(attempt: &Attempt) -> String {
    match attempt {
        Attempt::Accepted { reply } => reply.clone(),
        Attempt::Refused { stage, code, text, .. } => format!("{} at {}: {text}", code, stage.as_str()),
        Attempt::Lost { stage, what } => format!("{}: {what}", stage.as_str()),
    }
}

/// A hold on rows as long as two attempts. Where several processes may send, the database says what time it is.
pub(super) fn lease(app: &App, now: Now) -> Lease {
    let clock = match app.clock {
        Clock::System if app.db.is_shared() => LeaseClock::Database,
        Clock::System | Clock::Fixed(_) | Clock::Fast(_) => LeaseClock::Ours(now.real),
    };
    let lasts = TimeDelta::seconds(i64::from(app.config.mail.attempt_seconds) * 2);
    Lease { token: app.random.uuid(now.real), lasts, clock }
}

/// Leases that ran out.
pub async fn sweep(app: &App) -> store::Result<()> {
    sweep_those(app, Over::RanOut(&app.at_work.leases())).await
}

/// Whoever held a lease before this process began is gone, if no other may serve from the same database.
pub async fn sweep_at_start(app: &App) -> store::Result<()> {
    sweep_those(app, if app.db.is_shared() { Over::RanOut(&[]) } else { Over::All }).await
}

async fn sweep_those(app: &App, over: Over<'_>) -> store::Result<()> {
    let now = app.clock.now();
    let is_held = |occasion: &Occasion| app.config.mail.on_unknown.of(*occasion) == Doubt::Hold;
    let held: Vec<Occasion> = Occasion::ALL.iter().copied().filter(is_held).collect();
    let lease = lease(app, now);
    let doubtful = transact!(app.db, |tx| {
        let doubtful = ledger::sweep(tx, &lease, (over, &held), now).await?;
        for row in &doubtful {
            // A calendar that may have the session must hear when it is canceled.
            note_calendar_told(tx, row, State::Unknown, now.program).await?;
        }
        Ok::<_, store::Error>(doubtful.len())
    })?;
    if doubtful > 0 {
        tracing::warn!(doubtful, "mails were on the wire when something stopped; they may have arrived");
    }
    Ok(())
}
