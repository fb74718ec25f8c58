//! Is every mail of the shape that mail servers, calendars and discretion ask for?

use chrono::TimeDelta;
use trellis::domain::{calendar::reader::read, discretion::ForbiddenWords};

use crate::{
    people::{Person, enroll},
    post::{Mail, header},
    story,
    world::{Backend, World, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
const BEN: Person =
    Person { name: "Ben", email: "ben@example.org", zone: "America/New_York", track: "hurt", calendar: "invites" };

async fn six_weeks(world: &World) -> Vec<Mail> {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    enroll(world, cohort, &ANA).await;
    enroll(world, cohort, &BEN).await;
    world.to(utc("2026-11-20 00:00")).await;
    world.mails.lock().unwrap().clone()
}

fn is_lesson_or_reminder(mail: &Mail) -> bool {
    mail.subject.starts_with("Weekly course") || mail.subject.starts_with("Tomorrow") || mail.subject == "In one hour"
}

story! {
    async fn every_mail_keeps_the_header_rules(world: &World) {
        for mail in six_weeks(world).await {
            let raw = String::from_utf8(mail.raw.clone()).expect("H5: no 8-bit octet anywhere");
            assert!(raw.is_ascii(), "H5, H13");
            assert!(!raw.replace("\r\n", "").contains(['\r', '\n']), "H4: only CRLF ends a line");
            let (head, body) = raw.split_once("\r\n\r\n").unwrap();
            for line in head.lines() {
                assert!(line.len() <= 998, "H4");
            }
            for line in body.lines() {
                assert!(line.len() <= 76, "H4: {line}");
            }
            let count = |name: &str| head.lines().filter(|line| line.to_ascii_lowercase().starts_with(&format!("{}:", name.to_ascii_lowercase()))).count();
            for name in ["Date", "From", "Message-ID", "Subject", "To", "MIME-Version"] {
                assert_eq!(count(name), 1, "H1: {name} in {}", mail.subject);
            }
            assert_eq!(count("Cc") + count("Bcc"), 0, "H1");
            assert_eq!(header(&mail.raw, "To").trim_matches(['<', '>']), mail.to, "H1: the envelope is the To");
            assert_eq!(header(&mail.raw, "Auto-Submitted"), "auto-generated", "H7");
            assert_eq!(header(&mail.raw, "X-Auto-Response-Suppress"), "OOF, AutoReply", "H7");
            let subscribed = is_lesson_or_reminder(&mail);
            for name in ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Precedence"] {
                assert_eq!(count(name), usize::from(subscribed), "U1, H8, H9, H10: {name} in {}", mail.subject);
            }
            if subscribed {
                assert_eq!(header(&mail.raw, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click", "U1");
                let link = header(&mail.raw, "List-Unsubscribe");
                assert!(link.starts_with("<http") && link.ends_with('>') && link.len() < 900, "U1: {link}");
                assert!(mail.text.contains(link.trim_matches(['<', '>'])), "U11: a visible link besides");
                assert_eq!(header(&mail.raw, "Precedence"), "bulk", "H8");
            }
            if mail.calendar.is_none() {
                assert_eq!(header(&mail.raw, "Reply-To"), "nadia@group.example", "a reply reaches the coach");
            } else {
                assert_eq!(count("Reply-To"), 0, "H11");
            }
            assert!(mail.envelope_from.starts_with("b+") && mail.envelope_from.ends_with("@bounce.group.example"), "B2: {}", mail.envelope_from);
            assert!(mail.envelope_from.split('@').next().unwrap().len() <= 64, "B2");
            assert!(mail.html.len() < 60_000, "H14");
            assert!(!mail.text.trim().is_empty() && !mail.html.trim().is_empty(), "H12");
        }
    }
}

story! {
    async fn invites_have_the_exact_shape(world: &World) {
        let mails = six_weeks(world).await;
        let invites: Vec<&Mail> = mails.iter().filter(|mail| mail.calendar.is_some()).collect();
        assert_eq!(invites.len(), 12);
        let mut uids = std::collections::BTreeSet::new();
        for mail in invites {
            let raw = String::from_utf8(mail.raw.clone()).unwrap();
            let kinds: Vec<&str> = raw.lines().filter_map(|line| line.strip_prefix("Content-Type: ")).map(|kind| kind.split(';').next().unwrap()).collect();
            assert_eq!(kinds, ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics"], "C1");
            assert!(raw.replace("\r\n ", " ").contains("method=REQUEST") , "C3");
            let calendar = mail.calendar.as_deref().unwrap();
            assert!(calendar.lines().all(|line| line.len() <= 75), "C7");
            assert!(calendar.ends_with("END:VCALENDAR\r\n"), "C4, C7");
            let events = read(calendar).unwrap();
            assert_eq!(events.len(), 1, "one VEVENT a mail");
            let event = &events[0];
            assert_eq!(event.attendees.len(), 1, "the reader is the only attendee");
            assert_eq!(event.attendees[0].address.as_ref().unwrap().expose(), mail.to, "C12");
            assert_eq!(event.organizer.as_ref().unwrap().expose(), "hello@group.example", "C10");
            assert_eq!(event.summary, "Group session", "C21");
            assert_eq!(mail.subject, event.summary, "P6");
            assert!(event.location.contains("/j/"), "C22: {}", event.location);
            assert!(!calendar.contains("meet.example"), "never the meeting itself");
            assert!(!calendar.contains("VALARM"), "C19");
            assert!(uids.insert(event.uid.clone()), "C13: a UID of this person's own");
        }
    }
}

story! {
    async fn nothing_seen_from_outside_names_the_topic_or_another_person(world: &World) {
        let mails = six_weeks(world).await;
        let words = ForbiddenWords::new(["affair", "infidelity", "betray", "cheat", "rebuilding trust", "broken trust", "unfaithful"]);
        for mail in mails {
            let raw = String::from_utf8(mail.raw.clone()).unwrap();
            let head = raw.split("\r\n\r\n").next().unwrap();
            let opening: String = mail.text.chars().take(200).collect();
            for seen in [head, &mail.subject, &mail.envelope_from, &opening, mail.calendar.as_deref().unwrap_or_default()] {
                assert_eq!(words.find_in(seen), None, "P1 in {}: {seen}", mail.subject);
            }
            let other = if mail.to == "ana@example.org" { "ben@example.org" } else { "ana@example.org" };
            assert!(!raw.contains(other) && !mail.text.contains(other), "P2");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configured_key_signs_every_mail() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ed25519.pem");
        std::fs::write(&path, include_str!("dkim_test_key.pem")).unwrap();
        let file = format!("{:?}", path.to_str().unwrap());
        let settings = [
            ("dkim.domain", "\"group.example\""),
            ("dkim.ed25519_selector", "\"s1\""),
            ("dkim.ed25519_key_file", file.as_str()),
        ];
        let world = World::with(backend, trellis::demo::smtp_server::Script::well(), &settings).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(&world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        for mail in world.mails_to(ANA.email) {
            let signature = header(&mail.raw, "DKIM-Signature");
            for tag in ["d=group.example", "s=s1", "a=ed25519-sha256", "c=relaxed/relaxed"] {
                assert!(signature.contains(tag), "A1: {signature}");
            }
            assert!(!signature.contains("l="), "A1");
            let names = signature.split("h=").nth(1).unwrap().split(';').next().unwrap().to_lowercase();
            assert_eq!(names.split(':').filter(|name| name.trim() == "from").count(), 2, "A2: From is oversigned");
        }
        world.end().await;
    }
}
