//! Does anybody learn from a public form whether an address is known: by what it says, or by the time it takes?

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use trellis::{
    actions::{
        change_person::stop,
        leave::{By, leave},
    },
    demo::smtp_server::Script,
    domain::{category::Category, ids::CohortId},
    store::{enrollments, ledger, participants},
    web::csrf::FormToken,
};

use crate::{
    people::{Person, ask, enroll, standing},
    story,
    twice::presses::filled_in,
    visitor::{Answer, Visitor, form_token},
    world::{Backend, World},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "feed" };

const fn person(name: &'static str, email: &'static str) -> Person {
    Person { name, email, zone: "Europe/Berlin", track: "hurt", calendar: "feed" }
}

/// Everybody a form can be about.
const EVERYBODY: [&str; 9] = [
    "new@example.org",
    "pending@example.org",
    "enrolled@example.org",
    "waitlisted@example.org",
    "withdrawn@example.org",
    "removed@example.org",
    "lapsed@example.org",
    "unsubscribed@example.org",
    "elsewhere@example.org",
];

/// A cohort with somebody in every standing. It is full.
async fn everybody(world: &World) -> CohortId {
    let practice = world.practice().await;
    let elsewhere = world.cohort(&practice, |_| {}).await;
    enroll(world, elsewhere, &person("El", "elsewhere@example.org")).await;
    let cohort = world.cohort(&practice, |new| new.capacity = 5).await;
    ask(world, cohort, &person("La", "lapsed@example.org")).await;
    world.pass(TimeDelta::minutes(61)).await;
    let withdrawn = enroll(world, cohort, &person("Wi", "withdrawn@example.org")).await;
    let removed = enroll(world, cohort, &person("Re", "removed@example.org")).await;
    for number in ["one", "two", "three"] {
        let email = Box::leak(format!("{number}@example.org").into_boxed_str());
        enroll(world, cohort, &person("Fill", email)).await;
    }
    leave(&world.app, withdrawn, &By::Participant).await.unwrap();
    leave(&world.app, removed, &By::Coach("Nadia".to_owned())).await.unwrap();
    enroll(world, cohort, &person("En", "enrolled@example.org")).await;
    enroll(world, cohort, &person("Un", "unsubscribed@example.org")).await;
    let email = "unsubscribed@example.org".parse().unwrap();
    let id = participants::with_email(world.app.db.reader(), practice.id, &email).await.unwrap().unwrap().id;
    let program = trellis::store::cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap().program_id;
    stop(&world.app, id, program, Category::Lesson).await.unwrap();
    enroll(world, cohort, &person("Wa", "waitlisted@example.org")).await;
    ask(world, cohort, &person("Pe", "pending@example.org")).await;
    world.run().await;
    for (email, expected) in
        [("waitlisted", "waitlisted"), ("removed", "removed"), ("withdrawn", "withdrawn"), ("lapsed", "lapsed")]
    {
        assert_eq!(standing(world, cohort, &format!("{email}@example.org")).await, expected);
    }
    cohort
}

/// All of an answer but what is random in it.
fn bare(answer: &Answer) -> (u16, Option<String>, Vec<String>, String) {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, value)| {
            let secret = ["set-cookie", "x-request-id", "date"].contains(&name.as_str());
            format!("{name}: {}", if secret { "…" } else { value.to_str().unwrap() })
        })
        .collect();
    headers.sort();
    let body = form_token(&answer.body).map_or_else(|| answer.body.clone(), |token| answer.body.replace(&token, ""));
    (answer.status, answer.location.clone(), headers, body)
}

/// Fills in and sends a public form; returns what it said, and what the page after it said.
async fn sent(world: &World, path: &str, email: &str) -> [(u16, Option<String>, Vec<String>, String); 2] {
    let visitor = Visitor::of(world);
    let fields = fields(&visitor, path, email).await;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = visitor.submit(path, path, &fields).await;
    let next = visitor.get(answer.location.as_deref().unwrap_or(path)).await;
    [bare(&answer), bare(&next)]
}

async fn fields(visitor: &Visitor, path: &str, email: &str) -> Vec<(&'static str, String)> {
    if path.starts_with("/enroll/") {
        return filled_in(visitor, path, email).await;
    }
    vec![("email", email.to_owned()), ("password", "not the right password".to_owned())]
}

const NO_LIMITS: [(&str, &str); 5] = [
    ("limits.enrollments_per_client", "1000000"),
    ("limits.enrollments_per_address", "1000000"),
    ("limits.sign_in_mails", "1000000"),
    ("limits.passwords_per_address", "1000000"),
    ("limits.passwords_per_client", "1000000"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_public_form_says_the_same_to_everybody() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &NO_LIMITS).await;
        let cohort = everybody(&world).await;
        let enroll = format!("/enroll/{cohort}");
        for path in [enroll.as_str(), "/link"] {
            let stranger = sent(&world, path, "stranger@example.org").await;
            for email in EVERYBODY {
                let same = sent(&world, path, email).await;
                assert_eq!(same, stranger, "{path}: {email}");
            }
        }
        for path in ["/coach/forgot", "/coach/sign-in"] {
            let [mut known, _] = sent(&world, path, "nadia@group.example").await;
            let [mut unknown, _] = sent(&world, path, "somebody@group.example").await;
            known.3 = known.3.replace("nadia@group.example", "");
            unknown.3 = unknown.3.replace("somebody@group.example", "");
            // The length is that of the address, which the page shows again.
            for said in [&mut known, &mut unknown] {
                said.2.retain(|header| !header.starts_with("content-length"));
            }
            assert_eq!(known, unknown, "{path}");
        }
        // The mail says what is true, and names no program before the address is confirmed.
        world.forget_mails();
        world.run().await;
        let told = |email: &str| world.mails_to(email);
        for mail in told("new@example.org").iter().chain(&told("stranger@example.org")) {
            let all = format!("{} {} {}", mail.subject, mail.text, String::from_utf8_lossy(&mail.raw)).to_lowercase();
            assert!(
                !all.contains("rebuilding") && !all.contains("affair") && !all.contains("monday evenings"),
                "{all}"
            );
        }
        assert_eq!(told("new@example.org").len(), 1);
        assert!(
            told("removed@example.org").iter().all(|mail| !mail.text.contains("/confirm/")),
            "who was removed is not let in by a form"
        );
        assert!(told("enrolled@example.org").iter().any(|mail| !mail.text.contains("/confirm/")));
        world.end().await;
    }
}

story! {
    async fn an_address_that_did_not_ask_is_written_to_once_a_day(world: &World) {
        let practice = world.practice().await;
        let (one, two) = (world.cohort(&practice, |_| {}).await, world.cohort(&practice, |_| {}).await);
        for cohort in [one, one, two] {
            ask(world, cohort, &ANA).await;
            world.pass(TimeDelta::minutes(7)).await;
        }
        assert_eq!(world.mails_to(ANA.email).len(), 1, "whatever it is asked about");
        world.pass(TimeDelta::hours(24)).await;
        ask(world, one, &ANA).await;
        world.run().await;
        assert_eq!(world.mails_to(ANA.email).len(), 2, "the next day once more");
        // The first link still leads in.
        let first = world.mails_to(ANA.email)[0].link("/confirm/");
        let visitor = Visitor::of(world);
        assert_eq!(visitor.submit(&first, &first, &[]).await.status, 303);
        assert_eq!(standing(world, one, ANA.email).await, "enrolled");
        // Somebody we know may leave and ask again the same day.
        let enrollment = {
            let person = participants::with_email(world.app.db.reader(), practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
            enrollments::of_person_in(world.app.db.reader(), one, person.id).await.unwrap().unwrap()
        };
        leave(&world.app, enrollment.id, &By::Participant).await.unwrap();
        world.pass(TimeDelta::minutes(6)).await;
        world.forget_mails();
        ask(world, one, &ANA).await;
        world.run().await;
        assert!(world.mails_to(ANA.email).iter().any(|mail| mail.text.contains("/confirm/")));
    }
}

story! {
    async fn what_is_done_in_vain_leaves_nothing_behind(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        let before = (enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().len(), ledger::everything(world.app.db.reader()).await.unwrap().len());
        ask(world, cohort, &ANA).await;
        let visitor = Visitor::of(world);
        visitor.submit("/link", "/link", &[("email", "nobody@example.org")]).await;
        visitor.submit("/coach/forgot", "/coach/forgot", &[("email", "nobody@example.org")]).await;
        let row = trellis::store::cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
        assert_eq!(row.seats_taken, 1, "no seat is held for nobody");
        let after = (enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().len(), ledger::everything(world.app.db.reader()).await.unwrap().len());
        assert_eq!(after, (before.0, before.1 + 1), "one letter, to Ana");
        world.run().await;
        assert!(world.mails.lock().unwrap().iter().all(|mail| !mail.to.contains("nobody")));
    }
}

/// Median of the differences between what a known and an unknown address take, over interleaved pairs.
async fn difference(world: &World, path: &str, (known, unknown): (&[String], &[String])) -> Duration {
    let visitor = Visitor::of(world);
    let blank = fields(&visitor, path, "").await;
    let mut times: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
    for pair in 0..known.len() {
        // Neither is always the first.
        for which in if pair % 2 == 0 { [0, 1] } else { [1, 0] } {
            let email = [&known[pair], &unknown[pair]][which];
            let token = FormToken::new(world.app.random.bytes());
            let others = blank.iter().filter(|(name, _)| *name != "email");
            let mut fields: Vec<_> = others.map(|(name, value)| (*name, value.as_str())).collect();
            fields.extend([("email", email.as_str()), ("form_token", token.as_str())]);
            let started = Instant::now();
            let answer = visitor.post(path, &fields).await;
            times[which].push(started.elapsed());
            assert!(answer.status < 500 && answer.status != 429, "{path}: {}", answer.status);
        }
    }
    let [known, unknown] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    eprintln!("{path}: known {known:?}, unknown {unknown:?}");
    known.abs_diff(unknown)
}

/// 300 requests a form, 150 pairs. Whatever else the machine does disturbs both alike; if it disturbs the
/// median all the same, the whole is measured again.
async fn tells_no_time(backend: Backend) {
    let world = World::with(backend, Script::well(), &NO_LIMITS).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |new| new.capacity = 1_000).await;
    for number in 0..10 {
        let email = Box::leak(format!("k{number}@example.org").into_boxed_str());
        enroll(&world, cohort, &person("Known", email)).await;
    }
    let form = format!("/enroll/{cohort}");
    let people: Vec<String> = (0..150).map(|n| format!("k{}@example.org", n % 10)).collect();
    let coach = vec!["nadia@group.example".to_owned(); 150];
    for (path, known) in
        [(form.as_str(), &people), ("/link", &people), ("/coach/forgot", &coach), ("/coach/sign-in", &coach)]
    {
        let mut last = Duration::MAX;
        for round in 0..3 {
            let unknown: Vec<String> = (0..150).map(|n| format!("u{round}-{n}@example.org")).collect();
            last = difference(&world, path, (known, &unknown)).await;
            if last < Duration::from_millis(5) {
                break;
            }
        }
        assert!(last < Duration::from_millis(5), "{backend:?} {path}: {last:?}");
    }
    world.run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_public_form_takes_longer_for_a_known_address_on_sqlite() {
    tells_no_time(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_public_form_takes_longer_for_a_known_address_on_postgres() {
    tells_no_time(Backend::Postgres).await;
}
