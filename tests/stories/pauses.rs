//! Does a pause hold what it should, and is nothing lost or doubled after it?

use chrono::TimeDelta;
use trellis::{
    actions::{
        pause::{Wish, pause},
        resume::resume,
        save_windows::{Windows, save_windows},
    },
    domain::{
        enrollment::{Resuming, Standing},
        schedule::LessonClock,
    },
    store::{enrollments, participants},
};

use crate::{
    other_dates::{ANA, BEN, lessons, words},
    people::{come_in, enroll, sign_in, standing},
    story,
    visitor::Visitor,
    world::{World, utc},
};

fn parts(from: i32, to: i32) -> Vec<String> {
    (from..=to).map(|part| format!("Weekly course, part {part}")).collect()
}

const OPEN_END: Wish = Wish { resume_on: None, resume_as: Resuming::Rejoin };

story! {
    async fn a_pause_holds_lessons_and_reminders_and_rejoining_brings_them_in_one_mail(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let (ana, id) = come_in(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        sign_in(world, &ana, ANA.email).await;
        world.pass(TimeDelta::minutes(30)).await;
        world.forget_mails();
        let page = ana.get("/p/pause").await;
        assert_eq!(page.status, 200);
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "looking is not pausing");
        for wrong in ["2026-10-13", "2027-06-01", "tomorrow"] {
            let refused = ana.submit("/p/pause", "/p/pause", &[("resume_on", wrong), ("resume_as", "rejoin")]).await;
            assert_eq!(refused.status, 422, "{wrong}");
            assert!(refused.body.contains(wrong), "typing is kept");
        }
        let paused = ana.submit("/p/pause", "/p/pause", &[("resume_on", ""), ("resume_as", "rejoin")]).await;
        assert_eq!(paused.status, 303, "{}", paused.body);
        assert_eq!(standing(world, cohort, ANA.email).await, "paused");
        world.to(utc("2026-10-28 12:00")).await;
        let mails = world.mails_to(ANA.email);
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["Your pause has begun"], "no lesson, no reminder, and the calendar stays as it is");
        sign_in(world, &ana, ANA.email).await;
        assert!(ana.get("/p").await.body.contains("You are taking a pause"));

        world.forget_mails();
        let resumed = ana.submit("/p/pause", "/p/resume", &[("how", "rejoin")]).await;
        assert_eq!(resumed.status, 303, "{}", resumed.body);
        world.pass(TimeDelta::days(1)).await;
        let mails = world.mails_to(ANA.email);
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["What came during your pause"], "one mail");
        assert!(mails[0].text.contains("/p/lesson/2") && mails[0].text.contains("/p/lesson/3"));
        assert!(!mails[0].text.contains("/p/lesson/1") && !mails[0].text.contains("/p/lesson/4"));
        world.to(utc("2026-12-10 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), parts(4, 6));
        let told: Vec<_> = world.mails_to("nadia@group.example").into_iter().map(|mail| mail.text).collect();
        assert!(told.iter().any(|text| text.contains("Ana is back from a pause.")), "{told:?}");
        let history: Vec<_> = enrollments::history_of(world.app.db.reader(), id).await.unwrap().into_iter().map(|change| change.became).collect();
        assert_eq!(history[history.len() - 3..], ["paused", "enrolled", "completed"]);
    }
}

story! {
    async fn a_pause_ends_by_itself_at_seven_where_the_person_is(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        let wish = Wish { resume_on: Some("2026-10-26".parse().unwrap()), resume_as: Resuming::Rejoin };
        pause(&world.app, id, wish).await.unwrap();
        world.run().await;
        assert!(world.last_to(ANA.email).text.contains("Monday 26 October 2026, 07:00 (Lisbon time, UTC+00:00)"));
        world.to(utc("2026-10-26 06:59")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "paused");
        world.forget_mails();
        world.to(utc("2026-10-26 07:00")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled");
        let mail = world.last_to(ANA.email);
        assert_eq!(mail.subject, "What came during your pause");
        assert!(mail.text.contains("/p/lesson/2") && mail.text.contains("/p/lesson/3"), "the one of an hour ago too");
        world.to(utc("2026-12-10 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), parts(4, 6));
    }
}

story! {
    async fn shifted_lessons_keep_their_hour_and_run_on_after_the_end(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        world.forget_mails();
        pause(&world.app, id, OPEN_END).await.unwrap();
        world.to(utc("2026-10-27 10:00")).await;
        resume(&world.app, id, Resuming::Shift).await.unwrap();
        world.run().await;
        let letter = world.last_to(ANA.email);
        assert_eq!(letter.subject, "Your pause is over");
        assert!(letter.text.contains("Monday 2 November 2026, 06:00 (Lisbon time, UTC+00:00)"), "{}", letter.text);
        assert!(letter.text.contains("Monday 30 November 2026"), "the last lesson: {}", letter.text);
        world.to(utc("2026-12-20 12:00")).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(lessons(&mails), parts(2, 6));
        let came: Vec<_> = mails.iter().filter(|mail| mail.subject.starts_with("Weekly course, part")).map(|mail| mail.at).collect();
        let due: Vec<_> = ["11-02", "11-09", "11-16", "11-23", "11-30"].map(|day| utc(&format!("2026-{day} 06:00"))).into();
        assert_eq!(came, due, "two weeks later, at seven in Berlin, over the end of summer time too");
        let reminders: Vec<_> = mails.iter().filter(|mail| mail.subject == "In one hour").map(|mail| mail.at).collect();
        assert_eq!(reminders, ["11-02", "11-09", "11-16"].map(|day| utc(&format!("2026-{day} 17:00"))), "sessions stay where they are");
        assert!(words(&mails).is_empty(), "and so do the calendar's entries");
    }
}

story! {
    async fn pausing_twice_adds_up_and_rejoining_takes_it_back(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        for (from, to) in [("2026-10-13 12:00", "2026-10-20 12:00"), ("2026-10-21 12:00", "2026-10-28 12:00")] {
            world.to(utc(from)).await;
            pause(&world.app, id, OPEN_END).await.unwrap();
            world.to(utc(to)).await;
            resume(&world.app, id, Resuming::Shift).await.unwrap();
        }
        let shift = enrollments::holding(world.app.db.reader(), id).await.unwrap().unwrap().shift_days;
        assert_eq!(shift, 14);
        world.forget_mails();
        world.to(utc("2026-11-03 12:00")).await;
        let came: Vec<_> = world.mails_to(ANA.email).into_iter().filter(|mail| mail.subject.starts_with("Weekly course, part")).map(|mail| (mail.subject, mail.at)).collect();
        assert_eq!(came, [("Weekly course, part 2".to_owned(), utc("2026-11-02 06:00"))]);
        pause(&world.app, id, OPEN_END).await.unwrap();
        world.to(utc("2026-11-04 12:00")).await;
        world.forget_mails();
        resume(&world.app, id, Resuming::Rejoin).await.unwrap();
        world.to(utc("2026-12-20 12:00")).await;
        let mails = world.mails_to(ANA.email);
        let catch_up = mails.iter().find(|mail| mail.subject == "What came during your pause").unwrap();
        assert!(catch_up.text.contains("/p/lesson/3") && catch_up.text.contains("/p/lesson/4") && !catch_up.text.contains("/p/lesson/2"));
        assert_eq!(lessons(&mails), parts(5, 6), "with the others again");
    }
}

story! {
    async fn after_the_last_session_a_pause_still_ends_either_way(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let (ana, ben) = (enroll(world, cohort, &ANA).await, enroll(world, cohort, &BEN).await);
        world.to(utc("2026-11-03 12:00")).await;
        for id in [ana, ben] {
            pause(&world.app, id, OPEN_END).await.unwrap();
        }
        world.to(utc("2026-12-01 12:00")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "paused", "nobody is done while they pause");
        world.forget_mails();
        resume(&world.app, ana, Resuming::Rejoin).await.unwrap();
        resume(&world.app, ben, Resuming::Shift).await.unwrap();
        world.run().await;
        let catch_up = world.last_to(ANA.email);
        assert!(catch_up.text.contains("/p/lesson/5") && catch_up.text.contains("/p/lesson/6"), "{}", catch_up.text);
        world.to(utc("2027-01-20 12:00")).await;
        assert!(lessons(&world.mails_to(ANA.email)).is_empty(), "nothing beside that mail");
        assert_eq!(lessons(&world.mails_to(BEN.email)), parts(5, 6), "one at a time, after the end");
        let came: Vec<_> = world.mails_to(BEN.email).into_iter().filter(|mail| mail.subject.starts_with("Weekly course, part")).map(|mail| mail.at).collect();
        assert_eq!(came, [utc("2026-12-07 06:00"), utc("2026-12-14 06:00")], "28 days later each");
    }
}

story! {
    async fn what_is_due_while_somebody_pauses_for_a_day_comes_once(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let id = enroll(world, cohort, &ANA).await;
        for how in [Resuming::Rejoin, Resuming::Shift] {
            let monday = if how == Resuming::Rejoin { "2026-10-12" } else { "2026-10-19" };
            world.to(utc(&format!("{monday} 04:30"))).await;
            pause(&world.app, id, OPEN_END).await.unwrap();
            world.to(utc(&format!("{monday} 08:00"))).await;
            world.forget_mails();
            resume(&world.app, id, how).await.unwrap();
            world.pass(TimeDelta::hours(2)).await;
            let mails = world.mails_to(ANA.email);
            match how {
                Resuming::Rejoin => assert!(mails.iter().any(|mail| mail.subject == "What came during your pause")),
                Resuming::Shift => assert_eq!(lessons(&mails), parts(2, 2), "less than a day shifts nothing"),
            }
            assert_eq!(enrollments::holding(world.app.db.reader(), id).await.unwrap().unwrap().shift_days, 0);
        }
        world.forget_mails();
        world.to(utc("2026-12-10 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), parts(3, 6));
    }
}

story! {
    async fn each_persons_own_clock_shifts_by_its_own_days(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.lesson_clock = LessonClock::Participant).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        pause(&world.app, id, OPEN_END).await.unwrap();
        world.to(utc("2026-10-20 12:00")).await;
        resume(&world.app, id, Resuming::Shift).await.unwrap();
        world.forget_mails();
        // She travels; her lessons follow her clock, a week behind.
        let person = participants::with_email(world.app.db.reader(), practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
        let settings = trellis::actions::change_person::Settings { name: person.name.clone(), zone: crate::world::zone("America/New_York"), discretion: person.discretion };
        trellis::actions::change_person::save_settings(&world.app, practice.id, person.id, &settings).await.unwrap();
        world.to(utc("2026-12-20 12:00")).await;
        let came: Vec<_> = world.mails_to(ANA.email).into_iter().filter(|mail| mail.subject.starts_with("Weekly course, part")).map(|mail| mail.at).collect();
        let due: Vec<_> = ["10-26 11", "11-02 12", "11-09 12", "11-16 12", "11-23 12"].map(|hour| utc(&format!("2026-{hour}:00"))).into();
        assert_eq!(came, due, "seven in New York");
    }
}

story! {
    async fn a_mailed_link_pauses_and_resumes_within_the_coachs_window(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let id = enroll(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        let link = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject.contains("confirmed")).unwrap().link("/pause/");
        let anyone = Visitor::of(world);
        let page = anyone.get(&link).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("Ana") && !page.body.contains("Trust"));
        let paused = anyone.submit(&link, &link, &[("resume_on", "2026-10-30"), ("resume_as", "shift")]).await;
        assert_eq!(paused.status, 200, "{}", paused.body);
        let row = enrollments::holding(world.app.db.reader(), id).await.unwrap().unwrap();
        assert_eq!((row.standing, row.resume_as, row.resume_on), (Standing::Paused, Resuming::Shift, Some("2026-10-30".parse().unwrap())));
        // The pause that runs can be changed; a new one is too late after the window.
        let windows = Windows { move_until_on: None, pause_until_on: Some("2026-10-14".parse().unwrap()) };
        save_windows(&world.app, (practice.id, cohort), windows, "Nadia").await.unwrap();
        world.to(utc("2026-10-15 12:00")).await;
        let changed = anyone.submit(&link, &link, &[("resume_on", "2026-10-20"), ("resume_as", "shift")]).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        world.to(utc("2026-10-20 06:00")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "at seven in Lisbon, by itself");
        let late = anyone.submit("/link", &link, &[("resume_on", ""), ("resume_as", "rejoin")]).await;
        assert!(late.body.contains("until Wednesday 14 October 2026 (Berlin time)"), "{}", late.body);
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled");
        let resumed = anyone.submit("/link", &format!("{link}/resume"), &[("how", "rejoin")]).await;
        assert_eq!(resumed.status, 200, "going on twice is going on once: {}", resumed.body);
        world.to(utc("2026-12-20 12:00")).await;
        assert_eq!(lessons(&world.mails_to(ANA.email)), parts(1, 6), "seven days later each, none twice");
    }
}
