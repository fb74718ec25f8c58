//! Is what was read a moment ago still so? Then the answer made of it can be given again without reading.
//!
//! On SQLite one process writes through one connection, which tells of every row that it touches. After a commit,
//! and before those who wrote are answered, the count of each table it touched is raised. Whoever makes an answer
//! looks at the counts of the tables it is made of *before* reading, and keeps them beside it; as long as they stand
//! where they stood, the answer is what would be read now. So nobody who was told that something is written can be
//! shown what was before it.
//!
//! Commands such as `trellis receive` write beside this process. SQLite tells a connection when another one wrote
//! (`PRAGMA data_version`), and the writer is asked for that at most once a second, and only while somebody wants
//! to know: what another process wrote is seen a second later at most. On PostgreSQL others write all the time, and
//! nothing tells us of it in time: there is no stamp, and every answer is made anew.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use sea_orm::{ConnectOptions, ConnectionTrait, DbErr, Statement};

/// A table that kept answers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Practices,
    Programs,
    Cohorts,
    Weeks,
    Sessions,
    Participants,
    Enrollments,
    Invites,
}

impl Source {
    pub const ALL: [Self; 8] = [
        Self::Practices,
        Self::Programs,
        Self::Cohorts,
        Self::Weeks,
        Self::Sessions,
        Self::Participants,
        Self::Enrollments,
        Self::Invites,
    ];

    /// As the schema calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Practices => "practices",
            Self::Programs => "programs",
            Self::Cohorts => "cohorts",
            Self::Weeks => "weeks",
            Self::Sessions => "sessions",
            Self::Participants => "participants",
            Self::Enrollments => "enrollments",
            Self::Invites => "invites",
        }
    }

    fn bit(self) -> u64 {
        1 << self as usize
    }
}

/// How often some tables had changed at one moment. The counts only rise, so two equal sums are of equal counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

#[cfg(test)]
impl Stamp {
    pub(crate) fn sample(count: u64) -> Self {
        Self(count)
    }
}

/// So long at most a write of another process is not noticed.
const UNSEEN: Duration = Duration::from_secs(1);

/// The writer looks by itself this long after the last look: under load nobody waits for one.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What the writer tells, and its readers ask.
#[derive(Debug)]
pub(super) struct Changes {
    /// A bit for each table that was touched since counts were last raised.
    touched: AtomicU64,
    counts: [AtomicU64; Source::ALL.len()],
    began: Instant,
    /// Microseconds after `began` at which nobody else had written; 0: not known.
    looked: AtomicU64,
    /// Whether anybody ever asked.
    wanted: AtomicBool,
    /// A transaction is open: a look would wait for its end.
    pub(super) busy: AtomicBool,
    /// One of those who ask sends for a look, the others wait for what comes of it.
    pub(super) looking: tokio::sync::Mutex<()>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            touched: AtomicU64::default(),
            counts: Default::default(),
            began: Instant::now(),
            looked: AtomicU64::default(),
            wanted: AtomicBool::default(),
            busy: AtomicBool::default(),
            looking: tokio::sync::Mutex::default(),
        }
    }
}

impl Changes {
    /// Every connection opened with these options tells of the rows it touches.
    pub(super) fn listen(self: &std::sync::Arc<Self>, options: &mut ConnectOptions) {
        let changes = self.clone();
        options.map_sqlx_sqlite_pool_opts(move |pool| {
            let changes = changes.clone();
            pool.after_connect(move |connection, _| {
                let changes = changes.clone();
                Box::pin(async move {
                    connection.lock_handle().await?.set_update_hook(move |row| changes.touch(row.table));
                    Ok(())
                })
            })
        });
    }

    fn touch(&self, table: &str) {
        if let Some(table) = Source::ALL.into_iter().find(|one| one.name() == table) {
            self.touched.fetch_or(table.bit(), Ordering::AcqRel);
        }
    }

    /// After a commit, before anybody hears of it. Also after one that failed: a count too many does no harm.
    pub(super) fn tell(&self) {
        let touched = self.touched.swap(0, Ordering::AcqRel);
        for table in Source::ALL.into_iter().filter(|table| touched & table.bit() != 0) {
            self.raise(table);
        }
    }

    fn raise(&self, table: Source) {
        self.counts[table as usize].fetch_add(1, Ordering::AcqRel);
    }

    /// The stamp of these tables, if nobody else can have written to them.
    pub(super) fn stamp(&self, sources: &[Source]) -> Option<Stamp> {
        self.wanted.store(true, Ordering::Release);
        let sum = |sum: u64, source: &Source| sum.wrapping_add(self.counts[*source as usize].load(Ordering::Acquire));
        (self.looked_ago()? < UNSEEN).then(|| Stamp(sources.iter().fold(0, sum)))
    }

    fn looked_ago(&self) -> Option<Duration> {
        let looked = self.looked.load(Ordering::Acquire);
        (looked > 0).then(|| self.began.elapsed().saturating_sub(Duration::from_micros(looked)))
    }

    pub(super) fn wants_a_look(&self) -> bool {
        self.wanted.load(Ordering::Acquire) && self.looked_ago().is_none_or(|ago| ago > LOOK_AGAIN)
    }

    /// Asks the writer's own connection whether another one wrote; `known` is what it said the last time.
    pub(super) async fn look(&self, connection: &impl ConnectionTrait, known: &mut Option<i32>) {
        let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        match version(connection).await {
            Ok(version) => {
                if known.replace(version) != Some(version) {
                    Source::ALL.into_iter().for_each(|table| self.raise(table));
                }
                self.looked.store(now, Ordering::Release);
            }
            Err(error) => tracing::warn!(%error, "the database does not say who else wrote; answers are made anew"),
        }
    }
}

async fn version(connection: &impl ConnectionTrait) -> Result<i32, DbErr> {
    let ask = Statement::from_string(connection.get_database_backend(), "PRAGMA data_version");
    let row = connection.query_one_raw(ask).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("data_version".to_owned()))?.try_get_by_index(0)
}
