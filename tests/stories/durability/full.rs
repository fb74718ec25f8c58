//! What happens when the disk is full? Nothing is corrupted, nobody is told what is not so, and no mail leaves whose
//! state could not be written down.

use std::{fs, path::Path, process::Command};

use chrono::TimeDelta;
use trellis::{
    actions::send_deliveries::{Hands, send_deliveries},
    demo::smtp_server::Script,
    domain::delivery::State,
    store::{Connection, ledger},
};

use super::{a_lease, lessons, with_people};
use crate::{
    post::header,
    scale,
    visitor::Visitor,
    world::{Backend, World},
};

fn people() -> usize {
    scale::of(20, 300)
}

/// A small disk of its own, gone when it is dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` where that is not allowed.
    fn of(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        mount.is_ok_and(|done| done.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        let _full = fs::write(self.path().join("ballast"), vec![0; 70_000_000]);
    }

    fn empty(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// SQLite only: a PostgreSQL's disk is the database's own affair.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_politely_and_goes_on_when_there_is_room() {
    let Some(disk) = Disk::of(64) else {
        scale::shown("R14", "NOT TOLD: only root may make a small disk");
        return;
    };
    let url = format!("\"sqlite://{}\"", disk.path().join("trellis.sqlite").display());
    let world = World::with(Backend::Sqlite, Script::well(), &[("database.url", &url)]).await;
    let practice = world.practice().await;
    let (_, first) = with_people(&world, &practice, people()).await;
    world.to(first - TimeDelta::minutes(1)).await;
    world.forget_mails();

    // What the log of writes had taken before is given back, or there would be room in it.
    let beside = sea_orm::Database::connect(url.trim_matches('"')).await.unwrap();
    beside.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    beside.close().await.unwrap();
    disk.fill();
    world.app.clock.set(first);
    let mut sender = world.app.mailer.sender();
    let released = trellis::actions::release_due::release_due(&world.app).await;
    for _ in 0..3 {
        let _refused = send_deliveries(&world.app, &Hands::default(), &mut sender).await;
    }
    let visitor = Visitor::of(&world);
    let answer = visitor.submit("/link", "/link", &[("email", "nadia@group.example")]).await;
    assert!(answer.status >= 500, "nobody is told that it went well: {} {released:?}", answer.status);
    assert!(answer.body.contains("<html"), "it is a page: {}", answer.body);
    assert_eq!(visitor.get("/health/live").await.status, 200);

    disk.empty();
    world.app.clock.advance(a_lease());
    world.run().await;
    let rows = lessons(&world, &practice).await;
    assert_eq!(rows.len(), people());
    assert!(rows.iter().all(|row| row.state == State::Sent), "all goes out once there is room");
    let mut ids: Vec<_> = world.mails.lock().unwrap().iter().map(|mail| header(&mail.raw, "Message-ID")).collect();
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!((ids.len(), all), (people(), people()), "each mail once: none left while the disk was full");
    let db = world.app.db.reader();
    assert_eq!(ledger::count_open(db, world.now()).await.unwrap(), 0);
    let row = db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), "PRAGMA integrity_check"));
    assert_eq!(row.await.unwrap().unwrap().try_get_by_index::<String>(0).unwrap(), "ok");
    let counts = format!("{all} mails after it, 0 doubled, 0 lost, integrity ok");
    scale::shown("R14, a disk of 64 MB, full", format!("the form was answered with {}; {counts}", answer.status));
    world.end().await;
}
