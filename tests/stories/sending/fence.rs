//! Does whoever lost a lease change nothing, even where the mail is on its way in other hands?

use chrono::TimeDelta;
use trellis::{
    app::App,
    demo::smtp_server::Script,
    store::{
        self,
        ledger::{self, Claim, Claimed, Delivery, Entry, Lease, LeaseClock, Over},
    },
    transact,
};

use super::{coach, queue};
use crate::world::{Backend, World};

async fn claimed(app: &App, claim: &Claim) -> store::Result<Vec<Delivery>> {
    transact!(app.db, |tx| ledger::claim(tx, claim, app.clock.now()).await)
}

async fn swept(app: &App, lease: &Lease) -> store::Result<Vec<Delivery>> {
    transact!(app.db, |tx| ledger::sweep(tx, lease, (Over::All, &[]), app.clock.now()).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_late_word_of_who_lost_the_lease_changes_nothing() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[]).await;
        let app = &world.app;
        let nadia = coach(app, "nadia@group.example").await;
        queue(app, &nadia, 1).await;
        let now = app.clock.now();
        let lease = || Lease {
            token: app.random.uuid(now.real),
            lasts: TimeDelta::seconds(90),
            clock: LeaseClock::Ours(now.real),
        };
        let (early, late) = (lease(), lease());
        let taken = async |lease: Lease| {
            let claim = Claim { lease, most: 8, served: None };
            let rows = claimed(app, &claim).await.unwrap();
            assert_eq!(rows.len(), 1);
            Claimed::from(&rows[0])
        };
        let begin = async |row: Claimed, lease: Lease| {
            let frozen = ledger::Frozen {
                message: b"m".to_vec(),
                message_id: "<m@group.example>".to_owned(),
                subject: "s".to_owned(),
                kept: ledger::Kept::Whole { body: "b".to_owned() },
                sent_to: "x".to_owned(),
                frozen_for: "x".to_owned(),
            };
            let begun = Some(ledger::Begun { row, frozen: frozen.into(), lease });
            app.ledger.write(&app.db, Entry { sent: None, begun }).await.unwrap().begun
        };
        let first = taken(early).await;
        assert!(begin(first, early).await);
        swept(app, &early).await.unwrap();
        let second = taken(late).await;
        assert!(!begin(first, early).await, "{backend:?}: what is claimed by another is not begun");
        assert!(begin(second, late).await);
        let sent = async |row: Claimed| {
            let entry = Entry { sent: Some((row, now)), begun: None };
            app.ledger.write(&app.db, entry).await.unwrap().sent
        };
        assert!(!sent(first).await, "{backend:?}: the late word changes no row");
        assert!(sent(second).await);
        assert!(!sent(second).await, "and nobody's word counts twice");
    }
}
