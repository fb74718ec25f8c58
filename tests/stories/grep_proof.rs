//! Is there a name, an address or a word of the topic where none may be? A whole story, searched.

use std::{
    collections::BTreeSet,
    io::Write,
    sync::{Arc, LazyLock, Mutex},
};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use mail_parser::MessageParser;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};
use trellis::{
    domain::{discretion::ForbiddenWords, plan::Change},
    store::sessions,
};

use crate::{
    mail_in::{About, coach, hand, house, inbound},
    people::{Person, enroll, sign_in},
    post::Mail,
    visitor::Visitor,
    world::{Backend, World, utc},
};

/// Everything that is logged, by every thread, at *debug* and from every library.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let filter = EnvFilter::new("debug");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(log.clone()).init();
    log
});

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

impl Log {
    fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.0.lock().unwrap()).lines().map(str::to_owned).collect()
    }
}

/// Nobody else in any story is called so.
const QUILL: Person = Person {
    name: "Quillonia",
    email: "quillonia.secret@example.org",
    zone: "Europe/Lisbon",
    track: "broke",
    calendar: "invites",
};

const WORDS: [&str; 7] =
    ["affair", "infidelity", "betray", "cheat", "rebuilding trust", "rebuilding-trust", "unfaithful"];

async fn a_whole_story(backend: Backend) {
    let log = LOG.clone();
    let world = house(backend).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    let enrollment = enroll(&world, cohort, &QUILL).await;
    world.pass(TimeDelta::minutes(5)).await;
    let visitor = Visitor::of(&world);
    sign_in(&world, &visitor, QUILL.email).await;
    for path in ["/p", "/p/settings", "/p/data", "/p/calendar.ics", "/nowhere"] {
        visitor.get(path).await;
    }
    // What is typed wrong is not written down either.
    visitor.submit("/link", "/link", &[("email", "quillonia.secret@@example.org")]).await;
    world.to(utc("2026-10-12 18:00")).await;
    let desk = coach(&world).await;
    for path in ["/coach", "/coach/outbox", &format!("/coach/cohorts/{cohort}")] {
        desk.get(path).await;
    }
    let lesson = world.mails_to(QUILL.email).into_iter().find(|mail| mail.subject == "Weekly course, part 1").unwrap();
    let invite = world.mails_to(QUILL.email).into_iter().find(|mail| mail.calendar.is_some()).unwrap();
    for (shape, about) in [
        ("reply_gmail_accepted", &invite),
        ("dsn_postfix_full", &lesson),
        ("dsn_gmail_unknown_user", &lesson),
        ("arf_yahoo", &lesson),
        ("spam", &lesson),
        ("auto_reply_vacation", &lesson),
        ("personal_check_in", &lesson),
    ] {
        hand(&world, inbound(shape, &About::mail(about))).await;
    }
    trellis::actions::leave::leave(&world.app, enrollment, &trellis::actions::leave::By::Participant).await.unwrap();
    world.pass(TimeDelta::minutes(30)).await;
    world.end().await;

    let lines = log.lines();
    assert!(
        lines.iter().any(|line| line.contains("DEBUG")) && lines.len() > 100,
        "{} lines: is this debug?",
        lines.len()
    );
    assert!(lines.iter().any(|line| line.contains("recorded")), "what was sent is written down");
    let words = ForbiddenWords::new(WORDS);
    for line in lines {
        let small = line.to_lowercase();
        for secret in ["quillonia", "secret@", "@example.org", "nadia@", "hello@group"] {
            assert!(!small.contains(secret), "S15: {secret} in the log: {line}");
        }
        assert_eq!(words.find_in(&line), None, "S15: in the log: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_line_names_anybody_or_the_topic_on_sqlite() {
    a_whole_story(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_line_names_anybody_or_the_topic_on_postgres() {
    a_whole_story(Backend::Postgres).await;
}

/// Thirty names that are in no dictionary, and nowhere in each other.
const NAMES: [&str; 30] = [
    "Abroxil",
    "Bentuvar",
    "Cyndolar",
    "Drasmine",
    "Elquiria",
    "Fostaviel",
    "Gwendrax",
    "Hyolvina",
    "Iskandor",
    "Jovrenne",
    "Kelpharis",
    "Lumbrasia",
    "Mirvanox",
    "Nystrella",
    "Oquendris",
    "Pelvarion",
    "Quistavel",
    "Rovimela",
    "Sylquanna",
    "Tarvonix",
    "Ulmerosa",
    "Vexandril",
    "Wyndoria",
    "Xalvimar",
    "Yostrenna",
    "Zephiquor",
    "Adrivanka",
    "Brumolina",
    "Calvexia",
    "Dornivar",
];

/// A mail as anybody could read it: as it is, and every header and part decoded.
fn readable(mail: &Mail) -> String {
    let message = MessageParser::default().parse(&mail.raw).unwrap();
    let headers: String = message.headers().iter().map(|header| format!("{:?}\n", header.value())).collect();
    let parts: String = message.parts.iter().filter_map(|part| part.text_contents()).collect::<Vec<_>>().join("\n");
    let raw = String::from_utf8_lossy(&mail.raw).into_owned();
    let all = [
        headers,
        parts,
        raw,
        mail.envelope_from.clone(),
        mail.calendar.clone().unwrap_or_default().replace("\r\n ", ""),
    ]
    .join("\n");
    // Links carry tokens: what they hold is looked at, too.
    let tokens = all.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').filter(|word| word.len() > 16);
    let decoded: String = tokens
        .filter_map(|word| data_encoding::BASE64URL_NOPAD.decode(word.as_bytes()).ok())
        .map(|octets| String::from_utf8_lossy(&octets).into_owned())
        .collect();
    (all + &decoded).to_lowercase()
}

async fn thirty_people(backend: Backend) {
    let world = World::new(backend).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |new| new.capacity = 30).await;
    let zones = ["Europe/Lisbon", "America/New_York", "Asia/Kathmandu"];
    for (index, name) in NAMES.iter().enumerate() {
        let person = Person {
            name,
            email: format!("{}.{index}@mailbox.example", name.to_lowercase()).leak(),
            zone: zones[index % 3],
            track: if index % 2 == 0 { "broke" } else { "hurt" },
            calendar: ["invites", "feed", "neither"][index % 3],
        };
        enroll(&world, cohort, &person).await;
    }
    world.to(utc("2026-10-13 12:00")).await;
    let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(2).id;
    let (date, time) = (NaiveDate::from_ymd_opt(2026, 10, 27).unwrap(), NaiveTime::from_hms_opt(20, 0, 0).unwrap());
    world.change((practice.id, cohort), &Change::MoveSession { session, date, time, minutes: 75 }).await;
    world.to(utc("2026-10-14 12:00")).await;
    let mails = world.mails.lock().unwrap().clone();
    let readers: BTreeSet<&str> =
        mails.iter().map(|mail| mail.to.as_str()).filter(|to| to.ends_with("@mailbox.example")).collect();
    assert_eq!(readers.len(), 30);
    assert!(mails.len() > 200, "{} mails", mails.len());
    for mail in mails.iter().filter(|mail| mail.to.ends_with("@mailbox.example")) {
        let text = readable(mail);
        for (index, name) in NAMES.iter().enumerate() {
            let small = name.to_lowercase();
            let own = mail.to == format!("{small}.{index}@mailbox.example");
            assert!(own || !text.contains(&small), "P2: {name} in a mail to {}: {}", mail.to, mail.subject);
        }
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mail_to_one_of_thirty_names_another_on_sqlite() {
    thirty_people(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mail_to_one_of_thirty_names_another_on_postgres() {
    thirty_people(Backend::Postgres).await;
}
