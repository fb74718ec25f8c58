//! How many places are held at any moment while everybody presses? A look every few milliseconds, on a thread of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;
use tokio::runtime::Handle;

use crate::{
    app::App,
    domain::{enrollment::Standing, ids::CohortId},
    store::{cohorts, enrollments},
};

const EVERY: Duration = Duration::from_millis(20);

pub(super) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<usize>>,
}

impl Watch {
    pub(super) fn begin(app: Arc<App>, cohort: CohortId) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, runtime) = (is_over.clone(), Handle::current());
        let thread = thread::spawn(move || {
            let mut most = 0;
            while !over.load(Ordering::Relaxed) {
                most = runtime.block_on(held(&app, cohort))?.max(most);
                thread::sleep(EVERY);
            }
            Ok(most)
        });
        Self { is_over, thread }
    }

    /// The most places that were held at once.
    pub(super) fn end(self) -> anyhow::Result<usize> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the watch broke")?
    }
}

/// Places that are counted as held, or people who take part: whichever is more.
async fn held(app: &App, cohort: CohortId) -> anyhow::Result<usize> {
    let db = app.db.reader();
    let row = cohorts::anywhere(db, cohort).await?.context("the cohort")?;
    let take_part = enrollments::count_in(db, cohort, Standing::Enrolled).await?;
    Ok(usize::try_from(row.seats_taken)?.max(usize::try_from(take_part)?))
}
