//! R1 and R2: what becomes of the mail when the process is killed, again and again, at any moment?

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use trellis::{
    demo::smtp_server::{self, Action, Script, Step},
    random::Random,
    store::ledger,
};

use super::{
    beside, coach, database, queue, settings,
    tally::{Arrivals, Line, Tally, ledger as read_ledger, tally},
};
use crate::{operations::process::Served, scale, world::Backend};

const SENDERS: usize = 2;

/// How large a run is, and with which chance.
struct Size {
    mails: usize,
    kills: usize,
    seed: u64,
}

fn size() -> Size {
    Size { mails: scale::of(500, 2_000), kills: scale::of(20, 50), seed: 17 }
}

/// A server that takes everything after 5 to 50 milliseconds, and remembers it from the final dot on.
fn slow(arrivals: &Arrivals, seed: u64) -> Script {
    let (noted, chance) = (arrivals.clone(), Random::seeded(seed));
    Script::new(move |step| match step {
        Step::Message(message) => {
            noted.note(message);
            Action::Wait(Duration::from_millis(5) + Duration::from_millis(45).mul_f64(chance.fraction()))
        }
        _ => Action::Go,
    })
}

/// Kills the process at a moment of chance, starts it again, and in the end lets it finish.
async fn killed_again_and_again(backend: Backend, on_unknown: &str) -> (Size, Tally, Vec<Line>) {
    let (folder, size, arrivals) = (tempfile::tempdir().unwrap(), size(), Arrivals::default());
    let (smtp, _inbox) = smtp_server::start("127.0.0.1:0".parse().unwrap(), slow(&arrivals, size.seed)).await.unwrap();
    let database = database(backend, folder.path()).await;
    let app = beside(&database).await;
    let nadia = coach(&app, "nadia@group.example").await;
    queue(&app, &nadia, size.mails).await;
    let senders = SENDERS.to_string();
    let settings = settings(
        &database,
        &smtp.to_string(),
        &[
            ("TRELLIS__MAIL__ON_UNKNOWN", on_unknown),
            ("TRELLIS__MAIL__SENDERS", &senders),
            ("TRELLIS__MAIL__MOST_SENDERS", &senders),
            ("TRELLIS__MAIL__ATTEMPT_SECONDS", "1"),
        ],
    );
    let chance = Random::seeded(size.seed);
    // So long that the mails last until the last kill.
    let longest = Duration::from_millis(1_000 * size.mails as u64 / (size.kills as u64 * 100));
    for _ in 0..size.kills {
        let before = arrivals.count();
        let served = Served::start(folder.path(), &settings).await;
        let began = Instant::now();
        // Sometimes before it has begun to send, mostly in the midst of it.
        while arrivals.count() == before && chance.fraction() > 0.02 && began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(longest.mul_f64(chance.fraction())).await;
        // SIGKILL.
        drop(served);
    }
    finish(folder.path(), &settings, &app).await;
    let lines = read_ledger(folder.path(), &settings);
    let tally = tally(&lines, &arrivals);
    (size, tally, lines)
}

/// Lets one live until nothing goes on by itself.
async fn finish(folder: &Path, settings: &crate::operations::process::Settings, app: &trellis::app::App) {
    let served = Served::start(folder, settings).await;
    let (began, last) = (Instant::now(), AtomicU64::new(u64::MAX));
    loop {
        let now = app.clock.now();
        let open = ledger::count_going_on(app.db.reader(), now).await.unwrap();
        if open == 0 {
            return;
        }
        let moves = last.swap(open, Ordering::Relaxed) != open;
        assert!(moves || began.elapsed() < Duration::from_secs(180), "{open} do not end: {}", served.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn report(name: &str, size: &Size, tally: &Tally) {
    let came_to = format!("{} mails, {} kills, {SENDERS} senders: {tally}", size.mails, size.kills);
    scale::shown(&format!("R1, R2, {name}"), came_to);
}

/// R1, R2, B3: nothing is lost, and what is doubled was on the wire at a kill, and is the same to the byte.
async fn resend(backend: Backend) {
    let (size, tally, _) = killed_again_and_again(backend, "resend").await;
    report(&format!("resend on {backend:?}"), &size, &tally);
    assert_eq!(tally.keys, size.mails, "every key is there");
    assert_eq!(tally.sent + tally.in_doubt, size.mails);
    assert!(tally.doubled <= size.kills * SENDERS, "{tally:?}");
    assert!(tally.sent >= size.mails - size.kills, "what is in doubt twice is the exception: {tally:?}");
    assert!(tally.doubled > 0, "no kill hit a mail on the wire: the run shows nothing");
}

/// R2: with `hold` nothing arrives twice, and whatever may have arrived is listed for a person.
async fn hold(backend: Backend) {
    let (size, tally, lines) = killed_again_and_again(backend, "hold").await;
    report(&format!("hold on {backend:?}"), &size, &tally);
    assert_eq!(tally.keys, size.mails, "every key is there");
    assert_eq!(tally.doubled, 0, "{tally:?}");
    assert_eq!(tally.sent + tally.in_doubt, size.mails);
    assert!(tally.in_doubt <= size.kills * SENDERS && tally.in_doubt > 0, "{tally:?}");
    let doubted = lines.iter().filter(|line| line.doubts > 0).count();
    assert_eq!(doubted, tally.in_doubt, "each one that was in doubt is listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_loses_nothing_and_doubles_only_what_was_on_the_wire_on_sqlite() {
    resend(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_loses_nothing_and_doubles_only_what_was_on_the_wire_on_postgres() {
    resend(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_doubles_nothing_where_doubt_is_held_on_sqlite() {
    hold(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_doubles_nothing_where_doubt_is_held_on_postgres() {
    hold(Backend::Postgres).await;
}
