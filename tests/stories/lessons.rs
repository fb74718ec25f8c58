//! Does each person get the right lesson, at the right hour of their own cohort, once?

use std::fmt::Write;

use trellis::domain::civil;

use crate::{
    people::{Person, enroll},
    story,
    world::{World, utc, zone},
};

const PEOPLE: [Person; 4] = [
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "neither" },
    Person { name: "Ben", email: "ben@example.org", zone: "America/New_York", track: "hurt", calendar: "neither" },
    Person { name: "Dolma", email: "dolma@example.org", zone: "Asia/Kathmandu", track: "hurt", calendar: "neither" },
    Person { name: "Lou", email: "lou@example.org", zone: "Australia/Lord_Howe", track: "broke", calendar: "neither" },
];

story! {
    async fn six_weeks_in_berlin_reach_four_zones_over_a_change_of_clocks(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        for person in &PEOPLE {
            enroll(world, cohort, person).await;
        }
        world.to(utc("2026-11-20 00:00")).await;

        let mut seen = String::new();
        for person in &PEOPLE {
            writeln!(seen, "{} in {}", person.name, person.zone).unwrap();
            for mail in world.mails_to(person.email) {
                let local = civil::moment(mail.at, zone(person.zone));
                writeln!(seen, "  {local}  {}", mail.subject).unwrap();
            }
        }
        insta::with_settings!({ snapshot_suffix => "", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("six_weeks", seen);
        });

        // What must not happen: a lesson of the other track, a second copy, anything after the end.
        for person in &PEOPLE {
            let lessons: Vec<_> = world.mails_to(person.email).into_iter().filter(|mail| mail.subject.starts_with("Weekly course")).collect();
            assert_eq!(lessons.len(), 6, "{}", person.name);
        }
        let hours: Vec<String> = world.mails_to("ana@example.org").iter().filter(|mail| mail.subject.starts_with("Weekly course"))
            .map(|mail| zone("Europe/Berlin").local(mail.at).format("%a %H:%M").to_string()).collect();
        assert!(hours.iter().all(|hour| hour == "Mon 07:00"), "{hours:?}");
    }
}

story! {
    async fn what_was_due_while_nothing_ran_is_missed_and_listed(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &PEOPLE[0]).await;
        world.forget_mails();
        // Nothing runs from before the first lesson until five days after it.
        world.app.clock.set(utc("2026-10-17 09:00"));
        world.run().await;
        assert!(world.mails_to("ana@example.org").is_empty(), "nothing stale is sent");
        let filter = trellis::store::ledger::Filter {
            states: vec![trellis::domain::delivery::State::Missed],
            page_size: 50,
            ..Default::default()
        };
        let (missed, _) = trellis::store::ledger::of_practice(world.app.db.reader(), practice.id, &filter).await.unwrap();
        let mut occasions: Vec<_> = missed.iter().map(|row| row.occasion.as_str()).collect();
        occasions.sort_unstable();
        assert_eq!(occasions, ["lesson", "reminder_day", "reminder_hour"]);
    }
}

story! {
    async fn who_joins_late_gets_one_catch_up_mail_and_no_burst(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        world.to(utc("2026-10-21 10:00")).await;
        enroll(world, cohort, &PEOPLE[1]).await;
        let subjects: Vec<_> = world.mails_to("ben@example.org").into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["Please confirm your address", "Your place is confirmed", "What came before you joined"]);
        world.to(utc("2026-10-26 12:00")).await;
        let lessons: Vec<_> =
            world.mails_to("ben@example.org").into_iter().filter(|mail| mail.subject.starts_with("Weekly course")).map(|mail| mail.subject).collect();
        assert_eq!(lessons, ["Weekly course, part 3"], "the next lesson comes on its day, the past ones do not");
    }
}

story! {
    async fn a_change_of_plan_does_not_swallow_a_lesson_that_is_due(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &PEOPLE[0]).await;
        world.forget_mails();
        // The lesson is due, the planner has not looked yet, and the coach moves a session.
        world.app.clock.set(utc("2026-10-12 05:00"));
        let db = world.app.db.reader();
        let session = trellis::store::sessions::of_cohort(db, cohort).await.unwrap().remove(3);
        let change = trellis::domain::plan::Change::CancelSession { session: session.id };
        world.change((practice.id, cohort), &change).await;
        world.run().await;
        let subjects: Vec<_> = world.mails_to("ana@example.org").into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects.iter().filter(|subject| *subject == "Weekly course, part 1").count(), 1, "{subjects:?}");
    }
}

story! {
    async fn a_corrected_address_gets_what_still_helps_and_the_old_one_is_told(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &PEOPLE[0]).await;
        let db = world.app.db.reader();
        let person = trellis::store::participants::with_email(db, practice.id, &"ana@example.org".parse().unwrap()).await.unwrap().unwrap();
        world.to(utc("2026-10-14 09:00")).await;
        world.forget_mails();
        trellis::actions::change_person::correct_address(&world.app, practice.id, person.id, &"ana@new.example".parse().unwrap()).await.unwrap();
        world.run().await;
        assert_eq!(world.mails_to("ana@example.org").len(), 1, "the old mailbox hears of it");
        world.to(utc("2026-10-19 12:00")).await;
        assert_eq!(world.mails_to("ana@example.org").len(), 1, "and of nothing more");
        assert!(world.mails_to("ana@new.example").iter().any(|mail| mail.subject == "Weekly course, part 2"));
    }
}
