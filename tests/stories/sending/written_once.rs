//! Is a lesson that many get, written once, still each person's own; sent again to the byte, shown to the coach, and
//! forgotten in time?

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use trellis::{
    actions::{send_deliveries::forget, sent_words::SentWords},
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::{Occasion, State},
    store::{
        fills,
        ledger::{self, Begun, Claim, Delivery, Frozen, Kept, Lease, LeaseClock, Recorded},
        stencils::{self, Stencil},
    },
};

use crate::{
    people::{Person, ask, enroll},
    post::header,
    story,
    world::{Backend, World},
};

/// Names of all shapes: one writing serves them all.
const PEOPLE: [(&str, &str); 9] = [
    ("Adele", "adele@example.org"),
    ("Bruno", "bruno@example.org"),
    ("Clara", "clara@example.org"),
    ("Doğan", "dogan@example.org"),
    ("<Eva>", "eva@example.org"),
    ("Frank", "frank@example.org"),
    ("Grete", "grete@example.org"),
    ("Mary Ann", "mary@example.org"),
    ("- Jo", "jo@example.org"),
];

/// Takes every lesson and hangs up, the first time it sees it.
fn hangs_up_once() -> Script {
    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    Script::new(move |step| match step {
        Step::Message(message) => {
            let is_lesson = header(&message.bytes, "Subject").contains("part 1");
            let is_new = || seen.lock().unwrap().insert(header(&message.bytes, "Message-ID"));
            if is_lesson && is_new() { Action::TakeAndDrop } else { Action::Go }
        }
        _ => Action::Go,
    })
}

async fn lessons(world: &World) -> Vec<Delivery> {
    let rows = ledger::everything(world.app.db.reader()).await.unwrap();
    rows.into_iter().filter(|row| row.occasion == Occasion::Lesson && row.subject.is_some()).collect()
}

async fn a_lesson_written_once_is_everybodys_own(backend: Backend) {
    let world = World::with(backend, hangs_up_once(), &[]).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    for (name, email) in PEOPLE {
        enroll(&world, cohort, &Person { name, email, zone: "Europe/Lisbon", track: "broke", calendar: "feed" }).await;
    }
    while lessons(&world).await.is_empty() {
        let next = world.next_instant().await.unwrap();
        world.forget_mails();
        world.to(next).await;
    }
    // A server that hangs up thrice in a row is left alone for minutes at a time.
    for _ in 0..40 {
        world.pass(TimeDelta::minutes(5)).await;
    }

    let rows = lessons(&world).await;
    let all = ledger::everything(world.app.db.reader()).await.unwrap();
    let how: Vec<_> =
        all.iter().filter(|row| row.occasion == Occasion::Lesson).map(|row| (row.state, &row.reason)).collect();
    assert_eq!(rows.len(), PEOPLE.len(), "{how:?}");
    assert!(rows.iter().all(|row| row.state == State::Sent && row.doubts == 1), "all were in doubt, and came");
    let (kept, whole): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.stencil_id.is_some());
    // The first three are kept whole, and a mail that was made and did not leave counts, too.
    assert!(kept.len() >= 4 && whole.len() >= 2, "{} and {}", kept.len(), whole.len());
    assert!(kept.iter().all(|row| row.body.is_none() && row.frozen.is_none()), "nothing is kept twice");
    assert_eq!(kept.iter().map(|row| row.stencil_id).collect::<BTreeSet<_>>().len(), 1, "with one stencil for all");

    let mut words = SentWords::default();
    for (name, email) in PEOPLE {
        let mails = world.mails_to(email);
        assert_eq!(mails.len(), 2, "{name}: once in doubt, and once more");
        assert_eq!(mails[0].raw, mails[1].raw, "{name}: to the byte");
        let row = rows.iter().find(|row| row.message_id == Some(header(&mails[0].raw, "Message-ID"))).unwrap();
        let text = words.of(&world.app, row).await.unwrap().unwrap();
        assert!(text.contains(&format!("Dear {name},")), "{name} is addressed: {text}");
        let others = PEOPLE.iter().filter(|(other, _)| *other != name);
        for (other, address) in others {
            let raw = String::from_utf8_lossy(&mails[0].raw);
            assert!(!text.contains(other) && !raw.contains(address), "{name} reads nothing of {other}");
        }
    }

    let stencil = kept[0].stencil_id.unwrap();
    assert!(stencils::find(world.app.db.reader(), stencil).await.unwrap().is_some());
    world.app.clock.advance(TimeDelta::days(29));
    forget(&world.app).await.unwrap();
    assert!(kept_words(&world, &rows).await == rows.len(), "kept for thirty days");
    world.app.clock.advance(TimeDelta::days(5));
    forget(&world.app).await.unwrap();
    let db = world.app.db.reader();
    let rows = ledger::everything(db).await.unwrap();
    assert!(kept_words(&world, &rows).await == 0, "then only that it was sent");
    assert!(rows.iter().all(|row| row.body.is_none()));
    assert!(stencils::find(db, stencil).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_written_once_is_everybodys_own_on_sqlite() {
    a_lesson_written_once_is_everybodys_own(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_written_once_is_everybodys_own_on_postgres() {
    a_lesson_written_once_is_everybodys_own(Backend::Postgres).await;
}

/// Claims the one that is due and writes down that it was sent, kept in this way.
async fn send_as(world: &World, kept: Kept) -> trellis::store::Result<()> {
    let now = world.app.clock.now();
    let lease = Lease {
        token: world.app.random.uuid(now.real),
        lasts: TimeDelta::seconds(90),
        clock: LeaseClock::Ours(now.real),
    };
    let word = || "x".to_owned();
    let (message, message_id, subject) = (b"Subject: x\r\n\r\n".to_vec(), word(), word());
    let frozen = Arc::new(Frozen { message, message_id, subject, kept, sent_to: word(), frozen_for: word() });
    let sent = Recorded { state: State::Sent, reason: None, next_try_at: now.real, sent_at: Some(now.program) };
    trellis::transact!(world.app.db, |tx| {
        let rows = ledger::claim(tx, &Claim { lease, most: 8, served: None }, now).await?;
        assert_eq!(rows.len(), 1);
        assert!(ledger::start_sending(tx, &Begun { row: (&rows[0]).into(), frozen: frozen.clone(), lease }).await?);
        assert!(ledger::record(tx, &rows[0], State::Sending, &sent, now).await?);
        Ok::<_, trellis::store::Error>(())
    })
}

story! {
    async fn what_was_sent_again_is_shown_for_thirty_days_of_its_own(world: &World) {
        let (db, practice) = (world.app.db.reader(), world.practice().await);
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(world, cohort, &Person { name: "Adele", email: "adele@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "feed" }).await;
        let pieces = "[0]".to_owned();
        let stencil = Stencil { id: practice.id.0, practice_id: practice.id, pieces, used_at: world.now() };
        send_as(world, Kept::Holes { stencil: Arc::new(stencil), fills: "[\"x\"]".to_owned() }).await.unwrap();
        let row = ledger::everything(db).await.unwrap().remove(0);
        world.app.clock.advance(TimeDelta::days(20));
        let now = world.app.clock.now();
        let result: trellis::store::Result<()> = async {
            trellis::transact!(world.app.db, |tx| {
                assert!(ledger::came_back(tx, row.id, (State::Bounced, "no such mailbox"), now.program).await?);
                assert!(ledger::requeue(tx, row.id, "the coach", now.real).await?);
                Ok::<_, trellis::store::Error>(())
            })
        }
        .await;
        result.unwrap();
        send_as(world, Kept::Whole { body: "once more".to_owned() }).await.unwrap();
        for (days, words) in [(15, Some("once more")), (20, None)] {
            world.app.clock.advance(TimeDelta::days(days));
            forget(&world.app).await.unwrap();
            let row = ledger::everything(db).await.unwrap().remove(0);
            assert_eq!((row.body.as_deref(), row.subject.is_some()), (words, words.is_some()), "{days}");
            assert!(fills::find(db, row.id).await.unwrap().is_none(), "and what it said before is forgotten in its own time");
        }
    }
}

/// Of how many the words can still be read.
async fn kept_words(world: &World, rows: &[ledger::Delivery]) -> usize {
    let (mut words, mut kept) = (SentWords::default(), 0);
    for row in rows {
        kept += usize::from(words.of(&world.app, row).await.unwrap().is_some());
    }
    kept
}
