//! Do other libraries read in our mail what we meant, believe its signatures, and object to nothing?
//!
//! The real sender wrote it; mail-parser reads it, and Python's `email` and `icalendar`; dkimpy verifies. `tests/run`
//! brings Python's side.

mod letters;
mod transitions;

use std::{path::PathBuf, pin::Pin, process::Command};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde::Deserialize;
use trellis::{demo::smtp_server::Script, domain::plan::Change, mail::dkim::Signer, store::sessions};

use crate::{
    people::{Person, ask, enroll},
    post::{Mail, header},
    visitor::Visitor,
    world::{Backend, World, utc},
};

const RSA_KEY: &str = include_str!("golden/rsa_test_key.pem");
const RSA_RECORD: &str = include_str!("golden/rsa_record.txt");
const ED25519_KEY: &str = include_str!("dkim_test_key.pem");
const ED25519_RECORD: &str = "v=DKIM1; k=ed25519; p=oe0q/he4DCWwKXR94SIKOiAW7yMGWp8usfiHH/uXW+A=";

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
const ZOE: Person = Person {
    name: "Zoë \"Z\" Þórsdóttir; née O’Neil",
    email: "zoe@example.org",
    zone: "Asia/Kathmandu",
    track: "hurt",
    calendar: "invites",
};

/// What Python read in one mail.
#[derive(Debug, Deserialize)]
struct Told {
    subject: String,
    from: Vec<String>,
    from_name: String,
    to: Vec<String>,
    headers: Vec<(String, String)>,
    defects: Vec<String>,
    signatures: Vec<bool>,
    kinds: Vec<String>,
    charsets: Vec<Option<String>>,
    text: String,
    html: String,
    calendar: Option<Calendar>,
}

#[derive(Debug, Deserialize)]
struct Calendar {
    method: String,
    parameter: String,
    disposition: Option<String>,
    files: Vec<String>,
    same_file: bool,
    events: usize,
    uid: String,
    sequence: i32,
    status: String,
    stamp: String,
    modified: String,
    starts: String,
    ends: String,
    summary: String,
    location: String,
    organizer: String,
    attendees: Vec<String>,
    answers: Vec<String>,
    errors: Vec<String>,
    alarms: usize,
    zones: usize,
}

impl Told {
    fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count()
    }
}

/// The Python of `tests/run`. Without it nobody else reads our mail, and that is a failure, not a skip.
pub fn python() -> PathBuf {
    let named = std::env::var_os("TRELLIS_TEST_PYTHON").map(PathBuf::from);
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target")));
    let path = named.unwrap_or_else(|| target.join("python/bin/python"));
    assert!(
        path.exists(),
        "no Python at {}: run tests/run, which makes one with icalendar, dkimpy and prometheus-client, or name it in TRELLIS_TEST_PYTHON",
        path.display()
    );
    path
}

/// Hands the mails to Python, and reads what it says of each.
fn told(mails: &[Vec<u8>]) -> Vec<Told> {
    let folder = tempfile::tempdir().unwrap();
    for (number, mail) in mails.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number:05}.eml")), mail).unwrap();
    }
    let zone = serde_json::json!({
        "r1._domainkey.group.example.": RSA_RECORD.trim(),
        "e1._domainkey.group.example.": ED25519_RECORD,
    });
    std::fs::write(folder.path().join("zone.json"), zone.to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories/golden/read_mail.py");
    let output = Command::new(python()).arg(script).arg(folder.path()).output().expect("Python starts");
    assert!(output.status.success(), "Python: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Both kinds of keys sign.
async fn house(backend: Backend) -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        format!("{:?}", path.to_str().unwrap())
    };
    let (rsa, ed25519) = (keep("rsa.pem", RSA_KEY), keep("ed25519.pem", ED25519_KEY));
    let settings = [
        ("dkim.domain", "\"group.example\""),
        ("dkim.rsa_selector", "\"r1\""),
        ("dkim.rsa_key_file", rsa.as_str()),
        ("dkim.ed25519_selector", "\"e1\""),
        ("dkim.ed25519_key_file", ed25519.as_str()),
        ("bounces.hook_token", &format!("{:?}", crate::mail_in::TOKEN)),
    ];
    (World::with(backend, Script::well(), &settings).await, folder)
}

/// On the heap: a debug build keeps room on the stack for every wait of a function.
fn to<'a>(world: &'a World, at: &str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(world.to(utc(at)))
}

fn pass(world: &World, minutes: i64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
    Box::pin(world.pass(TimeDelta::minutes(minutes)))
}

/// Two people, a session that moves, is canceled and comes back, a pause, a goodbye.
async fn a_whole_life(world: &World) -> Vec<Mail> {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    let enrollment = Box::pin(enroll(world, cohort, &ANA)).await;
    ask(world, cohort, &ANA).await;
    pass(world, 5).await;
    let visitor = Visitor::of(world);
    visitor.submit("/link", "/link", &[("email", ANA.email)]).await;
    to(world, "2026-10-13 12:00").await;
    Box::pin(enroll(world, cohort, &ZOE)).await;
    to(world, "2026-10-20 12:00").await;
    let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(3).id;
    let date = NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
    let time = NaiveTime::from_hms_opt(18, 30, 0).unwrap();
    let of = (practice.id, cohort);
    world.change(of, &Change::MoveSession { session, date, time, minutes: 90 }).await;
    pass(world, 11).await;
    world.change(of, &Change::CancelSession { session }).await;
    pass(world, 11).await;
    world.change(of, &Change::RestoreSession { session }).await;
    pass(world, 11).await;
    to(world, "2026-10-27 12:00").await;
    trellis::actions::leave::leave(&world.app, enrollment, &trellis::actions::leave::By::Participant).await.unwrap();
    to(world, "2026-11-18 12:00").await;
    world.mails.lock().unwrap().clone()
}

async fn tell(backend: Backend) {
    let (world, _folder) = house(backend).await;
    let mails = Box::pin(a_whole_life(&world)).await;
    let bytes: Vec<Vec<u8>> = mails.iter().map(|mail| mail.raw.clone()).collect();
    let all = told(&bytes);
    assert_eq!(all.len(), mails.len());
    for (mail, told) in mails.iter().zip(&all) {
        reads_alike(mail, told);
    }
    calendars_went_through_every_change(&mails, &all);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_libraries_read_a_whole_life_as_it_was_meant_on_sqlite() {
    tell(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_libraries_read_a_whole_life_as_it_was_meant_on_postgres() {
    tell(Backend::Postgres).await;
}

fn even(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// Two readers that know nothing of each other, and of us.
fn reads_alike(mail: &Mail, told: &Told) {
    let subject = &mail.subject;
    assert_eq!(told.defects, Vec::<String>::new(), "{subject}");
    assert_eq!(&told.subject, subject);
    assert_eq!(
        (told.to.join(","), told.from.as_slice()),
        (mail.to.clone(), &["hello@group.example".to_owned()][..]),
        "H1, A9"
    );
    assert!(!told.from_name.is_empty());
    assert_eq!(even(&told.text), even(&mail.text), "{subject}");
    assert_eq!(even(&told.html), even(&mail.html), "{subject}");
    assert!(told.charsets.iter().all(|charset| charset.as_deref() == Some("utf-8")), "H12: {:?}", told.charsets);
    assert_eq!(told.signatures, [true, true], "A1, A2: RSA and Ed25519, {subject}");
    for name in ["Date", "From", "Message-ID", "Subject", "To", "MIME-Version"] {
        assert_eq!(told.count(name), 1, "H1: {name} in {subject}");
    }
    covers(mail);
    // A3: the return path lies within the sender's own domain.
    assert!(mail.envelope_from.ends_with("@bounce.group.example"), "A3");
}

/// A2: what must not be changed on the way is signed, the sender twice.
fn covers(mail: &Mail) {
    let signature = header(&mail.raw, "DKIM-Signature").to_lowercase();
    let names = signature.split("h=").nth(1).unwrap().split(';').next().unwrap();
    let names: Vec<&str> = names.split(':').map(str::trim).collect();
    let all = "from to subject date message-id mime-version content-type reply-to list-unsubscribe \
               list-unsubscribe-post list-id feedback-id auto-submitted references in-reply-to";
    for name in all.split_whitespace() {
        if !header(&mail.raw, name).is_empty() {
            assert!(names.contains(&name), "A2: {name} of {} is not signed: {names:?}", mail.subject);
        }
    }
    assert_eq!(names.iter().filter(|name| **name == "from").count(), 2, "A2: no second From can be added");
}

/// REQUEST, update, CANCEL, and a new entry when it comes back; and CANCEL of all that is to come for who leaves.
fn calendars_went_through_every_change(mails: &[Mail], all: &[Told]) {
    let mut said: std::collections::BTreeMap<String, Vec<(String, i32)>> = std::collections::BTreeMap::new();
    for (mail, told) in mails.iter().zip(all) {
        let Some(calendar) = &told.calendar else {
            assert_eq!(told.kinds, ["multipart/alternative", "text/plain", "text/html"], "H12, H19");
            continue;
        };
        let expected =
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"];
        assert_eq!(told.kinds, expected, "C1");
        assert_eq!((calendar.events, calendar.alarms, calendar.zones), (1, 0, 0), "C8, C16, C19");
        assert_eq!(calendar.errors, Vec::<String>::new());
        assert_eq!(calendar.method, calendar.parameter, "C3");
        assert!(["REQUEST", "CANCEL"].contains(&calendar.method.as_str()), "C5");
        assert_ne!(calendar.disposition.as_deref(), Some("attachment"), "C2");
        assert!(calendar.same_file, "C1: the attached file holds the same octets");
        assert_eq!(calendar.files, ["invite.ics"], "P1: a neutral name");
        assert_eq!(calendar.organizer, "hello@group.example", "C10, C11");
        assert_eq!(calendar.attendees, std::slice::from_ref(&mail.to), "C12: nobody else");
        let (answer, status) =
            if calendar.method == "REQUEST" { ("NEEDS-ACTION", "CONFIRMED") } else { ("", "CANCELLED") };
        assert_eq!((calendar.answers[0].as_str(), calendar.status.as_str()), (answer, status), "C12, C26");
        assert_eq!(calendar.stamp, calendar.modified, "C14");
        assert!(calendar.starts < calendar.ends, "C9");
        assert_eq!((calendar.summary.as_str(), told.subject.as_str()), ("Group session", "Group session"), "P6, C21");
        assert!(told.text.contains(&calendar.location) || calendar.method == "CANCEL", "C23");
        assert!(calendar.uid.ends_with("@localhost") && calendar.uid.len() <= 255, "C13: {}", calendar.uid);
        said.entry(format!("{} {}", mail.to, calendar.uid))
            .or_default()
            .push((calendar.method.clone(), calendar.sequence));
    }
    let word = |method: &str, sequence| (method.to_owned(), sequence);
    let ways: Vec<&Vec<(String, i32)>> = said.values().collect();
    let changed = vec![word("REQUEST", 0), word("REQUEST", 1), word("CANCEL", 2)];
    assert_eq!(ways.iter().filter(|way| ***way == changed).count(), 2, "moved, then canceled, for both: {ways:?}");
    let left = vec![word("REQUEST", 0), word("CANCEL", 1)];
    assert!(ways.iter().filter(|way| ***way == left).count() >= 3, "who leaves has an empty calendar: {ways:?}");
    assert!(ways.iter().all(|way| way.windows(2).all(|pair| pair[0].1 < pair[1].1)), "C14: {ways:?}");
}

/// An altered mail is not believed: else the story above says nothing.
#[test]
fn what_was_altered_on_the_way_is_not_believed() {
    let signer = Signer::new("group.example").with_key("r1", RSA_KEY).unwrap().with_key("e1", ED25519_KEY).unwrap();
    let mail = "Date: Mon, 05 Oct 2026 09:00:00 +0000\r\nFrom: hello@group.example\r\nTo: sam@example.org\r\nMessage-ID: <1@group.example>\r\nSubject: A note\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello.\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello.</p>\r\n--b--\r\n";
    let signed = String::from_utf8(signer.sign(mail.as_bytes(), utc("2026-10-05 09:00")).unwrap()).unwrap();
    let altered = [signed.clone(), signed.replace("Hello.\r\n", "Hallo.\r\n"), signed.replace("A note", "A bill")];
    let found: Vec<Vec<bool>> =
        told(&altered.map(String::into_bytes)).into_iter().map(|told| told.signatures).collect();
    assert_eq!(found, [[true, true], [false, false], [false, false]]);
}
