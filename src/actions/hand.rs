//! What do the senders of one process work off together?
//!
//! Rows that were claimed at once, side by side in the ledger. Each sender takes the next of them whenever it is free:
//! who is held up holds up one mail, and what shares a commit lies on few pages.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    app::App,
    clock::Now,
    store::{
        self,
        due::ForSender,
        ledger::{self, Claim, Delivery, Working},
    },
    transact,
};

use super::{compose::gather::Gathered, record_attempt::lease};

/// What was found about a mail is believed for this long; older, and there is another look.
pub(super) const FRESH: Duration = Duration::from_millis(500);

/// Which rows the senders of a process have in hand.
#[derive(Debug, Default)]
pub struct Hands(tokio::sync::Mutex<Option<Arc<Hand>>>);

impl Hands {
    /// What is being worked off, or else what is due now, where something was found. `None`: nothing is.
    pub(super) async fn next(&self, app: &App, found: &ForSender) -> store::Result<Option<Arc<Hand>>> {
        let mut current = self.0.lock().await;
        if let Some(hand) = current.as_ref().filter(|hand| !hand.is_empty()) {
            return Ok(Some(hand.clone()));
        }
        // As long as somebody is at it, something may be put back. Whoever went away in the middle of it is found by
        // the sweeper.
        if current.as_ref().is_some_and(|hand| Arc::strong_count(hand) == 1) {
            *current = None;
        }
        if !found.has_mail {
            return Ok(None);
        }
        let next = Hand::claim(app, app.post.in_a_hand()).await?.map(Arc::new);
        if next.is_some() {
            current.clone_from(&next);
        }
        Ok(next)
    }
}

/// Rows of one practice and one urgency under one lease.
#[derive(Debug)]
pub(super) struct Hand {
    pub claim: Claim,
    rows: Vec<Delivery>,
    taken: AtomicUsize,
    /// Taken by somebody who was held up with another.
    returned: Mutex<Vec<Delivery>>,
    since: Instant,
    /// What was found about them all.
    known: tokio::sync::Mutex<Option<Arc<Gathered>>>,
    is_counted: AtomicBool,
    _at_work: Working,
}

impl Hand {
    /// Takes at most so many of what is due.
    pub(super) async fn claim(app: &App, most: u64) -> store::Result<Option<Self>> {
        let now = app.clock.now();
        let claim = Claim { lease: lease(app, now), most, served: app.post.served() };
        let at_work = app.at_work.begin(claim.lease.token);
        let rows = transact!(app.db, |tx| ledger::claim(tx, &claim, now).await)?;
        let Some(first) = rows.first() else { return Ok(None) };
        app.post.serve(first.practice_id);
        let since = Instant::now();
        // What cannot be read of one of them is found out one by one.
        let known = Gathered::of(app, &rows, now).await.ok().map(Arc::new);
        Ok(Some(Self {
            claim,
            rows,
            taken: AtomicUsize::new(0),
            returned: Mutex::default(),
            since,
            known: tokio::sync::Mutex::new(known),
            is_counted: AtomicBool::new(false),
            _at_work: at_work,
        }))
    }

    fn is_empty(&self) -> bool {
        self.taken.load(Ordering::Acquire) >= self.rows.len() && self.returned().is_empty()
    }

    /// The next row, which nobody else has taken.
    pub(super) fn take(&self) -> Option<Delivery> {
        let next = self.rows.get(self.taken.fetch_add(1, Ordering::AcqRel)).cloned();
        next.or_else(|| self.returned().pop())
    }

    /// Whoever is free next takes it; nobody has it until then.
    pub(super) fn put_back(&self, row: Delivery) {
        self.returned().push(row);
    }

    fn returned(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long ago they were claimed.
    pub(super) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// What is known about this row; read anew for all of them when it may be true no more. What cannot be read of
    /// one is no hindrance to the others.
    pub(super) async fn known(&self, app: &App, row: &Delivery, now: Now) -> store::Result<Arc<Gathered>> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.read_at().elapsed() < FRESH) {
            return Ok(known.clone());
        }
        *known = Gathered::of(app, &self.rows, now).await.ok().map(Arc::new);
        match known.as_ref() {
            Some(known) => Ok(known.clone()),
            None => Ok(Arc::new(Gathered::of(app, std::slice::from_ref(row), now).await?)),
        }
    }

    /// A sender found nothing more in it: the first to say so tells how long a mail took.
    pub(super) fn ended(&self, app: &App) {
        if !self.is_counted.swap(true, Ordering::AcqRel) {
            app.post.took(self.age() / u32::try_from(self.rows.len()).unwrap_or(u32::MAX).max(1));
        }
    }
}
