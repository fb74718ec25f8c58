//! R3: may several processes send from one database?

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use trellis::{
    app::App,
    demo::smtp_server::{self, Action, Script, Step},
    store::ledger,
};

use super::{
    beside, coach, database, queue, settings,
    tally::{Arrivals, ledger as read_ledger, tally},
};
use crate::{operations::process::Served, scale, world::Backend};

async fn until_done(app: &App, log: impl Fn() -> String) {
    let began = Instant::now();
    while ledger::count_going_on(app.db.reader(), app.clock.now()).await.unwrap() > 0 {
        assert!(began.elapsed() < Duration::from_secs(scale::of(150, 900)), "it does not end: {}", log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn remembering(arrivals: &Arrivals) -> Script {
    let noted = arrivals.clone();
    Script::new(move |step| match step {
        Step::Message(message) => {
            noted.note(message);
            Action::Wait(Duration::from_millis(10))
        }
        _ => Action::Go,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_on_one_database_send_each_mail_once() {
    let (folder, arrivals) = (tempfile::tempdir().unwrap(), Arrivals::default());
    let (smtp, _inbox) = smtp_server::start("127.0.0.1:0".parse().unwrap(), remembering(&arrivals)).await.unwrap();
    let database = database(Backend::Postgres, folder.path()).await;
    let app = beside(&database).await;
    let nadia = coach(&app, "nadia@group.example").await;
    let mails = scale::of(500, 5_000);
    queue(&app, &nadia, mails).await;
    let settings = settings(&database, &smtp.to_string(), &[("TRELLIS__MAIL__ATTEMPT_SECONDS", "20")]);
    let mut served = Vec::new();
    for _ in 0..3 {
        served.push(Served::start(folder.path(), &settings).await);
    }
    until_done(&app, || served[0].log()).await;
    let took_part = served.iter().filter(|served| served.log().contains("\"recorded\"")).count();
    let tally = tally(&read_ledger(folder.path(), &settings), &arrivals);
    scale::shown("R3, three processes", format!("{tally}; {took_part} of the three sent"));
    assert_eq!((tally.keys, tally.sent, tally.doubled), (mails, mails, 0));
    assert_eq!(arrivals.count(), mails);
    assert!(took_part >= 2, "one did it all: the run shows nothing");
}

fn signal(served: &Served, name: &str) {
    assert!(Command::new("kill").args([name, &served.number().to_string()]).status().unwrap().success());
}

/// It stands still for three leases with mails in hand, while others go on; then it wakes up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stood_still_writes_nothing_over_and_doubles_only_what_it_had_on_the_wire() {
    let (folder, arrivals, frozen) = (tempfile::tempdir().unwrap(), Arrivals::default(), Arc::new(AtomicUsize::new(0)));
    let (noted, at) = (arrivals.clone(), frozen.clone());
    // Whoever comes while it counts is let wait at the dot.
    let script = Script::new(move |step| match step {
        Step::Message(message) => {
            noted.note(message);
            let is_first = at.fetch_add(1, Ordering::SeqCst) < 2;
            Action::Wait(Duration::from_millis(if is_first { 600 } else { 10 }))
        }
        _ => Action::Go,
    });
    let (smtp, _inbox) = smtp_server::start("127.0.0.1:0".parse().unwrap(), script).await.unwrap();
    let database = database(Backend::Postgres, folder.path()).await;
    let app = beside(&database).await;
    let nadia = coach(&app, "nadia@group.example").await;
    let mails = scale::of(150, 1_000);
    queue(&app, &nadia, mails).await;
    let more = [("TRELLIS__MAIL__ATTEMPT_SECONDS", "2"), ("TRELLIS__MAIL__MOST_SENDERS", "2")];
    let settings = settings(&database, &smtp.to_string(), &more);

    let sleeper = Served::start(folder.path(), &settings).await;
    while frozen.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Both its senders have sent the dot and wait for the answer.
    signal(&sleeper, "-STOP");
    let others = [Served::start(folder.path(), &settings).await, Served::start(folder.path(), &settings).await];
    tokio::time::sleep(Duration::from_secs(12)).await;
    until_done(&app, || others[0].log()).await;
    let (before, arrived) = (read_ledger(folder.path(), &settings), arrivals.count());
    signal(&sleeper, "-CONT");
    // Long enough for it to write, if it did.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = read_ledger(folder.path(), &settings);
    let tally = tally(&after, &arrivals);
    scale::shown("R3, one stood still for three leases", &tally);
    assert_eq!((tally.keys, tally.sent), (mails, mails));
    assert!(tally.doubled <= 2, "only what it had on the wire: {tally:?}");
    assert_eq!(after, before, "its late record changed no row");
    assert_eq!(arrivals.count(), arrived, "and it sent nothing more");
    let log = sleeper.log();
    assert!(log.contains("the lease was lost"), "it found nothing to write to: {log}");
}
