//! How do a thousand writes cost hardly more than one? The writer of SQLite: what waits shares a commit.
//!
//! A commit is a wait for the disk. Whoever writes asks for a turn; while one commit is on its way, others come
//! and wait. When it ends, the next transaction begins and each of them has its turn in it, one after the other,
//! until nobody waits or the batch is full; no timer holds anybody up. The first has the transaction to itself,
//! so that a lone write costs what it always did; each that follows has a savepoint, so that it can be taken back
//! alone. All are answered when the commit came back: also who was refused, because what it was refused for
//! may be a neighbor's row. A full disk, or a transaction that is gone, fails all of the batch together.
//!
//! The body of a write stays where it was written, in the task of its caller, which lends it everything it
//! borrows: the transaction travels to it and back, and who goes away with it in hand has its savepoint taken back.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::Ordering},
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    Error, Result,
    database::Tx,
    freshness::{Changes, Source, Stamp},
};

/// At most so many share a commit: the first of them waits for the last.
const MOST: usize = 256;

type AskTurn = oneshot::Sender<std::result::Result<Turn, DbErr>>;

enum Ask {
    Turn(AskTurn),
    /// Did another process write?
    Look(oneshot::Sender<()>),
}

/// All that share a commit share what became of it.
type Ended = std::result::Result<(), Arc<DbErr>>;

/// Hands out turns at the one connection that writes.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    asks: mpsc::UnboundedSender<Ask>,
    connection: Arc<Mutex<DatabaseConnection>>,
    sizes: Arc<Sizes>,
    changes: Arc<Changes>,
    /// Of the thread on which the turns are given.
    thread: Handle,
}

/// Somebody's turn; dropped, what was written in it is taken back.
#[derive(Debug)]
pub struct Turn {
    // The order counts: the savepoint is taken back before the writer hears that nobody is there any more.
    tx: Tx,
    back: oneshot::Sender<(Tx, Wish)>,
    ended: oneshot::Receiver<Ended>,
}

/// What shall become of what was written in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Keep,
    TakeBack,
}

impl Writer {
    pub(super) async fn open(mut options: ConnectOptions) -> Result<Self> {
        let changes = Arc::<Changes>::default();
        changes.listen(&mut options);
        let connection = Arc::new(Mutex::new(sea_orm::Database::connect(options.clone()).await?));
        let (asks, asked) = mpsc::unbounded_channel();
        let sizes = Arc::new(Sizes::default());
        let (at_desk, told, heard) = (connection.clone(), sizes.clone(), changes.clone());
        let desk = Desk { asked, options, connection: at_desk, sizes: told, changes: heard, version: None };
        Ok(Self { asks, connection, sizes, changes, thread: on_its_own_thread(desk)? })
    }

    /// For what many wait for together: done where the turns are given, it stands in line behind nothing else that
    /// this process has to do.
    pub(super) async fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Whoever waits for what it tells hears of a panic by being told nothing.
        let _panicked = self.thread.spawn(work).await;
    }

    /// The connection itself: for what is done before anybody writes, and for closing it.
    pub(super) fn connection(&self) -> DatabaseConnection {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn turn(&self) -> Result<Turn> {
        let (ask, turn) = oneshot::channel();
        self.asks.send(Ask::Turn(ask)).map_err(|_| stopped())?;
        Ok(turn.await.map_err(|_| stopped())??)
    }

    /// How often these tables have changed; `None` where that cannot be told now.
    pub(super) async fn stamp(&self, sources: &[Source]) -> Option<Stamp> {
        if let Some(stamp) = self.changes.stamp(sources) {
            return Some(stamp);
        }
        // Who writes for long makes nobody wait for it.
        if self.changes.busy.load(Ordering::Acquire) {
            return None;
        }
        let _one_at_a_time = self.changes.looking.lock().await;
        if self.changes.stamp(sources).is_none() {
            let (ask, looked) = oneshot::channel();
            self.asks.send(Ask::Look(ask)).ok()?;
            looked.await.ok()?;
        }
        self.changes.stamp(sources)
    }

    /// Who wants to know how many writes shared each commit; the first who asks is told.
    pub(super) fn watch(&self, told: impl Fn(usize) + Send + Sync + 'static) {
        let _first_only = self.sizes.0.set(Box::new(told));
    }
}

impl Turn {
    pub(super) fn tx(&self) -> &Tx {
        &self.tx
    }

    /// Durable, or taken back, when it returns.
    pub(super) async fn end(self, wish: Wish) -> Result<()> {
        let Self { tx, back, ended } = self;
        let _stopped = back.send((tx, wish));
        ended.await.map_err(|_| stopped())?.map_err(Error::Lost)
    }
}

/// Between any two statements of a commit, whoever drives it is woken: on the threads that write mail and answer
/// requests it would wait each time until one of them is free.
fn on_its_own_thread(desk: Desk) -> Result<Handle> {
    let failed = |error: std::io::Error| Error::from(DbErr::Conn(RuntimeErr::Internal(error.to_string())));
    let own = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
    let handle = own.handle().clone();
    let thread = std::thread::Builder::new().name("trellis-writer".to_owned());
    thread.spawn(move || own.block_on(desk.serve())).map_err(failed)?;
    Ok(handle)
}

fn stopped() -> Error {
    DbErr::Conn(RuntimeErr::Internal("the writer did not answer".to_owned())).into()
}

#[derive(Default)]
struct Sizes(OnceLock<Box<dyn Fn(usize) + Send + Sync>>);

impl fmt::Debug for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sizes")
    }
}

/// Where the turns are given.
struct Desk {
    asked: mpsc::UnboundedReceiver<Ask>,
    options: ConnectOptions,
    connection: Arc<Mutex<DatabaseConnection>>,
    sizes: Arc<Sizes>,
    changes: Arc<Changes>,
    /// What the connection said when it was last asked whether another one wrote.
    version: Option<i32>,
}

/// Whoever waits for the commit.
#[derive(Default)]
struct Batch {
    waiting: Vec<oneshot::Sender<Ended>>,
    kept: usize,
}

impl Desk {
    async fn serve(mut self) {
        while let Some(ask) = self.asked.recv().await {
            let ask = match ask {
                Ask::Turn(ask) => ask,
                Ask::Look(asked) => {
                    let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    self.look(&connection).await;
                    let _gone = asked.send(());
                    continue;
                }
            };
            let mut batch = Batch::default();
            self.changes.busy.store(true, Ordering::Release);
            let ended = self.batch(ask, &mut batch).await.map_err(Arc::new);
            self.changes.tell();
            self.changes.busy.store(false, Ordering::Release);
            if ended.is_err() {
                self.connect_again().await;
            } else if let (Some(told), 1..) = (self.sizes.0.get(), batch.kept) {
                told(batch.kept);
            }
            for waiting in batch.waiting {
                let _gone = waiting.send(ended.clone());
            }
        }
    }

    /// One transaction, from its first turn to its commit. An error: nothing in it was kept.
    async fn batch(&mut self, ask: AskTurn, batch: &mut Batch) -> std::result::Result<(), DbErr> {
        if ask.is_closed() {
            return Ok(());
        }
        let outer = match self.begin().await {
            Ok(outer) => outer,
            Err(error) => {
                let _gone = ask.send(Err(error));
                return Ok(());
            }
        };
        if self.changes.wants_a_look() {
            self.look(&outer).await;
        }
        let outer = match batch.give(ask, outer).await {
            Some((outer, Wish::Keep)) => outer,
            Some((outer, Wish::TakeBack)) => return outer.rollback().await,
            None => return Ok(()),
        };
        while batch.waiting.len() < MOST
            && let Ok(ask) = self.asked.try_recv()
        {
            let ask = match ask {
                Ask::Turn(ask) if ask.is_closed() => continue,
                Ask::Turn(ask) => ask,
                Ask::Look(asked) => {
                    self.look(&outer).await;
                    let _gone = asked.send(());
                    continue;
                }
            };
            match batch.give(ask, outer.begin().await?).await {
                Some((inner, Wish::Keep)) => inner.commit().await?,
                Some((inner, Wish::TakeBack)) => inner.rollback().await?,
                // Only the commit can tell whether its savepoint could be taken back.
                None => break,
            }
        }
        outer.commit().await
    }

    async fn look(&mut self, connection: &impl ConnectionTrait) {
        self.changes.look(connection, &mut self.version).await;
    }

    async fn begin(&self) -> std::result::Result<Tx, DbErr> {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
        connection.begin_with_options(immediate).await
    }

    /// A connection whose transaction went away counts its savepoints wrongly from then on: a new one is taken.
    async fn connect_again(&mut self) {
        self.version = None;
        let old = self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match sea_orm::Database::connect(self.options.clone()).await {
            Ok(new) => *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = new,
            Err(error) => tracing::error!(%error, "the database cannot be opened anew; the old connection is kept"),
        }
        if let Err(error) = old.close().await {
            tracing::warn!(%error, "a connection that failed could not be closed");
        }
    }
}

impl Batch {
    /// Lends the transaction to one who waits, until it comes back. `None`: who had it went away.
    async fn give(&mut self, ask: AskTurn, tx: Tx) -> Option<(Tx, Wish)> {
        let (back, returned) = oneshot::channel();
        let (tell, ended) = oneshot::channel();
        // Not kept in a variable: a turn that nobody takes would be waited for here for ever.
        if ask.send(Ok(Turn { tx, back, ended })).is_err() {
            return None;
        }
        let (tx, wish) = returned.await.ok()?;
        self.waiting.push(tell);
        self.kept += usize::from(wish == Wish::Keep);
        Some((tx, wish))
    }
}
