//! Which address does each mail come from? One a stream: what a person can turn off, and what always comes (A9).

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use trellis::{
    domain::plan::Change,
    store::{practices::Practice, sessions},
};

use crate::{
    people::{Person, enroll},
    post::{Mail, header},
    story,
    world::{World, save_practice, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };

async fn from_two(world: &World) -> Practice {
    let mut practice = world.practice().await;
    practice.list_email = Some("lessons@news.group.example".parse().unwrap());
    save_practice(&world.app, &practice).await.unwrap();
    practice
}

fn sender(mail: &Mail) -> String {
    let from = header(&mail.raw, "From");
    from.rsplit('<').next().unwrap_or_default().trim_end_matches('>').to_owned()
}

fn organizer(mail: &Mail) -> String {
    mail.property("ORGANIZER").rsplit("mailto:").next().unwrap_or_default().to_owned()
}

story! {
    async fn a9_what_can_be_turned_off_never_shares_an_address_with_the_rest(world: &World) {
        let practice = from_two(world).await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        let mails = world.mails_to(ANA.email);
        let (lists, others): (Vec<&Mail>, Vec<&Mail>) =
            mails.iter().partition(|mail| !header(&mail.raw, "List-Unsubscribe").is_empty());
        assert!(lists.len() >= 3 && others.len() >= 8, "lessons and reminders; confirmation, welcome and invites");
        for mail in lists {
            assert_eq!(sender(mail), "lessons@news.group.example", "A9: {}", mail.subject);
            assert_eq!(header(&mail.raw, "Reply-To"), "nadia@group.example", "A12");
        }
        for mail in others {
            assert_eq!(sender(mail), "hello@group.example", "A9: {}", mail.subject);
            if mail.calendar.is_some() {
                assert_eq!(organizer(mail), sender(mail), "C10");
            }
        }
    }
}

story! {
    async fn c10_an_entry_keeps_its_organizer_when_the_practice_has_another_address(world: &World) {
        let mut practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        practice.sender_email = "groups@group.example".parse().unwrap();
        save_practice(&world.app, &practice).await.unwrap();
        let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(1).id;
        let date = NaiveDate::from_ymd_opt(2026, 10, 20).unwrap();
        let time = NaiveTime::from_hms_opt(20, 0, 0).unwrap();
        world.change((practice.id, cohort), &Change::MoveSession { session, date, time, minutes: 75 }).await;
        world.pass(TimeDelta::minutes(30)).await;
        world.change((practice.id, cohort), &Change::CancelSession { session }).await;
        world.pass(TimeDelta::minutes(30)).await;
        world.change((practice.id, cohort), &Change::RestoreSession { session }).await;
        world.pass(TimeDelta::minutes(30)).await;
        let mails = world.mails_to(ANA.email);
        let (calendar, plain): (Vec<&Mail>, Vec<&Mail>) = mails.iter().partition(|mail| mail.calendar.is_some());
        let said: Vec<(String, String, String)> =
            calendar.iter().map(|mail| (mail.property("METHOD"), organizer(mail), sender(mail))).collect();
        let word = |method: &str, from: &str| (method.to_owned(), from.to_owned(), from.to_owned());
        assert_eq!(
            said,
            [
                word("REQUEST", "hello@group.example"),
                word("CANCEL", "hello@group.example"),
                word("REQUEST", "groups@group.example"),
            ],
            "C10: for the life of the UID; a new entry is asked for by the new address"
        );
        assert!(plain.len() >= 3 && plain.iter().all(|mail| sender(mail) == "groups@group.example"));
    }
}

story! {
    async fn an_invite_that_has_not_left_is_asked_for_by_the_new_address(world: &World) {
        let mut practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        assert!(world.mails_to(ANA.email).iter().filter(|mail| mail.calendar.is_some()).count() < 6, "two seconds apart");
        practice.sender_email = "groups@group.example".parse().unwrap();
        save_practice(&world.app, &practice).await.unwrap();
        world.pass(TimeDelta::minutes(5)).await;
        let mails = world.mails_to(ANA.email);
        let mut asked: Vec<(String, String)> = mails
            .iter()
            .filter(|mail| mail.calendar.is_some())
            .map(|mail| (mail.property("DTSTART"), organizer(mail)))
            .collect();
        asked.sort_unstable();
        assert_eq!(asked.len(), 6, "each session once: {asked:?}");
        assert!(asked.iter().any(|(_, from)| from == "groups@group.example"));
        assert!(mails.iter().filter(|mail| mail.calendar.is_some()).all(|mail| organizer(mail) == sender(mail)), "C10");
    }
}
