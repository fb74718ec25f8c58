//! Do calendars stay true when a session moves, is canceled, comes back, or the person leaves?

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use trellis::{
    actions::leave::{By, leave},
    domain::{
        ids::{CohortId, PracticeId, SessionId},
        plan::Change,
    },
    store::sessions,
};

use crate::{
    people::{Person, enroll},
    post::Mail,
    story,
    world::{World, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };

async fn change(world: &World, of: (PracticeId, CohortId), ordinal: i32, change: impl FnOnce(SessionId) -> Change) {
    let sessions = sessions::of_cohort(world.app.db.reader(), of.1).await.unwrap();
    let session = sessions.into_iter().find(|session| session.ordinal == ordinal).unwrap();
    world.change(of, &change(session.id)).await;
}

fn to(day: u32, hour: u32) -> impl Fn(SessionId) -> Change {
    move |session| Change::MoveSession {
        session,
        date: NaiveDate::from_ymd_opt(2026, 10, day).unwrap(),
        time: NaiveTime::from_hms_opt(hour, 0, 0).unwrap(),
        minutes: 75,
    }
}

fn cancel(session: SessionId) -> Change {
    Change::CancelSession { session }
}

fn restore(session: SessionId) -> Change {
    Change::RestoreSession { session }
}

fn invites(mails: &[Mail]) -> Vec<(String, String, String)> {
    let calendar = mails.iter().filter(|mail| mail.calendar.is_some());
    calendar.map(|mail| (mail.property("METHOD"), mail.property("SEQUENCE"), mail.property("DTSTART"))).collect()
}

story! {
    async fn a_session_moved_twice_then_canceled_is_one_entry_that_follows(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        let first: Vec<Mail> = world.mails_to(ANA.email).into_iter().filter(|mail| mail.calendar.is_some()).collect();
        assert_eq!(first.len(), 6, "one invite a session");
        let uid = first[1].property("UID");
        world.forget_mails();

        let steps: [&dyn Fn(SessionId) -> Change; 3] = [&to(20, 20), &to(21, 18), &cancel];
        for step in steps {
            change(world, (practice.id, cohort), 2, step).await;
            world.pass(TimeDelta::minutes(5)).await;
            assert!(world.mails_to(ANA.email).len().is_multiple_of(2), "nobody is told before ten minutes are over");
            world.pass(TimeDelta::minutes(30)).await;
        }
        let mails = world.mails_to(ANA.email);
        assert_eq!(
            invites(&mails),
            [
                ("REQUEST".to_owned(), "1".to_owned(), "20261020T180000Z".to_owned()),
                ("REQUEST".to_owned(), "2".to_owned(), "20261021T160000Z".to_owned()),
                ("CANCEL".to_owned(), "3".to_owned(), "20261021T160000Z".to_owned()),
            ]
        );
        for mail in mails.iter().filter(|mail| mail.calendar.is_some()) {
            assert_eq!(mail.property("UID"), uid, "one UID for the life of the entry");
        }
        let plain = mails.iter().filter(|mail| mail.subject == "The schedule has changed").count();
        assert_eq!(plain, 3, "people are told besides, once a change");

        world.forget_mails();
        change(world, (practice.id, cohort), 2, restore).await;
        world.pass(TimeDelta::minutes(30)).await;
        let restored = world.mails_to(ANA.email);
        let entry = restored.iter().find(|mail| mail.calendar.is_some()).expect("a restored session is asked anew");
        assert_eq!(entry.property("METHOD"), "REQUEST");
        assert_ne!(entry.property("UID"), uid, "a restored session has a UID of its own");
        assert_eq!(entry.property("SEQUENCE"), "0");
    }
}

story! {
    async fn changes_within_ten_minutes_make_one_message(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        change(world, (practice.id, cohort), 2, to(20, 20)).await;
        world.pass(TimeDelta::minutes(4)).await;
        change(world, (practice.id, cohort), 2, to(21, 18)).await;
        world.pass(TimeDelta::minutes(4)).await;
        change(world, (practice.id, cohort), 3, to(27, 18)).await;
        world.pass(TimeDelta::hours(1)).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(invites(&mails).len(), 2, "one message an entry");
        assert_eq!(mails.len(), 3, "and one plain mail for all");
    }
}

story! {
    async fn a_change_that_is_undone_in_time_is_never_told(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        change(world, (practice.id, cohort), 2, to(20, 20)).await;
        world.pass(TimeDelta::minutes(3)).await;
        change(world, (practice.id, cohort), 2, to(19, 19)).await;
        world.pass(TimeDelta::hours(1)).await;
        assert!(world.mails_to(ANA.email).is_empty());
    }
}

story! {
    async fn leaving_clears_the_calendar_and_ends_the_mail(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let enrollment = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-14 12:00")).await;
        world.forget_mails();
        leave(&world.app, enrollment, &By::Participant).await.unwrap();
        world.run().await;
        world.pass(TimeDelta::minutes(5)).await;
        let mails = world.mails_to(ANA.email);
        let methods: Vec<_> = invites(&mails).into_iter().map(|(method, ..)| method).collect();
        assert_eq!(methods, ["CANCEL"; 5], "every session still to come, and none that is over");
        world.forget_mails();
        world.to(utc("2026-11-25 12:00")).await;
        assert!(world.mails_to(ANA.email).is_empty(), "nothing more, ever");
    }
}

story! {
    async fn a_cancellation_taken_back_in_time_is_never_told(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        let uids = |mails: Vec<Mail>| mails.iter().filter(|mail| mail.calendar.is_some()).map(|mail| mail.property("UID")).collect::<Vec<_>>();
        let first = uids(world.mails_to(ANA.email));
        world.forget_mails();
        change(world, (practice.id, cohort), 2, cancel).await;
        world.pass(TimeDelta::minutes(3)).await;
        change(world, (practice.id, cohort), 2, restore).await;
        world.pass(TimeDelta::hours(1)).await;
        assert!(world.mails_to(ANA.email).is_empty(), "nobody hears of what did not happen");
        change(world, (practice.id, cohort), 2, to(20, 20)).await;
        world.pass(TimeDelta::hours(1)).await;
        assert_eq!(uids(world.mails_to(ANA.email)), [first[1].clone()], "the entry that is there follows");
    }
}
