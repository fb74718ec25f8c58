//! What is queued goes out: claimed, asked once more whether it is still wanted, written, handed over, recorded.
//!
//! No transaction is open across the network, and nothing else calls the mailer. While one mail is on the wire the
//! next is made ready, so that the outcome of the one and the intention of the other share a commit.

use std::{pin::pin, sync::Arc, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, join, select};
use tracing::Instrument;

use crate::{
    app::App,
    clock::Now,
    config::MailMode,
    domain::{
        attempt::Attempt,
        category::Category,
        channel::Turn,
        delivery::{Occasion, State},
    },
    mail::mailer::{Sender, wait_for},
    store::{
        self, due,
        ledger::{self, Delivery, Entry, Lease},
    },
    transact,
};

use super::{
    hand::{FRESH, Hand},
    make_ready::{Letter, Ready, make_ready},
    record_attempt::{Outcome, decide, finish, finish_all, lease, settled, told, write},
    say_again::say_again,
    wait_turn::wait_turn,
};

pub use super::{
    forget::forget,
    hand::Hands,
    record_attempt::{sweep, sweep_at_start},
};

/// A row that cannot even be read is looked at again after this time, and stops nobody meanwhile.
const UNREADABLE: TimeDelta = TimeDelta::seconds(60);

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing was due.
    Idle,
    Worked,
    /// The way to the mail server is shut, or as much has left as may, until this real instant.
    Shut(DateTime<Utc>),
}

/// Takes what is due, with the other senders of this process, and sends it, one by one.
pub async fn send_deliveries(app: &App, hands: &Hands, sender: &mut Sender) -> store::Result<Round> {
    // What is asked to stop begins nothing new.
    if app.is_closing() || app.config.mail.mode == MailMode::Hold {
        return Ok(Round::Idle);
    }
    let now = app.clock.now();
    let found = due::for_sender(app.db.reader(), now).await?;
    if found.is_silent {
        return Ok(Round::Idle);
    }
    count_the_day(app, now).await?;
    let round = match app.post.turn(now.real) {
        Turn::Wait(until) => return Ok(Round::Shut(until)),
        Turn::Go => work_off(app, sender, hands.next(app, &found).await?).await,
        Turn::Probe if !found.has_mail => Ok(Round::Idle),
        Turn::Probe => work_off(app, sender, Hand::claim(app, 1).await?.map(Arc::new)).await,
    };
    if !matches!(round, Ok(Round::Worked)) {
        app.post.not_probed();
    }
    app.metrics.shut(app.post.shut_since());
    round
}

async fn count_the_day(app: &App, now: Now) -> store::Result<()> {
    if app.post.wants_count(now.real) {
        let sent = ledger::count_sent(app.db.reader(), now.program - TimeDelta::days(1)).await?;
        app.post.counted(sent, now.real);
    }
    Ok(())
}

async fn work_off(app: &App, sender: &mut Sender, hand: Option<Arc<Hand>>) -> store::Result<Round> {
    let Some(hand) = hand else { return Ok(Round::Idle) };
    let mut work = Work { app, hand: &hand, settled: Vec::new(), shut: None };
    let mut ready = work.next().await?;
    while let Some(prepared) = ready {
        ready = match work.begin(prepared).await? {
            Some(begun) => work.send(sender, begun).await?,
            None => work.next().await?,
        };
    }
    let shut = work.shut;
    hand.ended(app);
    Ok(shut.map_or(Round::Worked, Round::Shut))
}

/// One sender's part of what is worked off.
struct Work<'a> {
    app: &'a App,
    hand: &'a Hand,
    /// What does not leave now, and is still to be written down.
    settled: Vec<(Delivery, Outcome)>,
    shut: Option<DateTime<Utc>>,
}

/// Ready to leave: nothing is written of it yet.
struct Prepared {
    row: Delivery,
    letter: Box<Letter>,
    /// `None`: what was found may be true no more.
    looked: Option<Instant>,
}

impl Prepared {
    fn is_fresh(&self) -> bool {
        self.looked.is_some_and(|looked| looked.elapsed() < FRESH)
    }
}

/// Written down as on its way, since this instant.
struct Begun {
    row: Delivery,
    letter: Box<Letter>,
    since: Instant,
}

impl Work<'_> {
    /// The next row that may leave; what may not is written down as what it is, all that is found on the way there in
    /// one commit: after a standstill that is most of what waits.
    async fn next(&mut self) -> store::Result<Option<Prepared>> {
        let found = self.found().await;
        self.write_down().await?;
        found
    }

    async fn write_down(&mut self) -> store::Result<()> {
        let settled = std::mem::take(&mut self.settled);
        let wrote = finish_all(self.app, &settled).await?;
        for ((row, outcome), wrote) in settled.iter().zip(wrote) {
            span(row).in_scope(|| told(self.app, row, outcome, wrote));
        }
        Ok(())
    }

    async fn found(&mut self) -> store::Result<Option<Prepared>> {
        while let Some(row) = self.hand.take() {
            let span = span(&row);
            if let Some(prepared) = self.prepare(row).instrument(span).await? {
                return Ok(Some(prepared));
            }
        }
        Ok(None)
    }

    async fn prepare(&mut self, row: Delivery) -> store::Result<Option<Prepared>> {
        let app = self.app;
        let now = app.clock.now();
        let unspent = |until: DateTime<Utc>, why: &str| Outcome::GivenBack(until, why.to_owned());
        let half = self.hand.claim.lease.lasts.to_std().unwrap_or_default() / 2;
        let outcome = if let Some(until) = self.shut {
            unspent(until, "the mail server cannot be reached")
        } else if app.is_closing() {
            unspent(now.real, "Trellis was stopped")
        } else if self.hand.age() > half {
            unspent(now.real, "those before it took long")
        } else {
            match self.made_ready(&row, now).await {
                Ok((Ready::Send(letter), looked)) => match app.post.permit(letter.envelope.to.domain(), now.real) {
                    at if at <= now.real => return Ok(Some(Prepared { row, letter, looked: Some(looked) })),
                    later => unspent(later, "as much has left as may; it waits for its turn"),
                },
                Ok((Ready::Later(turn), _)) => {
                    wait_turn(app, &row, turn, now).await?;
                    return Ok(None);
                }
                Ok((Ready::Waits(until, why), _)) => unspent(until, why),
                Ok((Ready::Changed, _)) => {
                    say_again(app, &row, now).await?;
                    return Ok(None);
                }
                Ok((Ready::Settled(state, reason), _)) => Outcome::Recorded(settled(state, reason, now)),
                Err(error) => {
                    tracing::error!(%error, "what a mail is about cannot be read; it is looked at again");
                    unspent(now.real + UNREADABLE, "what it is about cannot be read just now")
                }
            }
        };
        self.settled.push((row, outcome));
        Ok(None)
    }

    /// With what was found about all, and when.
    async fn made_ready(&self, row: &Delivery, now: Now) -> store::Result<(Ready, Instant)> {
        let known = self.hand.known(self.app, row, now).await?;
        Ok((make_ready(self.app, row, &known, now).await?, known.read_at()))
    }

    /// Writes down that it is on its way, committed before its first byte leaves. `None`: it is not.
    async fn begin(&mut self, prepared: Prepared) -> store::Result<Option<Begun>> {
        let app = self.app;
        let is_good = prepared.is_fresh() && self.shut.is_none() && !app.is_closing();
        let prepared = if is_good {
            prepared
        } else {
            let id = span(&prepared.row);
            let again = self.prepare(prepared.row).instrument(id).await?;
            self.write_down().await?;
            let Some(again) = again else { return Ok(None) };
            again
        };
        let (Prepared { row, letter, .. }, since) = (prepared, Instant::now());
        let lease = self.renewed();
        let next = ledger::Begun { row: (&row).into(), frozen: letter.frozen.clone(), lease };
        let written = app.ledger.write(&app.db, Entry { sent: None, begun: Some(next) }).await?;
        Ok(written.begun.then_some(Begun { row, letter, since }))
    }

    /// The lease of the claim, counted from now.
    fn renewed(&self) -> Lease {
        Lease { token: self.hand.claim.lease.token, ..lease(self.app, self.app.clock.now()) }
    }

    /// Hands one over while the next is made ready. As long as that one may follow at once, it does; what may not is
    /// returned.
    async fn send(&mut self, sender: &mut Sender, begun: Begun) -> store::Result<Option<Prepared>> {
        let (app, hand, mut current) = (self.app, self.hand, begun);
        loop {
            let id = span(&current.row);
            let together = {
                let handing = pin!(hand_over(app, sender, &current).instrument(id));
                match select(handing, pin!(self.next())).await {
                    Either::Right((next, mut handing)) => match wait_for(&mut handing, FRESH).await {
                        Some(attempt) => Ok((attempt, next)),
                        // What was made ready would have to be looked at again: another sender may do that.
                        None => {
                            let nothing = next.map(|next| {
                                next.into_iter().for_each(|next| hand.put_back(next.row));
                                None
                            });
                            Ok((handing.await, nothing))
                        }
                    },
                    // Nothing is there to share a commit with, so it is written at once; beside the other, which may
                    // hold the one connection that writes.
                    Either::Left((attempt, next)) => Err(join(record(app, &current, &attempt), next).await),
                }
            };
            let (attempt, next) = match together {
                Ok(together) => together,
                Err((shut, next)) => {
                    self.shut = shut?;
                    return next;
                }
            };
            let follows = |next: &Prepared| next.is_fresh() && !app.is_closing();
            current = match next {
                Ok(Some(next)) if matches!(attempt, Attempt::Accepted { .. }) && follows(&next) => {
                    match record_and_begin(app, (&current, &attempt), (next, self.renewed())).await? {
                        Some(begun) => begun,
                        None => return self.next().await,
                    }
                }
                next => {
                    self.shut = record(app, &current, &attempt).await?;
                    // The server said no to the one before: that may be about this one, too.
                    return match next? {
                        Some(next) => Ok(Some(Prepared { looked: None, ..next })),
                        None => self.next().await,
                    };
                }
            };
        }
    }
}

fn span(row: &Delivery) -> tracing::Span {
    tracing::info_span!("delivery", id = %row.id, occasion = %row.occasion)
}

async fn hand_over(app: &App, sender: &mut Sender, begun: &Begun) -> Attempt {
    let began = Instant::now();
    let mail = (&begun.letter.envelope, begun.letter.frozen.message.as_slice());
    let attempt = sender.send_unless(mail, begun.since, app.must_let_go()).await;
    app.metrics.tried(began.elapsed());
    attempt
}

/// Writes down what became of an attempt. The instant: until when the way is shut.
async fn record(app: &App, begun: &Begun, attempt: &Attempt) -> store::Result<Option<DateTime<Utc>>> {
    let (domain, now) = (begun.letter.envelope.to.domain(), app.clock.now());
    let (outcome, shut) = decide(app, &begun.row, (attempt, domain), now);
    if is_plain(&begun.row) && matches!(attempt, Attempt::Accepted { .. }) {
        let sent = Some(((&begun.row).into(), now));
        let written = app.ledger.write(&app.db, Entry { sent, begun: None }).await?;
        span(&begun.row).in_scope(|| told(app, &begun.row, &outcome, written.sent));
        return Ok(shut);
    }
    finish(app, &begun.row, State::Sending, &outcome).instrument(span(&begun.row)).await?;
    Ok(shut)
}

/// The outcome of one and the intention of the next in one commit. `None`: the next is not ours any more.
async fn record_and_begin(
    app: &App,
    (begun, attempt): (&Begun, &Attempt),
    (next, lease): (Prepared, Lease),
) -> store::Result<Option<Begun>> {
    let (now, since) = (app.clock.now(), Instant::now());
    let (outcome, _) = decide(app, &begun.row, (attempt, begun.letter.envelope.to.domain()), now);
    let Letter { frozen, .. } = &*next.letter;
    let intention = ledger::Begun { row: (&next.row).into(), frozen: frozen.clone(), lease };
    let (has_written, has_begun) = if is_plain(&begun.row) {
        let sent = Some(((&begun.row).into(), now));
        let written = app.ledger.write(&app.db, Entry { sent, begun: Some(intention) }).await?;
        (written.sent, written.begun)
    } else {
        transact!(app.db, |tx| {
            let has_written = write(app, tx, (&begun.row, State::Sending), (&outcome, now)).await?;
            let has_begun = ledger::start_sending(tx, &intention).await?;
            Ok::<_, store::Error>((has_written, has_begun))
        })?
    };
    span(&begun.row).in_scope(|| told(app, &begun.row, &outcome, has_written));
    Ok(has_begun.then_some(Begun { row: next.row, letter: next.letter, since }))
}

/// That it was sent is all that is to be written: no calendar has the session now, and no secret is to be forgotten.
fn is_plain(row: &Delivery) -> bool {
    row.occasion != Occasion::Invite && row.category != Category::Security
}
