//! Every way in which a calendar's entry changes, as others read it: sent again, asked for, moved to another address,
//! turned off and on, and from a practice with two addresses.

use chrono::TimeDelta;
use trellis::{
    actions::{
        change_person::{choose_calendar, correct_address},
        resend::{last_of, send_again},
    },
    domain::{delivery::Occasion, enrollment::CalendarChoice},
    store::{ledger, participants},
};

use super::{ANA, Calendar, Told, covers, even, house, told};
use crate::{
    mail_in::{About, hand, inbound},
    people::enroll,
    post::Mail,
    world::{Backend, World, save_practice, utc},
};

const ELSEWHERE: &str = "ana@elsewhere.example";

/// What was said of one entry, in order: to whom, METHOD, SEQUENCE.
type Words = Vec<(String, String, i32)>;

async fn an_entry_sent_again_asked_for_and_moved(world: &World) -> Vec<Mail> {
    let mut practice = world.practice().await;
    practice.list_email = Some("lessons@news.group.example".parse().unwrap());
    save_practice(&world.app, &practice).await.unwrap();
    let cohort = world.cohort(&practice, |_| {}).await;
    let place = Box::pin(enroll(world, cohort, &ANA)).await;
    Box::pin(world.pass(TimeDelta::minutes(5))).await;
    let db = world.app.db.reader();

    let rows = ledger::everything(db).await.unwrap();
    let row = rows.into_iter().find(|row| row.occasion == Occasion::Invite).unwrap();
    send_again(&world.app, (practice.id, row.id), last_of(db, &row).await.unwrap(), "Nadia").await.unwrap();
    Box::pin(world.pass(TimeDelta::minutes(1))).await;
    let newest = world.last_to(ANA.email);
    hand(world, inbound("refresh", &About::mail(&newest))).await;
    Box::pin(world.pass(TimeDelta::minutes(1))).await;

    choose_calendar(&world.app, practice.id, place, CalendarChoice::Neither).await.unwrap();
    Box::pin(world.pass(TimeDelta::minutes(1))).await;
    choose_calendar(&world.app, practice.id, place, CalendarChoice::Invites).await.unwrap();
    Box::pin(world.pass(TimeDelta::minutes(1))).await;

    let ana = participants::with_email(db, practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
    correct_address(&world.app, practice.id, ana.id, &ELSEWHERE.parse().unwrap()).await.unwrap();
    Box::pin(world.to(utc("2026-10-12 18:30"))).await;
    world.mails.lock().unwrap().clone()
}

fn is_whole(mail: &Mail, told: &Told) {
    let subject = &mail.subject;
    assert_eq!(told.defects, Vec::<String>::new(), "{subject}");
    assert_eq!(told.signatures, [true, true], "A1, A2: RSA and Ed25519, {subject}");
    assert_eq!((even(&told.text), even(&told.html)), (even(&mail.text), even(&mail.html)), "{subject}");
    covers(mail);
    let is_list = told.count("List-Unsubscribe") == 1;
    let from = if is_list { "lessons@news.group.example" } else { "hello@group.example" };
    assert_eq!(told.from, [from], "A9: {subject}");
    if let Some(calendar) = &told.calendar {
        one_entry(mail, calendar);
    }
}

fn one_entry(mail: &Mail, calendar: &Calendar) {
    assert_eq!((calendar.events, calendar.errors.len()), (1, 0), "{:?}", calendar.errors);
    assert_eq!(calendar.method, calendar.parameter, "C3");
    assert_eq!(calendar.organizer, "hello@group.example", "C10");
    assert_eq!(calendar.attendees, std::slice::from_ref(&mail.to), "C12");
    assert!(calendar.same_file && calendar.starts < calendar.ends);
    assert_eq!(calendar.stamp, calendar.modified, "C14");
}

async fn tell(backend: Backend) {
    let (world, _folder) = house(backend).await;
    let mails = Box::pin(an_entry_sent_again_asked_for_and_moved(&world)).await;
    let all = told(&mails.iter().map(|mail| mail.raw.clone()).collect::<Vec<_>>());
    let mut said: std::collections::BTreeMap<String, (String, Words)> = std::collections::BTreeMap::new();
    for (mail, told) in mails.iter().zip(&all) {
        is_whole(mail, told);
        if let Some(calendar) = &told.calendar {
            let (_, words) = said.entry(calendar.uid.clone()).or_insert((calendar.starts.clone(), Vec::new()));
            words.push((mail.to.clone(), calendar.method.clone(), calendar.sequence));
        }
    }
    let first = said.values().max_by_key(|(_, words)| words.len()).map(|(starts, _)| starts.clone()).unwrap();
    let word = |to: &str, method: &str, sequence| (to.to_owned(), method.to_owned(), sequence);
    let old = ANA.email;
    let mut of_first: Vec<&Words> =
        said.values().filter(|(starts, _)| *starts == first).map(|(_, words)| words).collect();
    of_first.sort_by_key(|words| std::cmp::Reverse(words.len()));
    let again = [word(old, "REQUEST", 0), word(old, "REQUEST", 1), word(old, "REQUEST", 1), word(old, "CANCEL", 2)];
    assert_eq!(*of_first[0], again, "sent again under the next number, asked for under the same, then turned off");
    assert_eq!(*of_first[1], [word(old, "REQUEST", 0), word(old, "CANCEL", 1)], "turned on: a UID of its own");
    assert_eq!(*of_first[2], [word(ELSEWHERE, "REQUEST", 0)], "another address: a UID of its own");
    assert!(mails.iter().any(|mail| mail.envelope_from.contains('@') && mail.to == ELSEWHERE));
    let lists = all.iter().filter(|told| told.from == ["lessons@news.group.example"]).count();
    assert!(lists >= 2, "a lesson and a reminder come from the other address, signed for it: {lists}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_other_change_of_an_entry_is_read_as_it_was_meant_on_sqlite() {
    tell(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_other_change_of_an_entry_is_read_as_it_was_meant_on_postgres() {
    tell(Backend::Postgres).await;
}
