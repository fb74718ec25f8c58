//! When do we look? Loops, no logic.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{sync::watch, task::JoinSet, time};

use crate::{
    actions::{
        coach_note::note_coaches,
        complete_people::complete_people,
        follow_time_zones::follow_time_zones,
        look_into_mailbox::Watch,
        release_due::release_due,
        send_deliveries::{Hands, Round, forget, send_deliveries, sweep},
    },
    app::{App, Closing},
};

/// However quiet it is, we look this often.
const TICK: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(15);
const FORGET: Duration = Duration::from_secs(3_600);
/// A way that is shut is looked at this often, whatever was said of it.
const LONGEST_REST: Duration = Duration::from_secs(60);
const SHORTEST_REST: Duration = Duration::from_millis(10);
/// What is on the wire when we are asked to stop has this long: enough for a mail server that is well.
const LET_GO: Duration = Duration::from_secs(6);
/// Long enough to write down what was let go of.
const GIVE_UP: Duration = Duration::from_secs(3);

/// Everything that goes on by itself, until it is stopped.
#[derive(Debug)]
pub struct Worker {
    tasks: JoinSet<()>,
    stop: watch::Sender<()>,
    app: Arc<App>,
}

impl Worker {
    #[must_use]
    pub fn start(app: &Arc<App>) -> Self {
        let (stop, stopped) = watch::channel(());
        let mut tasks = JoinSet::new();
        let (of_planner, planner_stopped) = (app.clone(), stopped.clone());
        tasks.spawn(async move {
            // Before anything is released by instants that are not true any more.
            report("following new time zones", follow_time_zones(&of_planner).await.map(drop));
            every(TICK, planner_stopped, of_planner, async |app| {
                report("releasing what is due", release_due(app).await.map(drop));
            })
            .await;
        });
        // A lease that ran out is found before another of its length is over.
        let lease = Duration::from_secs(u64::from(app.config.mail.attempt_seconds) * 2);
        tasks.spawn(now_and_then(lease.min(SWEEP), stopped.clone(), app.clone(), async |app| {
            report("sweeping leases", sweep(app).await);
        }));
        tasks.spawn(now_and_then(SWEEP, stopped.clone(), app.clone(), async |app| {
            report("completing", complete_people(app).await.map(drop));
            report("noting the coaches", note_coaches(app).await.map(drop));
        }));
        tasks.spawn(now_and_then(FORGET, stopped.clone(), app.clone(), async |app| {
            report("forgetting", forget(app).await);
        }));
        if let Some(watch) = Watch::of(app) {
            tasks.spawn(look(app.clone(), stopped.clone(), watch));
        }
        let hands = Arc::<Hands>::default();
        for nth in 0..app.config.mail.most_senders.max(app.config.mail.senders) {
            tasks.spawn(send(nth, app.clone(), hands.clone(), stopped.clone()));
        }
        Self { tasks, stop, app: app.clone() }
    }

    /// Lets each loop finish what it has in its hands; nothing is left on the wire. A mail that a server does not
    /// take in time is let go of, and written down as in doubt.
    pub async fn stop(mut self) {
        drop(self.stop);
        self.app.closing.send_if_modified(|closing| {
            *closing < Closing::Draining && {
                *closing = Closing::Draining;
                true
            }
        });
        let drained = async { while self.tasks.join_next().await.is_some() {} };
        if time::timeout(LET_GO, drained).await.is_err() {
            self.app.closing.send_replace(Closing::Now);
            let let_go = async { while self.tasks.join_next().await.is_some() {} };
            if time::timeout(GIVE_UP, let_go).await.is_err() {
                tracing::warn!("something does not end; what it had begun is found by the next start");
                self.tasks.abort_all();
            }
        }
    }
}

/// Looks now, then whenever the bell rings or the period is over.
pub(crate) async fn every(
    period: Duration,
    mut stopped: watch::Receiver<()>,
    app: Arc<App>,
    look: impl AsyncFn(&Arc<App>),
) {
    loop {
        if AssertUnwindSafe(look(&app)).catch_unwind().await.is_err() {
            tracing::error!("a look panicked; the next one comes all the same");
        }
        tokio::select! {
            _ = stopped.changed() => return,
            () = time::sleep(period) => {}
            () = app.bell.notified() => {}
        }
    }
}

/// Looks now, then whenever the period is over: for what no commit makes urgent.
async fn now_and_then(
    period: Duration,
    mut stopped: watch::Receiver<()>,
    app: Arc<App>,
    look: impl AsyncFn(&Arc<App>),
) {
    loop {
        if AssertUnwindSafe(look(&app)).catch_unwind().await.is_err() {
            tracing::error!("a look panicked; the next one comes all the same");
        }
        tokio::select! {
            _ = stopped.changed() => return,
            () = time::sleep(period) => {}
        }
    }
}

/// The first few work, the others rest until the mail server takes more at once.
async fn send(nth: usize, app: Arc<App>, hands: Arc<Hands>, mut stopped: watch::Receiver<()>) {
    let mut sender = app.mailer.sender();
    while stopped.has_changed().is_ok() && !app.is_closing() {
        let is_wanted = nth < app.post.sessions();
        let pause = if is_wanted {
            match AssertUnwindSafe(send_deliveries(&app, &hands, &mut sender)).catch_unwind().await {
                Ok(Ok(Round::Worked)) => continue,
                Ok(Ok(Round::Idle)) => TICK,
                Ok(Ok(Round::Shut(until))) => {
                    sender.close().await;
                    (until - app.clock.now().real).to_std().unwrap_or_default().clamp(SHORTEST_REST, LONGEST_REST)
                }
                Ok(Err(error)) => {
                    report("sending", Err(error));
                    TICK
                }
                Err(_panic) => {
                    // Nothing is known of the connection, either.
                    sender = app.mailer.sender();
                    tracing::error!("a sender panicked; what it had in hand is found when its lease is over");
                    TICK
                }
            }
        } else {
            sender.close().await;
            TICK
        };
        tokio::select! {
            _ = stopped.changed() => break,
            () = time::sleep(pause) => {}
            () = app.bell.notified(), if is_wanted => {}
        }
    }
    sender.close().await;
}

/// Looks into the mailbox of bounces, and waits there for the next mail.
async fn look(app: Arc<App>, mut stopped: watch::Receiver<()>, mut watch: Watch) {
    let most = Duration::from_secs(u64::from(app.config.bounces.look_every_seconds));
    while stopped.has_changed().is_ok() {
        match AssertUnwindSafe(watch.look(&app)).catch_unwind().await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the mailbox of bounces cannot be looked into; it is tried again"),
            Err(_panic) => tracing::error!("looking into the mailbox of bounces panicked; it is tried again"),
        }
        tokio::select! {
            _ = stopped.changed() => break,
            () = watch.wait(most) => {}
        }
    }
    watch.close().await;
}

fn report(what: &str, outcome: Result<(), crate::store::Error>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "{what} failed; it is tried again");
    }
}
