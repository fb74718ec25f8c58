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
        ledger::{self, Delivery},
        stencils,
    },
};

use crate::{
    people::{Person, enroll},
    post::header,
    world::{Backend, World},
};

/// The names are alike in shape, so that one writing serves them all; one is of two words, and one is no ordinary name.
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

/// Of how many the words can still be read.
async fn kept_words(world: &World, rows: &[ledger::Delivery]) -> usize {
    let (mut words, mut kept) = (SentWords::default(), 0);
    for row in rows {
        kept += usize::from(words.of(&world.app, row).await.unwrap().is_some());
    }
    kept
}
