//! Is every statement of the mail sheet kept, and shown by a test?

use std::{collections::BTreeMap, fs, path::PathBuf};

use chrono::{DateTime, TimeDelta};
use trellis::{
    demo::smtp_server::Script,
    domain::delivery::{Occasion, State},
    store::ledger,
};

use crate::{
    people::{Person, ask, enroll},
    post::{Mail, header},
    story,
    twice::presses::signed_in_coach,
    world::{Backend, World, save_practice, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };

/// The ids of the sheet, a chapter a line.
const IDS: &str = include_str!("law_ids.txt");
/// Which test shows what; and what is kept another way, and why.
const LAW: &str = include_str!("mail_law.md");

fn ids() -> Vec<&'static str> {
    IDS.split_whitespace().collect()
}

/// `A1, A2` in a cell.
fn named(cell: &str) -> Vec<String> {
    cell.split(',').map(str::trim).filter(|word| ids().contains(word)).map(str::to_owned).collect()
}

fn rows(heading: &str) -> Vec<Vec<String>> {
    let part = LAW.split("\n## ").find(|part| part.starts_with(heading)).unwrap_or_else(|| panic!("no {heading}"));
    let lines = part.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| id "));
    lines.map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// `letters.rs::name` is in tests/stories, `src/…` in the house.
fn file_of(test: &str) -> (PathBuf, String) {
    let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{test} names no test"));
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = if file.starts_with("src/") { root.join(file) } else { root.join("tests/stories").join(file) };
    (path, name.to_owned())
}

#[test]
fn every_statement_has_a_test_or_a_reason() {
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows("Shown by") {
        assert!(!named(&row[0]).is_empty(), "no id in {row:?}");
        for id in named(&row[0]) {
            kept.entry(id).or_default().extend(row[1].split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    let mut missing = Vec::new();
    for test in kept.values().flatten() {
        let (path, name) = file_of(test);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if !text.contains(&format!("fn {name}(")) {
            missing.push(test.clone());
        }
    }
    assert!(missing.is_empty(), "these tests are not there: {missing:#?}");
    let reasons: Vec<String> = rows("Kept another way").iter().flat_map(|row| named(&row[0])).collect();
    let unkept: Vec<&str> = ids()
        .into_iter()
        .filter(|id| kept.get(*id).is_none_or(Vec::is_empty) && !reasons.iter().any(|known| known == id))
        .collect();
    assert!(unkept.is_empty(), "neither a test nor a reason: {unkept:?}");
    assert_eq!(ids().len(), 120, "the whole sheet");
}

story! {
    async fn a10_nothing_subscribed_before_the_address_is_confirmed(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(world, cohort, &ANA).await;
        world.to(utc("2026-10-20 12:00")).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(mails.len(), 1, "the confirmation and nothing else");
        assert!(header(&mails[0].raw, "List-Unsubscribe").is_empty(), "A10");
    }
}

story! {
    async fn h3_lessons_and_updates_stand_in_one_thread(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-12 06:00")).await;
        let session = trellis::store::sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(3).id;
        let (date, time) = ("2026-11-03".parse().unwrap(), "18:30:00".parse().unwrap());
        let to = trellis::domain::plan::Change::MoveSession { session, date, time, minutes: 75 };
        world.change((practice.id, cohort), &to).await;
        world.pass(TimeDelta::minutes(15)).await;
        let id = |mail: &Mail| header(&mail.raw, "Message-ID");
        let mails = world.mails_to(ANA.email);
        let welcome = mails.iter().find(|mail| mail.subject == "Your place is confirmed").unwrap();
        let lesson = mails.iter().find(|mail| mail.subject == "Weekly course, part 1").unwrap();
        assert_eq!(header(&lesson.raw, "References"), id(welcome), "H3");
        let of = |mail: &&Mail| mail.calendar.is_some();
        let update = mails.iter().filter(of).find(|mail| mail.property("SEQUENCE") == "1").unwrap();
        let first = mails.iter().filter(of).find(|mail| mail.property("UID") == update.property("UID")).unwrap();
        for name in ["References", "In-Reply-To"] {
            assert_eq!(header(&update.raw, name), id(first), "H3: {name}");
        }
        assert_eq!(update.subject, first.subject, "H3: the same subject");
        assert_ne!(id(update), id(first), "H3: another content, another id");
        let stamp = |mail: &Mail| mail.property("DTSTAMP");
        assert!(stamp(update) > stamp(first), "C14");
        assert_eq!(update.property("ORGANIZER").rsplit("mailto:").next(), first.property("ORGANIZER").rsplit("mailto:").next(), "C10, C25");
    }
}

story! {
    async fn h18_h19_h22_links_are_ours_mails_are_small_and_times_are_whole(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-11-18 12:00")).await;
        for mail in world.mails_to(ANA.email) {
            assert!(mail.raw.len() < 1_000_000, "H19");
            for link in mail.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(link.starts_with(&world.base), "H18: {link} in {}", mail.subject);
            }
            assert!(!mail.html.contains("<img") && !mail.html.contains("url("), "P3, H16: nothing is loaded");
            assert!(!mail.html.contains("<script") && !mail.html.contains("<form") && !mail.html.contains("<iframe"), "H16");
        }
        let welcome = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject == "Your place is confirmed").unwrap();
        for words in ["Mon 12 Oct 2026, 18:00", "Mon 26 Oct 2026, 18:00", "Lisbon time, UTC+01:00", "Lisbon time, UTC+00:00"] {
            assert!(welcome.text.contains(words), "H22: {words}: {}", welcome.text);
        }
    }
}

story! {
    async fn p1_a_word_that_slipped_through_is_held_and_the_coach_hears_of_it(world: &World) {
        let mut practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        // No form would take it: a name that gives everything away.
        practice.neutral_name = crate::world::name("Affair Recovery");
        save_practice(&world.app, &practice).await.unwrap();
        world.to(utc("2026-10-12 06:00")).await;
        assert!(world.mails_to(ANA.email).is_empty(), "P1: held, whatever it is");
        let filter = ledger::Filter { occasion: Some(Occasion::Lesson), page_size: 5, ..Default::default() };
        let (rows, _) = ledger::of_practice(world.app.db.reader(), practice.id, &filter).await.unwrap();
        assert_eq!(rows[0].state, State::Held);
        let page = signed_in_coach(world).await.get("/coach").await.body;
        assert!(page.contains("is held back and waits for your decision"), "{page}");
    }
}

/// A sender's own address is a header, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_no_address_of_ours_names_the_topic() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[]).await;
        let mut practice = world.practice().await;
        practice.sender_email = "hello@infidelity.example".parse().unwrap();
        save_practice(&world.app, &practice).await.unwrap();
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(&world, cohort, &ANA).await;
        world.run().await;
        assert!(world.mails_to(ANA.email).is_empty(), "P1: held");
    }
}

#[test]
fn the_sheets_own_example_is_written_as_it_asks() {
    // H22: "Tue 3 Nov 2026, 18:30–20:00 Europe/Berlin, UTC+01:00".
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let (from, to) = (at("2026-11-03T17:30:00Z"), at("2026-11-03T19:00:00Z"));
    let when = trellis::domain::civil::When::new(from, to, crate::world::zone("Europe/Berlin"));
    assert_eq!(when.line(), "Tue 3 Nov 2026, 18:30–20:00 (Berlin time, UTC+01:00)");
}
