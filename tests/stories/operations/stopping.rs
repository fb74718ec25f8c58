//! Does a process stop without leaving anything in doubt, and does only one serve from a file?

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use trellis::{
    actions::{
        add_coach::{NewCoach, add_coach},
        passwords::hash_password,
        send_test::send_test_mail,
    },
    app::App,
    clock::Clock,
    config::Config,
    demo::smtp_server::{self, Action, Script, Step},
    domain::{delivery::State, email_address::EmailAddress},
    random::Random,
    store::{coaches, ledger},
};

use super::process::{Served, Settings, free_address, refused, trellis};
use crate::{
    scale,
    world::{Backend, PASSWORD, name, zone},
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

async fn database(backend: Backend, folder: &Path) -> String {
    match backend {
        Backend::Sqlite => format!("sqlite://{}", folder.join("trellis.sqlite").display()),
        Backend::Postgres => crate::databases::fresh_postgres().await,
    }
}

fn settings(database: &str, smtp: &str) -> Settings {
    vec![
        ("TRELLIS_DATABASE_URL", database.to_owned()),
        ("TRELLIS_SMTP_URL", format!("smtp://{smtp}")),
        ("TRELLIS__SECRETS__KEY", KEY.to_owned()),
        ("TRELLIS__LOG__FORMAT", "json".to_owned()),
        ("TRELLIS__LOG__FILTER", "debug".to_owned()),
    ]
}

/// Somebody beside the process, who queues mail.
async fn beside(database: &str) -> Arc<App> {
    let quoted = |text: &str| format!("{text:?}");
    let config = Config::with(&[("database.url", &quoted(database)), ("secrets.key", &quoted(KEY))]).unwrap();
    App::open(config, Clock::System, Random::Os).await.unwrap()
}

async fn queue(app: &App, mails: usize) {
    let new = NewCoach {
        email: EmailAddress::parse("nadia@group.example").unwrap(),
        name: name("Nadia Brandt"),
        zone: zone("Europe/Dublin"),
        practice: name("Nadia Brandt Coaching"),
    };
    add_coach(app, &new, &hash_password(app, PASSWORD).await.unwrap()).await.unwrap();
    let coach = coaches::with_email(app.db.reader(), &new.email).await.unwrap().unwrap();
    for _ in 0..mails {
        send_test_mail(app, &coach).await.unwrap();
    }
}

async fn states(app: &App) -> Vec<State> {
    ledger::everything(app.db.reader()).await.unwrap().into_iter().map(|row| row.state).collect()
}

fn count(states: &[State], wanted: State) -> usize {
    states.iter().filter(|state| **state == wanted).count()
}

/// R16
async fn sigterm_under_load_leaves_nothing_on_the_wire(backend: Backend) {
    let (stops, mails) = (scale::of(1, 10), scale::of(300, 3_000));
    let folder = tempfile::tempdir().unwrap();
    let script = Script::new(|step| match step {
        Step::Message(_) => Action::Wait(Duration::from_millis(40)),
        _ => Action::Go,
    });
    let (smtp, mut inbox) = smtp_server::start("127.0.0.1:0".parse().unwrap(), script).await.unwrap();
    let database = database(backend, folder.path()).await;
    let app = beside(&database).await;
    queue(&app, mails).await;
    let (mut received, mut longest) = (0, Duration::ZERO);
    for _ in 0..stops {
        let mut served = Served::start(folder.path(), &settings(&database, &smtp.to_string())).await;
        let before = received;
        while received < before + 25 {
            inbox.recv().await.unwrap();
            received += 1;
        }
        served.ask_to_stop();
        let (status, took) = served.ended().await;
        assert!(status.success() && took < Duration::from_secs(20), "{status} after {took:?}");
        longest = longest.max(took);
        while inbox.try_recv().is_ok() {
            received += 1;
        }
        let states = states(&app).await;
        assert_eq!(count(&states, State::Sent), received, "what arrived is what was recorded");
        assert_eq!(count(&states, State::Queued), mails - received, "and the rest waits: {states:?}");
        assert!(received < mails, "it was stopped in the midst of it");
        the_log_says_what_and_not_who(&served.log(), received - before);
    }
    let counts = format!("{received} of {mails} mails had gone, 0 on the wire, 0 in doubt");
    scale::shown("R16", format!("{backend:?}, {stops} stops, the longest {longest:.1?}: {counts}"));
}

/// Every line is JSON, an answer has its request, a mail its delivery, nobody a name.
fn the_log_says_what_and_not_who(log: &str, received: usize) {
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |message: &str| lines.iter().filter(|line| line["message"] == message).cloned().collect::<Vec<_>>();
    assert_eq!(of("recorded").len(), received);
    assert!(of("recorded").iter().all(|line| line["span"]["name"] == "delivery" && line["span"]["id"].is_string()));
    let answered = of("answered");
    assert!(!answered.is_empty() && answered.iter().all(|line| line["span"]["id"].is_string()), "{answered:?}");
    for private in ["nadia", "Nadia", "Brandt", "group.example"] {
        assert!(!log.contains(private), "{private} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_leaves_nothing_on_the_wire_on_sqlite() {
    sigterm_under_load_leaves_nothing_on_the_wire(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_leaves_nothing_on_the_wire_on_postgres() {
    sigterm_under_load_leaves_nothing_on_the_wire(Backend::Postgres).await;
}

/// R16: a mail server that does not answer delays the end, and does not prevent it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_mail_server_does_not_keep_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let (begun, seen) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let counted = begun.clone();
    let script = Script::new(move |step| match step {
        Step::Message(_) => {
            counted.fetch_add(1, Ordering::Relaxed);
            Action::Hang
        }
        _ => Action::Go,
    });
    let (smtp, _inbox) = smtp_server::start("127.0.0.1:0".parse().unwrap(), script).await.unwrap();
    let database = database(Backend::Sqlite, folder.path()).await;
    let app = beside(&database).await;
    queue(&app, 20).await;
    let mut served = Served::start(folder.path(), &settings(&database, &smtp.to_string())).await;
    while begun.load(Ordering::Relaxed) < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(seen.fetch_add(1, Ordering::Relaxed) < 500, "{}", served.log());
    }
    served.ask_to_stop();
    let (status, took) = served.ended().await;
    assert!(status.success() && took < Duration::from_secs(20), "{status} after {took:?}");
    let states = states(&app).await;
    // The dot was sent and nothing came back: that is doubt, and said to be doubt.
    assert_eq!(count(&states, State::Unknown), 2, "{states:?}");
    assert_eq!(count(&states, State::Queued), 18, "{states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_file_is_refused_in_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&database(Backend::Sqlite, folder.path()).await, "127.0.0.1:9");
    let served = Served::start(folder.path(), &settings).await;

    let mut second = settings.clone();
    second.push(("TRELLIS_LISTEN", free_address().to_string()));
    // By another name of the same folder, too.
    std::os::unix::fs::symlink(folder.path(), folder.path().join("also")).unwrap();
    let by_another_name = format!("sqlite://{}", folder.path().join("also/trellis.sqlite").display());
    for url in [second[0].1.clone(), by_another_name] {
        second[0].1 = url;
        let why = refused(&trellis(folder.path(), &second, &["serve"]));
        assert_eq!(why.lines().count(), 1, "{why}");
        assert!(why.contains(&format!("another process (number {}) serves from", served.number())), "{why}");
        assert!(why.contains("use PostgreSQL"), "{why}");
    }
    // Commands beside it are welcome.
    super::process::told(&trellis(folder.path(), &settings, &["ledger"]));
    assert_eq!(served.status("/health/live").await, Some(200));
    // A process that was killed leaves no lock behind.
    drop(served);
    Served::start(folder.path(), &settings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_serve_from_one_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&database(Backend::Postgres, folder.path()).await, "127.0.0.1:9");
    let (one, other) = (Served::start(folder.path(), &settings).await, Served::start(folder.path(), &settings).await);
    assert_eq!((one.status("/health/live").await, other.status("/health/live").await), (Some(200), Some(200)));
}

/// The numbers on an address of their own, without a token; on the site's address there are none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_may_have_an_address_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let apart = free_address();
    let mut settings = settings(&database(Backend::Sqlite, folder.path()).await, "127.0.0.1:9");
    settings.push(("TRELLIS__HEALTH__METRICS_LISTEN", apart.to_string()));
    let served = Served::start(folder.path(), &settings).await;
    assert_eq!(served.status("/metrics").await, Some(404));
    let text = reqwest::get(format!("http://{apart}/metrics")).await.unwrap().text().await.unwrap();
    assert!(text.contains("trellis_planner_look_seconds_count"), "{text}");
    // It answers before the planner has looked for the first time.
    served.until(|| async { served.text("/health/ready").await.contains("\"status\":\"ready\"") }).await;
    let ready = reqwest::get(format!("http://{apart}/health/ready")).await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
}
