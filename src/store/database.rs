//! Which database is it, who writes to it, and in which order?

use std::{path::PathBuf, time::Duration};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, IsolationLevel,
    TransactionTrait,
};

use super::{
    FromStore, Result,
    freshness::{Source, Stamp},
    sent_forms,
    writer::{Turn, Wish, Writer},
};

/// A writing transaction.
pub type Tx = DatabaseTransaction;

/// One writer and several readers on SQLite; one pool on PostgreSQL.
#[derive(Debug, Clone)]
pub struct Database {
    /// PostgreSQL lets the commits of its connections share a write by itself.
    writer: Option<Writer>,
    reader: DatabaseConnection,
}

/// A transaction in which something is being written.
#[derive(Debug)]
pub enum Writing {
    /// A turn at SQLite's one writer.
    Shared(Turn),
    /// On a connection of its own, on PostgreSQL.
    Own(Tx),
}

impl Writing {
    #[must_use]
    pub fn tx(&self) -> &Tx {
        match self {
            Self::Shared(turn) => turn.tx(),
            Self::Own(tx) => tx,
        }
    }

    async fn end(self, wish: Wish) -> Result<()> {
        match (self, wish) {
            (Self::Shared(turn), wish) => turn.end(wish).await,
            (Self::Own(tx), Wish::Keep) => Ok(tx.commit().await?),
            (Self::Own(tx), Wish::TakeBack) => Ok(tx.rollback().await?),
        }
    }
}

const ROWS_AHEAD: usize = 300;

/// A whole transaction is tried this often when PostgreSQL asks for it (40001, 40P01).
const TRIES: usize = 5;

impl Database {
    /// Opens `sqlite://FILE` (made when missing) or `postgres://…`.
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url, connections).await
        } else {
            Self::open_postgres(url, connections).await
        }
    }

    async fn open_sqlite(url: &str, connections: u32) -> Result<Self> {
        let base = url.split('?').next().unwrap_or(url);
        make_private(base);
        let options = |most: u32| {
            let mut options = ConnectOptions::new(format!("{base}?mode=rwc"));
            options
                .max_connections(most)
                .min_connections(1)
                .sqlx_logging(false)
                // There is no network in between: whether it is still there need not be asked before each question.
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(30));
            options
        };
        let mut write = options(1);
        write.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("secure_delete", "ON")
                // In pages: a checkpoint writes each page once, however often it changed since the last.
                .pragma("wal_autocheckpoint", "8000")
                // In KiB: what the senders write, in a large ledger, stays at hand.
                .pragma("cache_size", "-16000")
                // A statement over many rows notes what it changes, to take it back alone: in memory, not in a file.
                .pragma("temp_store", "MEMORY")
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                // So many rows of an answer wait for nobody to take them.
                .row_buffer_size(ROWS_AHEAD)
        });
        let writer = Writer::open(write).await?;
        let mut read = options(connections);
        read.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .pragma("query_only", "ON")
                .pragma("temp_store", "MEMORY")
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .row_buffer_size(ROWS_AHEAD)
        });
        let reader = sea_orm::Database::connect(read).await?;
        Ok(Self { writer: Some(writer), reader })
    }

    async fn open_postgres(url: &str, connections: u32) -> Result<Self> {
        let mut options = ConnectOptions::new(url.to_owned());
        options
            .max_connections(connections.max(2))
            .min_connections(1)
            .sqlx_logging(false)
            .acquire_timeout(Duration::from_secs(30));
        options.map_sqlx_postgres_opts(|postgres| {
            postgres.options([
                ("statement_timeout", "30s"),
                ("lock_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "30s"),
                ("timezone", "UTC"),
            ])
        });
        let pool = sea_orm::Database::connect(options).await?;
        Ok(Self { writer: None, reader: pool })
    }

    /// Brings the tables up to date; two processes that start together take turns.
    pub async fn migrate(&self) -> Result<()> {
        let newer = if let Some(writer) = &self.writer {
            migrations::up(&writer.connection()).await?
        } else {
            let lock = self.reader.begin().await?;
            lock.execute_unprepared("SELECT pg_advisory_xact_lock(7355608)").await?;
            let newer = migrations::up(&lock).await?;
            lock.commit().await?;
            newer
        };
        if !newer.is_empty() {
            let steps = newer.join(", ");
            tracing::warn!(%steps, "a newer Trellis was here; this one works beside it for one release, so install the newer soon");
        }
        Ok(())
    }

    /// For reading: never blocks a writer on SQLite.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For reading much together: as it is now, whatever is written meanwhile. SQLite keeps in mind what it has read
    /// until the end, where it would forget it after each question.
    pub async fn snapshot(&self) -> Result<Tx> {
        if !self.is_shared() {
            return Ok(self.reader.begin().await?);
        }
        // Unasked, PostgreSQL would show each question what was committed since the one before.
        let (as_one, reading) = (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly));
        Ok(self.reader.begin_with_config(as_one, reading).await?)
    }

    pub async fn end_snapshot(snapshot: Tx) -> Result<()> {
        Ok(snapshot.commit().await?)
    }

    /// `true` when several processes may serve from it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.writer.is_none()
    }

    /// How often these tables have changed: ask before the first read that an answer is made of, and keep it beside
    /// the answer, which holds while the stamp is the same. `None`: nothing may be kept, see `store::freshness`.
    pub async fn stamp(&self, sources: &[Source]) -> Option<Stamp> {
        self.writer.as_ref()?.stamp(sources).await
    }

    /// Begins a writing transaction; `transact!` is the one way to call it. The form on its way is marked as
    /// sent; if it was sent before, nothing begins.
    pub async fn begin(&self) -> Result<Writing> {
        let writing = self.begin_aside().await?;
        match sent_forms::mark(writing.tx()).await {
            Ok(()) => Ok(writing),
            Err(error) => {
                writing.end(Wish::TakeBack).await?;
                Err(error)
            }
        }
    }

    /// Begins a transaction that is not what the form on its way is for.
    pub async fn begin_aside(&self) -> Result<Writing> {
        Ok(match &self.writer {
            Some(writer) => Writing::Shared(writer.turn().await?),
            None => Writing::Own(self.reader.begin().await?),
        })
    }

    /// For a write that many wait for together: it is driven where SQLite's writer is, if that is what there is.
    pub async fn beside_writer(&self, work: impl Future<Output = ()> + Send + 'static) {
        match &self.writer {
            Some(writer) => writer.beside(work).await,
            None => work.await,
        }
    }

    /// Tells how many writes shared each commit, on SQLite.
    pub fn watch_commits(&self, told: impl Fn(usize) + Send + Sync + 'static) {
        if let Some(writer) = &self.writer {
            writer.watch(told);
        }
    }

    /// Begins work inside of a transaction that can be taken back alone, or is in any case: see `take_back`, `keep`.
    pub async fn begin_within(tx: &Tx) -> Result<Tx> {
        Ok(tx.begin().await?)
    }

    /// The inner work stays, if what surrounds it does.
    pub async fn keep(inner: Tx) -> Result<()> {
        Ok(inner.commit().await?)
    }

    /// Nothing of the inner work stays; what surrounds it goes on.
    pub async fn take_back(inner: Tx) -> Result<()> {
        Ok(inner.rollback().await?)
    }

    /// Commits what went well and takes back the rest. `None`: PostgreSQL wants the whole of it again.
    pub async fn end<T, E: FromStore>(
        &self,
        writing: Writing,
        outcome: std::result::Result<T, E>,
        tries: usize,
    ) -> Option<std::result::Result<T, E>> {
        let wish = if outcome.is_ok() { Wish::Keep } else { Wish::TakeBack };
        let ended = writing.end(wish).await.map_err(E::from).and(outcome);
        sent_forms::ended(ended.is_ok());
        match ended {
            Err(error) if tries < TRIES && error.as_store().is_some_and(|error| error.wants_another_try(tries)) => None,
            ended => Some(ended),
        }
    }

    /// Closes the connections once what runs on them is done.
    pub async fn close(self) -> Result<()> {
        self.reader.close().await?;
        if let Some(writer) = &self.writer {
            writer.connection().close().await?;
        }
        Ok(())
    }
}

/// The file of an SQLite database; `None` for PostgreSQL.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.split('?').next().unwrap_or(url).strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.trim_start_matches("//")))
}

/// A new database file is readable by its owner only; SQLite gives the files beside it the same rights. Where
/// it cannot be made, opening it says why.
fn make_private(url: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let _made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

/// The one way to write: all of the body or nothing of it, durable when it returns. The body is the inside
/// of an `async` block, it may run more than once, and so it does nothing but SQL.
///
/// The first of a request that commits makes its form count; `transact!(aside …)` does not: for what is only
/// noted on the way, such as a try that is counted.
///
/// A macro because the future of a closure that borrows cannot be shown to be `Send` to those who spawn it.
#[macro_export]
macro_rules! transact {
    (aside $db:expr, |$tx:ident| $body:expr) => {
        $crate::transact!(begin_aside of $db, |$tx| $body)
    };
    ($begin:ident of $db:expr, |$tx:ident| $body:expr) => {{
        let mut tries = 0;
        loop {
            tries += 1;
            let writing = $db.$begin().await?;
            let $tx = writing.tx();
            let outcome = async { $body }.await;
            if let Some(ended) = $db.end(writing, outcome, tries).await {
                break ended;
            }
        }
    }};
    ($db:expr, |$tx:ident| $body:expr) => {
        $crate::transact!(begin of $db, |$tx| $body)
    };
}
