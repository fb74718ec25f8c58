//! Does it tell the truth to those who watch it, and nothing about anybody?

use chrono::TimeDelta;
use serde_json::json;
use trellis::{actions::release_due::release_due, demo::smtp_server::Script};

use crate::{
    golden::python,
    people::{Person, ask, enroll},
    story,
    visitor::Visitor,
    world::{Backend, World},
};

const LENA: Person =
    Person { name: "Lena", email: "lena@berlin.example", zone: "Europe/Berlin", track: "hurt", calendar: "invites" };

async fn ready(world: &World) -> (u16, String) {
    let answer = Visitor::of(world).get("/health/ready").await;
    (answer.status, answer.body)
}

fn checks(status: &str, [database, mail, planner]: [&str; 3]) -> serde_json::Value {
    json!({ "status": status, "checks": { "database": database, "planner": planner, "mail": mail } })
}

/// And when the planner looked last, and for how long the oldest mail has been due.
fn same(given: &str, mut expected: serde_json::Value, (looked_at, oldest): (Option<&str>, Option<i64>)) {
    expected["planner_looked_at"] = json!(looked_at);
    expected["oldest_due_seconds"] = json!(oldest);
    assert_eq!(serde_json::from_str::<serde_json::Value>(given).unwrap(), expected);
}

story! {
    async fn readiness_names_what_is_late_and_nothing_else(world: &World) {
        let live = Visitor::of(world).get("/health/live").await;
        assert_eq!((live.status, live.body.as_str()), (200, "{\"status\":\"live\"}"));
        let (status, body) = ready(world).await;
        assert_eq!(status, 503, "the planner never looked");
        same(&body, checks("not_ready", ["ok", "ok", "late"]), (None, Some(0)));
        world.run().await;
        assert_eq!(ready(world).await.0, 200);

        world.app.clock.advance(TimeDelta::seconds(11));
        let (status, body) = ready(world).await;
        assert_eq!(status, 503, "the planner has not looked for eleven seconds");
        same(&body, checks("not_ready", ["ok", "ok", "late"]), (Some("2026-10-05T09:00:00Z"), Some(0)));

        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        world.run().await;
        ask(world, cohort, &LENA).await;
        world.app.clock.advance(TimeDelta::minutes(59));
        release_due(&world.app).await.unwrap();
        assert_eq!(ready(world).await.0, 200, "mail may wait for an hour");
        world.app.clock.advance(TimeDelta::minutes(2));
        release_due(&world.app).await.unwrap();
        let (status, body) = ready(world).await;
        assert_eq!(status, 503, "an hour is too long");
        same(&body, checks("not_ready", ["ok", "late", "ok"]), (Some("2026-10-05T10:01:11Z"), Some(3_660)));
        let live = Visitor::of(world).get("/health/live").await;
        assert_eq!(live.status, 200, "it is alive all the same: starting it anew would help nobody");

        world.run().await;
        same(&ready(world).await.1, checks("ready", ["ok", "ok", "ok"]), (Some("2026-10-05T10:01:11Z"), Some(0)));
    }
}

/// Held mail is no fault: it must not take the pages away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_holds_mail_is_ready() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[("mail.mode", "\"hold\"")]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(&world, cohort, &LENA).await;
        world.app.clock.advance(TimeDelta::hours(5));
        world.run().await;
        let (status, body) = ready(&world).await;
        assert_eq!(status, 200);
        same(&body, checks("ready", ["ok", "held", "ok"]), (Some("2026-10-05T14:00:00Z"), Some(18_000)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_it_is_alive_and_not_ready() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::new(backend).await;
        world.run().await;
        world.app.db.clone().close().await.unwrap();
        let (status, body) = ready(&world).await;
        assert_eq!(status, 503);
        same(&body, checks("not_ready", ["down", "late", "ok"]), (Some("2026-10-05T09:00:00Z"), None));
        assert_eq!(Visitor::of(&world).get("/health/live").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stops_asks_for_no_more_requests() {
    let world = World::new(Backend::Sqlite).await;
    world.run().await;
    assert_eq!(ready(&world).await.0, 200);
    world.app.closing.send_replace(trellis::app::Closing::Draining);
    assert_eq!(ready(&world).await.0, 503);
}

const TOKEN: &str = "a-token-of-the-operator";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_are_for_whoever_holds_the_token_and_name_nobody() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[("health.metrics_token", &format!("{TOKEN:?}"))]).await;
        let visitor = Visitor::of(&world);
        assert_eq!(visitor.get("/metrics").await.status, 401);
        assert_eq!(visitor.get_with("/metrics", ("authorization", "Bearer guessed")).await.status, 401);

        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(&world, cohort, &LENA).await;
        let link = world.last_to(LENA.email).link("/");
        visitor.get(&link).await;
        visitor.get("/confirm/v1.secret.token").await;
        visitor.get("/nowhere/secret").await;
        world.pass(TimeDelta::minutes(5)).await;
        ask(&world, cohort, &Person { name: "Ada", email: "ada@lisbon.example", ..LENA }).await;
        world.app.clock.advance(TimeDelta::seconds(90));

        let bearer = format!("Bearer {TOKEN}");
        let answer = visitor.get_with("/metrics", ("authorization", &bearer)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let page = answer.body;
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
        assert_eq!(answer.headers["cache-control"], "no-store");
        let sent = world.mails.lock().unwrap().len();
        for line in [
            format!("trellis_deliveries_total{{outcome=\"sent\"}} {sent}"),
            "trellis_deliveries_total{outcome=\"deferred\"} 0".to_owned(),
            "trellis_deliveries_total{outcome=\"bounced\"} 0".to_owned(),
            "trellis_deliveries_total{outcome=\"unknown\"} 0".to_owned(),
            "trellis_deliveries_total{outcome=\"failed\"} 0".to_owned(),
            "trellis_deliveries_due{state=\"queued\"} 1".to_owned(),
            "trellis_deliveries_due{state=\"unknown\"} 0".to_owned(),
            "trellis_deliveries_oldest_due_seconds 90.0".to_owned(),
            "trellis_breaker_open 0".to_owned(),
            "trellis_sending_held 0".to_owned(),
            "trellis_planner_age_seconds 90.0".to_owned(),
            "trellis_http_request_seconds_count{method=\"GET\",route=\"/confirm/:token\",status=\"4xx\"} 1".to_owned(),
            "trellis_http_request_seconds_count{method=\"GET\",route=\"none\",status=\"4xx\"} 1".to_owned(),
        ] {
            assert!(page.lines().any(|said| said == line), "{line} is not in\n{page}");
        }
        // How long the planner looks, a try takes, and how much shares a commit.
        for name in ["planner_look_seconds_bucket", "send_attempt_seconds_bucket", "writer_batch_size_bucket"] {
            assert!(page.contains(&format!("trellis_{name}{{le=")), "{name} is not in\n{page}");
        }
        assert!(page.trim_end().ends_with("# EOF"));
        for private in ["lena", "Lena", "ada", "Ada", "example", "secret", "Brandt", &practice.id.to_string()] {
            assert!(!page.contains(private), "{private} is among the numbers:\n{page}");
        }
        the_dashboard_shows_only_what_there_is(&page);
        another_reader_finds_no_fault(&page);
        world.run().await;
    }
}

/// Every number of the dashboard is one of the page; every number of the page is on the dashboard.
fn the_dashboard_shows_only_what_there_is(page: &str) {
    let dashboard = include_str!("../../../config/grafana.json");
    let parsed: serde_json::Value = serde_json::from_str(dashboard).unwrap();
    assert!(parsed["panels"].as_array().is_some_and(|panels| panels.len() >= 8));
    let families: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let of = |name: &str| {
        families.iter().any(|family| {
            let rest = name.strip_prefix(family);
            rest.is_some_and(|rest| ["", "_total", "_bucket", "_count", "_sum"].contains(&rest))
        })
    };
    let shown = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    for name in dashboard.split(|letter: char| !shown(letter)).filter(|word| word.starts_with("trellis_")) {
        assert!(of(name), "the dashboard shows {name}, which does not exist");
    }
    for family in families {
        assert!(dashboard.contains(family), "the dashboard does not show {family}");
    }
}

/// Python's own client of Prometheus is strict about what OpenMetrics is.
fn another_reader_finds_no_fault(page: &str) {
    let reads = "import sys; from prometheus_client.openmetrics import parser; \
         print(len(list(parser.text_string_to_metric_families(open(sys.argv[1]).read()))))";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metrics");
    std::fs::write(&file, page).unwrap();
    let read = std::process::Command::new(python()).args(["-c", reads]).arg(file).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let families = page.lines().filter(|line| line.starts_with("# TYPE ")).count();
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), families.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_there_are_no_numbers_on_the_site() {
    let world = World::new(Backend::Sqlite).await;
    assert_eq!(Visitor::of(&world).get("/metrics").await.status, 404);
    assert_eq!(Visitor::of(&world).get_with("/metrics", ("authorization", "Bearer ")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_shut_shows_as_a_breaker() {
    use trellis::demo::smtp_server::{Action, Step};
    let is_closed = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let closed = is_closed.clone();
    let script = Script::new(move |step| match step {
        Step::Greeting if closed.load(std::sync::atomic::Ordering::SeqCst) => {
            Action::Say("421 4.3.2 Closed".to_owned())
        }
        _ => Action::Go,
    });
    let world = World::with(Backend::Sqlite, script, &[("health.metrics_token", &format!("{TOKEN:?}"))]).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    ask(&world, cohort, &LENA).await;
    world.run().await;
    let bearer = format!("Bearer {TOKEN}");
    let page = Visitor::of(&world).get_with("/metrics", ("authorization", &bearer)).await.body;
    assert!(page.contains("trellis_breaker_open 1"), "{page}");
    // Until somebody got through, nobody knows better.
    world.app.clock.advance(TimeDelta::minutes(2));
    let page = Visitor::of(&world).get_with("/metrics", ("authorization", &bearer)).await.body;
    assert!(page.contains("trellis_breaker_open 1"), "{page}");
    is_closed.store(false, std::sync::atomic::Ordering::SeqCst);
    world.run().await;
    let page = Visitor::of(&world).get_with("/metrics", ("authorization", &bearer)).await.body;
    assert!(page.contains("trellis_breaker_open 0"), "{page}");
}
