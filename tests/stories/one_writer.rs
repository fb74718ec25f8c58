//! Do writes that share a commit keep out of each other's way, and does each stand or fall as it was told?
//!
//! On SQLite only: PostgreSQL groups its commits by itself.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use trellis::{
    domain::ids::PracticeId,
    store::{Connection, Error, Result, database::Database, settings},
    transact,
};
use uuid::Uuid;

use crate::world::{START, utc};

struct Room {
    db: Database,
    /// How many writes shared each commit.
    commits: Arc<Mutex<Vec<usize>>>,
    _folder: tempfile::TempDir,
}

const SCOPE: PracticeId = PracticeId(Uuid::nil());

impl Room {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&format!("sqlite://{}", folder.path().join("one.sqlite").display()), 2).await.unwrap();
        db.migrate().await.unwrap();
        let commits: Arc<Mutex<Vec<usize>>> = Arc::default();
        let told = commits.clone();
        db.watch_commits(move |writes| told.lock().unwrap().push(writes));
        Self { db, commits, _folder: folder }
    }

    async fn kept(&self, name: &str) -> bool {
        settings::get(self.db.reader(), SCOPE, name).await.unwrap().is_some()
    }

    async fn write(&self, name: &str) -> Result<()> {
        transact!(self.db, |tx| set(tx, name).await)
    }

    /// Holds the first turn until the others have come.
    async fn first(&self, name: &str) -> Result<()> {
        transact!(self.db, |tx| {
            tokio::time::sleep(Duration::from_millis(200)).await;
            set(tx, name).await
        })
    }

    fn commits(&self) -> Vec<usize> {
        std::mem::take(&mut self.commits.lock().unwrap())
    }
}

async fn set(tx: &impl Connection, name: &str) -> Result<()> {
    let at = utc(START);
    settings::set(tx, Uuid::from_u128(u128::from(fnv(name))), (SCOPE, name), "kept", at).await
}

/// A number of a name, the same every time.
fn fnv(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_shares_a_commit_and_each_is_there_when_it_is_answered() {
    let room = Room::new().await;
    let names: Vec<_> = (0..600).map(|number| format!("n{number}")).collect();
    let writes = names.iter().map(|name| async {
        room.write(name).await.unwrap();
        assert!(room.kept(name).await, "answered after the commit");
    });
    join_all(writes).await;
    let commits = room.commits();
    assert_eq!(commits.iter().sum::<usize>(), 600);
    assert!(commits.len() < 60, "{commits:?}");
    assert!(commits.iter().all(|writes| *writes <= 256), "{commits:?}");

    room.write("alone").await.unwrap();
    assert_eq!(room.commits(), [1], "nobody waits for company");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_takes_back_only_itself() {
    let room = Room::new().await;
    let failing = async {
        transact!(room.db, |tx| {
            set(tx, "half").await?;
            tx.execute_unprepared("INSERT INTO nowhere VALUES (1)").await?;
            Ok::<_, Error>(())
        })
    };
    let (first, failed, last) = tokio::join!(room.first("first"), failing, room.write("last"));
    first.unwrap();
    last.unwrap();
    assert!(matches!(failed, Err(Error::Database(_))), "{failed:?}");
    assert!(room.kept("first").await && room.kept("last").await && !room.kept("half").await);
    assert_eq!(room.commits(), [2]);

    // The same where it is the first, and has the transaction to itself.
    let failing = async {
        transact!(room.db, |tx| {
            set(tx, "half").await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            Err::<(), _>(Error::SentBefore)
        })
    };
    let (failed, next) = tokio::join!(failing, room.write("next"));
    assert!(matches!(failed, Err(Error::SentBefore)));
    next.unwrap();
    assert!(room.kept("next").await && !room.kept("half").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_away_in_the_middle_leaves_nothing_behind() {
    let room = Room::new().await;
    let leaving = async {
        let endless = async {
            transact!(room.db, |tx| {
                set(tx, "gone").await?;
                std::future::pending::<()>().await;
                Ok::<_, Error>(())
            })
        };
        tokio::time::timeout(Duration::from_millis(400), endless).await.unwrap_err();
    };
    let (first, (), last) = tokio::join!(room.first("first"), leaving, room.write("last"));
    first.unwrap();
    last.unwrap();
    // And where nobody was before.
    let alone = async {
        transact!(room.db, |tx| {
            set(tx, "gone").await?;
            std::future::pending::<()>().await;
            Ok::<_, Error>(())
        })
    };
    tokio::time::timeout(Duration::from_millis(50), alone).await.unwrap_err();
    room.write("after").await.unwrap();
    for name in ["first", "last", "after"] {
        assert!(room.kept(name).await, "{name}");
    }
    assert!(!room.kept("gone").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_lost_fails_all_that_shared_it_and_nobody_else() {
    let room = Room::new().await;
    for number in 0..3 {
        let before = format!("before{number}");
        // As a full disk does: the whole transaction is gone in the middle of somebody's turn.
        let losing = async {
            transact!(room.db, |tx| {
                tx.execute_unprepared("ROLLBACK").await?;
                Ok::<_, Error>(())
            })
        };
        let (first, lost) = tokio::join!(room.first(&before), losing);
        assert!(matches!((&first, &lost), (Err(Error::Lost(_)), Err(Error::Lost(_)))), "{first:?} {lost:?}");
        assert!(!room.kept(&before).await, "what was refused is not there");
        let after = format!("after{number}");
        let (one, two) = tokio::join!(room.first(&after), room.write("two"));
        one.unwrap();
        two.unwrap();
        assert!(room.kept(&after).await);
    }
    assert_eq!(room.commits(), [2, 2, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_file_refuses_what_does_not_fit_and_keeps_the_rest() {
    let room = Room::new().await;
    room.write("before").await.unwrap();
    let full = async {
        transact!(room.db, |tx| {
            tx.execute_unprepared("PRAGMA max_page_count = 1").await?;
            settings::set(tx, Uuid::from_u128(9), (SCOPE, "large"), &"x".repeat(4_000_000), utc(START)).await
        })
    };
    let (_, refused, _) = tokio::join!(room.first("beside"), full, room.write("small"));
    assert!(refused.is_err(), "there was no room");
    assert!(room.kept("before").await && !room.kept("large").await);
    let room_again = async {
        transact!(room.db, |tx| {
            tx.execute_unprepared("PRAGMA max_page_count = 1000000").await?;
            set(tx, "again").await
        })
    };
    room_again.await.unwrap();
    assert!(room.kept("again").await);
}
