//! How far may a rehearsal's clock run? To the next due instant, and no further until all its mail has left.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

use super::{
    household::{remember, remembered},
    story::Story,
};
use crate::{actions::rehearse, app::App, clock::Now, worker};

/// How often we look whether the mail has left: short beside the second that a release takes.
const LOOK: Duration = Duration::from_millis(30);
/// Mail that is spaced by seconds goes out although the clock is paused.
const MOMENT: TimeDelta = TimeDelta::seconds(30);
/// After the last session, so that it is seen to be over.
const AFTERWARD: TimeDelta = TimeDelta::hours(24);

/// What the next start goes on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Saved {
    program: DateTime<Utc>,
    speed: u32,
    is_paused: bool,
}

const REMEMBERED: &str = "demo.clock";

#[derive(Debug)]
struct Driver {
    story: Story,
    was_settled: AtomicBool,
    saved: Mutex<Option<(DateTime<Utc>, Saved)>>,
}

/// The driver at work, until it is stopped.
#[derive(Debug)]
pub struct Driving {
    driver: Arc<Driver>,
    task: JoinHandle<()>,
    stop: watch::Sender<()>,
}

/// Sets the clock to where it was, and drives it from there.
pub async fn start(app: &Arc<App>, story: Story) -> anyhow::Result<Driving> {
    if let Some(text) = remembered(app, REMEMBERED).await? {
        let saved: Saved = serde_json::from_str(&text).context("the saved clock cannot be read")?;
        let real = app.clock.now().real;
        app.clock.turn(|time| {
            (time.program, time.speed, time.is_paused) = (saved.program, saved.speed, saved.is_paused);
            time.barrier = Some(saved.program);
            // Program time is never behind real time; what was due meanwhile is not passed over.
            time.goal = (saved.program < real).then_some(real);
        });
    }
    let driver = Arc::new(Driver { story, was_settled: AtomicBool::new(true), saved: Mutex::new(None) });
    let (stop, stopped) = watch::channel(());
    let looking = driver.clone();
    let look = async move |app: &Arc<App>| {
        if let Err(error) = looking.look(app).await {
            tracing::error!(%error, "the rehearsal's clock stands still; it is tried again");
        }
    };
    let task = tokio::spawn(worker::every(LOOK, stopped, app.clone(), look));
    Ok(Driving { driver, task, stop })
}

impl Driving {
    /// Stops the clock, and writes down where it stands.
    pub async fn stop(self, app: &App) -> anyhow::Result<()> {
        drop(self.stop);
        self.task.await?;
        hold(app);
        self.driver.save(app).await
    }
}

impl Driver {
    async fn look(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let is_settled = rehearse::is_settled(app, now).await?;
        let was_settled = self.was_settled.swap(is_settled, Ordering::Relaxed);
        if is_settled && !self.story.go_on(app, now).await? {
            self.let_run(app, now).await?;
        } else {
            hold(app);
            // Nobody else knows that the time has come: program time does not wake a sleeper.
            if !is_settled && (was_settled || rehearse::is_due(app, now).await?) {
                app.bell.notify_waiters();
            }
        }
        let is_time = self.saved.lock().await.as_ref().is_none_or(|(at, _)| now.real - *at >= TimeDelta::seconds(1));
        if is_time { self.save(app).await } else { Ok(()) }
    }

    /// Everything up to now is done: on to the next due instant.
    async fn let_run(&self, app: &App, now: Now) -> anyhow::Result<()> {
        let due = rehearse::next_instant(app, now).await?;
        let next = due.into_iter().chain(self.story.next_instant().await).min();
        let over = rehearse::end(app).await?.map(|end| end + AFTERWARD).filter(|over| *over > now.program);
        app.clock.turn(|time| {
            time.goal = time.goal.filter(|goal| *goal > time.program);
            time.barrier = next.or(over);
            let moment = due.filter(|at| time.is_paused && *at - time.program <= MOMENT);
            time.goal = time.goal.or(moment);
            // With nothing left to come, running on would show nothing.
            time.is_paused |= time.barrier.is_none();
        });
        Ok(())
    }

    async fn save(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let Some(time) = app.clock.rehearsal() else { return Ok(()) };
        let current = Saved { program: now.program, speed: time.speed, is_paused: time.is_paused };
        let mut saved = self.saved.lock().await;
        if saved.as_ref().is_none_or(|(_, last)| *last != current) {
            remember(app, REMEMBERED, &serde_json::to_string(&current)?).await?;
        }
        *saved = Some((now.real, current));
        Ok(())
    }
}

fn hold(app: &App) {
    app.clock.turn(|time| time.barrier = Some(time.program));
}
