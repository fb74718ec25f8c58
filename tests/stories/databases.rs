//! Do both databases hold the same? Each story gets one of its own.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

use trellis::store::{Connection, database::Database};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A new, empty PostgreSQL database. `tests/run` starts the server and names it; without it there is nothing
/// to tell the story on, and that is a failure, not a skip.
#[expect(clippy::disallowed_methods, reason = "the test command names its server in the environment")]
pub async fn fresh_postgres() -> String {
    let server = std::env::var("TRELLIS_TEST_POSTGRES")
        .expect("TRELLIS_TEST_POSTGRES is unset: run tests/run, which starts a PostgreSQL");
    // Process numbers come again, and a server may have told stories before.
    let begun = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
    let name = format!("story_{}_{begun}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let admin = Database::open(&server, 2).await.expect("the PostgreSQL of tests/run answers");
    admin.reader().execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a fresh database");
    admin.close().await.expect("closed");
    let (before, query) = server.split_once('?').unwrap_or((&server, ""));
    let root = before.rsplit_once('/').map_or(before, |(root, _)| root);
    format!("{root}/{name}?{query}")
}
