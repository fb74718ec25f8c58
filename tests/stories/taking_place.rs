//! Does a cohort that is too small get decided in time, and does nobody lose their way when it is called off? And when
//! is somebody done?

use chrono::TimeDelta;
use trellis::store::{cohorts, ledger};

use crate::{
    other_dates::later,
    people::{Person, ask, standing},
    places::{coach, come, go, life, person, place, press, seats_add_up},
    story,
    visitor::Visitor,
    world::{World, utc},
};

const ANA: Person = person("Ana", "ana@example.org", "Europe/Lisbon");
const BEN: Person = person("Ben", "ben@example.org", "America/New_York");
const CY: Person = person("Cy", "cy@example.org", "Europe/Berlin");
const DI: Person = person("Di", "di@example.org", "Europe/Berlin");
const EVE: Person = person("Eve", "eve@example.org", "Europe/Berlin");

const NADIA: &str = "nadia@group.example";

story! {
    async fn the_numbers_come_two_days_before_and_once_and_a_word_settles_it(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        come(world, cohort, &ANA).await;
        let desk = coach(world).await;
        let (settings, enrollment) = (format!("/coach/cohorts/{cohort}/settings"), format!("/coach/cohorts/{cohort}/enrollment"));
        let past = [("min_participants", "4"), ("decide_on", "2026-10-01"), ("decide_time", "18:00")];
        assert_eq!(desk.submit(&settings, &enrollment, &past).await.status, 422);
        let fields = [("min_participants", "4"), ("decide_on", "2026-10-09"), ("decide_time", "18:00")];
        let saved = desk.submit(&settings, &enrollment, &fields).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let asked = |world: &World| world.mails_to(NADIA).into_iter().filter(|mail| mail.subject == "1 of 4: does it take place?").count();
        // Six in the evening in Berlin is 16:00 UTC; two days before is the seventh.
        world.to(utc("2026-10-07 15:59")).await;
        assert_eq!(asked(world), 0);
        assert!(!desk.get("/coach").await.body.contains("take place?"));
        world.to(utc("2026-10-07 16:01")).await;
        assert_eq!(asked(world), 1);
        world.to(utc("2026-10-09 17:00")).await;
        assert_eq!(asked(world), 1, "once");
        let letter = world.mails_to(NADIA).into_iter().find(|mail| mail.subject.starts_with("1 of 4")).unwrap();
        assert!(letter.text.contains("Enrolled       1 of 12") && letter.text.contains("Dublin time"), "{}", letter.text);
        let desk = coach(world).await;
        assert!(desk.get("/coach").await.body.contains("You wanted to decide whether Monday evenings takes place"));
        let page = format!("/coach/cohorts/{cohort}/decide");
        assert!(letter.text.contains(&page));
        assert!(desk.get(&page).await.body.contains("To be decided by Friday 9 October 2026, 17:00 (Dublin time"));
        assert_eq!(desk.submit(&page, &page, &[("do", "go")]).await.status, 303);
        assert!(!desk.get("/coach").await.body.contains("whether Monday evenings takes place"));
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "nobody notices anything");
        // Another day to decide by asks anew.
        let fields = [("min_participants", "4"), ("decide_on", "2026-10-11"), ("decide_time", "18:00")];
        assert_eq!(desk.submit(&settings, &enrollment, &fields).await.status, 303);
        world.run().await;
        assert_eq!(asked(world), 2);
    }
}

story! {
    async fn a_canceled_cohort_tells_everybody_once_and_each_chooses_on_one_page(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 4).await;
        let free = later(world, &practice, cohort, 3, |new| new.capacity = 1).await;
        let full = later(world, &practice, cohort, 5, |new| { new.capacity = 1; new.name = crate::world::name("Later still") }).await;
        come(world, full, &EVE).await;
        for who in [&ANA, &BEN, &CY, &DI] {
            come(world, cohort, who).await;
        }
        let waits = person("Flo", "flo@example.org", "Europe/Berlin");
        come(world, cohort, &waits).await;
        let silent = person("Gus", "gus@example.org", "Europe/Berlin");
        ask(world, cohort, &silent).await;
        world.run().await;
        assert_eq!(standing(world, cohort, waits.email).await, "waitlisted");
        world.to(utc("2026-10-06 09:00")).await;
        world.forget_mails();

        let desk = coach(world).await;
        let page = format!("/coach/cohorts/{cohort}/decide/cancel");
        let shown = desk.get(&page).await.body;
        assert!(shown.contains("4 people with a place are told") && shown.contains("6 sessions leave"), "{shown}");
        let topic = desk.submit(&page, &page, &[("words", "No affair group this time.")]).await;
        assert_eq!(topic.status, 422);
        assert!(topic.body.contains("leave out"));
        assert!(world.mails_to(ANA.email).is_empty());
        let called = desk.submit(&page, &page, &[("words", "We were too few. I am sorry.")]).await;
        assert_eq!(called.status, 303, "{}", called.body);
        desk.submit(&format!("/coach/cohorts/{cohort}/decide"), &page, &[("words", "Again")]).await;
        world.pass(TimeDelta::minutes(5)).await;
        for who in [&ANA, &BEN, &CY, &DI] {
            let mails = world.mails_to(who.email);
            let told: Vec<_> = mails.iter().filter(|mail| mail.subject == "These dates will not take place").collect();
            assert_eq!(told.len(), 1, "{} is told once", who.name);
            assert!(told[0].text.contains("We were too few. I am sorry."));
            let canceled = mails.iter().filter(|mail| mail.calendar.is_some() && mail.property("METHOD") == "CANCEL").count();
            assert_eq!(canceled, 6, "every session leaves the calendar of {}", who.name);
            assert_eq!(mails.len(), 7, "and nothing besides");
        }
        assert_eq!(world.mails_to(waits.email).len(), 1, "who waited is told too");
        assert!(world.mails_to(silent.email).is_empty(), "an address that never confirmed is left alone");
        assert_eq!(life(world, cohort, waits.email).await.last().unwrap(), "withdrawn");
        assert_eq!(seats_add_up(world, cohort).await, 4);
        assert!(desk.get(&format!("/coach/cohorts/{cohort}")).await.body.contains("Canceled"));
        assert_eq!(Visitor::of(world).get(&format!("/enroll/{cohort}")).await.status, 410);

        choose_each(world, cohort, (free, full)).await;

        // Who chooses nothing is out after two weeks, without a further word.
        world.forget_mails();
        world.to(utc("2026-10-20 08:00")).await;
        assert_eq!(standing(world, cohort, DI.email).await, "enrolled");
        world.to(utc("2026-10-20 10:00")).await;
        assert_eq!(standing(world, cohort, DI.email).await, "withdrawn");
        assert!(world.mails_to(DI.email).is_empty(), "no lesson, no reminder, no goodbye");
        assert_eq!(seats_add_up(world, cohort).await, 0);
    }
}

async fn choose_each(
    world: &World,
    cohort: trellis::domain::ids::CohortId,
    others: (trellis::domain::ids::CohortId, trellis::domain::ids::CohortId),
) {
    let (free, full) = others;
    let link = |email: &str| {
        let mails = world.mails_to(email);
        mails.iter().find(|mail| mail.calendar.is_none()).unwrap().link("/choose/")
    };
    let visitor = Visitor::of(world);
    let ana = link(ANA.email);
    for _ in 0..3 {
        let page = visitor.get(&ana).await.body;
        assert!(page.contains("Lisbon time") && page.contains("A place is free there"), "{page}");
        assert!(page.contains("You go on the waitlist"), "{page}");
        assert!(!page.contains("Ana") && !page.to_lowercase().contains("trust"), "it names nobody");
    }
    assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "looking chooses nothing");
    let none = visitor.submit(&ana, &ana, &[]).await;
    assert_eq!(none.status, 422);
    assert!(none.body.contains("Choose one of these"));
    let foreign = visitor.submit(&ana, &ana, &[("way", &format!("go:{cohort}"))]).await;
    assert_eq!(foreign.status, 422, "only what is offered");
    let chosen = visitor.submit(&ana, &ana, &[("way", &format!("go:{free}"))]).await;
    assert_eq!(chosen.status, 303, "{}", chosen.body);
    world.run().await;
    assert_eq!(standing(world, cohort, ANA.email).await, "transferred");
    assert_eq!(standing(world, free, ANA.email).await, "enrolled");
    assert!(visitor.get(&ana).await.body.contains("You have chosen"), "once");

    // The free place is gone; Ben waits for the other.
    let ben = link(BEN.email);
    let visitor = Visitor::of(world);
    let gone = visitor.submit(&ben, &ben, &[("way", &format!("go:{free}"))]).await;
    assert_eq!(gone.status, 422, "the last place there is taken");
    let waits = visitor.submit(&ben, &ben, &[("way", &format!("wait:{full}"))]).await;
    assert_eq!(waits.status, 303, "{}", waits.body);
    assert_eq!(standing(world, full, BEN.email).await, "waitlisted");
    assert_eq!(standing(world, cohort, BEN.email).await, "withdrawn");

    let cy = link(CY.email);
    let stopped = Visitor::of(world).submit(&cy, &cy, &[("way", "leave")]).await;
    assert_eq!(stopped.location.as_deref(), Some("/left"));
    assert_eq!(standing(world, cohort, CY.email).await, "withdrawn");
    world.run().await;
    for cohort in [cohort, free, full] {
        seats_add_up(world, cohort).await;
    }
}

story! {
    async fn a_merged_cohort_takes_its_people_along_over_the_limit_by_the_coachs_word(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let other = later(world, &practice, cohort, 2, |new| new.capacity = 1).await;
        come(world, cohort, &ANA).await;
        come(world, cohort, &BEN).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        let desk = coach(world).await;
        let page = format!("/coach/cohorts/{cohort}/decide/merge");
        let into = other.to_string();
        assert_eq!(desk.submit(&page, &page, &[]).await.status, 422, "into which?");
        let no_room = desk.submit(&page, &page, &[("into", &into)]).await;
        assert_eq!(no_room.status, 422);
        assert!(no_room.body.contains("2 people would come, and 1 places are free there"), "{}", no_room.body);
        assert_eq!(desk.submit(&page, &page, &[("into", &into), ("over", "yes")]).await.status, 303);
        world.pass(TimeDelta::minutes(5)).await;
        for who in [&ANA, &BEN] {
            let mails = world.mails_to(who.email);
            let letter = mails.iter().find(|mail| mail.calendar.is_none()).unwrap();
            assert_eq!(letter.subject, "New dates: please choose");
            let link = letter.link("/choose/");
            let visitor = Visitor::of(world);
            let shown = visitor.get(&link).await.body;
            assert!(shown.contains("Come along: From Tuesday 27 October 2026"), "{shown}");
            assert_eq!(visitor.submit(&link, &link, &[("way", &format!("go:{other}"))]).await.status, 303);
            world.run().await;
            assert_eq!(standing(world, other, who.email).await, "enrolled", "{} comes along", who.name);
            assert_eq!(standing(world, cohort, who.email).await, "transferred");
        }
        assert_eq!(seats_add_up(world, other).await, 2, "one over the limit");
        assert_eq!(seats_add_up(world, cohort).await, 0);
        world.pass(TimeDelta::minutes(5)).await;
        let asked = world.mails_to(ANA.email).iter().filter(|mail| mail.calendar.is_some() && mail.property("METHOD") == "REQUEST").count();
        assert_eq!(asked, 6, "the new dates are in the calendar");
        let row = cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap();
        assert_eq!(row.merged_into, Some(other));
    }
}

story! {
    async fn whoever_was_there_to_the_end_has_completed_the_day_after_and_keeps_their_pages(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let visitor = Visitor::of(world);
        ask(world, cohort, &ANA).await;
        world.run().await;
        let link = world.last_to(ANA.email).link("/confirm/");
        visitor.submit(&link, &link, &[]).await;
        come(world, cohort, &BEN).await;
        go(world, cohort, BEN.email).await;
        // The last session ends on Monday 16 November at 20:15 in Berlin, where the day ends at 23:00 UTC.
        world.to(utc("2026-11-16 22:59")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled");
        world.forget_mails();
        world.to(utc("2026-11-16 23:00")).await;
        assert_eq!(life(world, cohort, ANA.email).await, ["pending", "enrolled", "completed"]);
        assert_eq!(standing(world, cohort, BEN.email).await, "withdrawn", "who left before has not");
        assert_eq!(seats_add_up(world, cohort).await, 0);
        assert!(place(world, cohort, ANA.email).await.completed_at.is_some());
        world.to(utc("2026-12-20 12:00")).await;
        assert!(world.mails_to(ANA.email).is_empty(), "no farewell");
        let asks = Visitor::of(world);
        let signed = asks.submit("/link", "/link", &[("email", ANA.email)]).await;
        assert_eq!(signed.status, 303);
        world.run().await;
        let open = world.last_to(ANA.email).link("/p/open/");
        asks.submit(&open, &open, &[]).await;
        assert_eq!(asks.get("/p/lesson/1").await.status, 200, "what they read stays theirs");
        let late = press(world, &link).await;
        assert!(late.status < 500);
    }
}

story! {
    async fn a_lesson_after_the_last_session_counts_and_one_that_is_late_still_goes_out(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| {
            new.rule = trellis::domain::schedule::LessonTiming::parse("0 7 * * FRI").unwrap();
        }).await;
        come(world, cohort, &ANA).await;
        world.to(utc("2026-11-19 22:59")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled", "the last lesson is still to come");
        world.to(utc("2026-11-20 22:59")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled");
        world.to(utc("2026-11-20 23:00")).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "completed");
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        let sent = rows.iter().filter(|row| row.occasion == trellis::domain::delivery::Occasion::Lesson && row.sent_at.is_some()).count();
        assert_eq!(sent, 6);
        seats_add_up(world, cohort).await;
    }
}
