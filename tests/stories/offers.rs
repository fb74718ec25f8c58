//! Is the waitlist fair, kind at night, and clear in the second an offer ends?

use chrono::TimeDelta;
use trellis::{
    actions::release_due::release_due,
    domain::delivery::Occasion,
    store::{audits, cohorts, ledger},
};

use crate::{
    people::{Person, ask, standing},
    places::{coach, come, go, life, person, place, press, seats_add_up},
    story,
    visitor::Visitor,
    world::{World, utc},
};

const ANA: Person = person("Ana", "ana@example.org", "Europe/Berlin");
const BEN: Person = person("Ben", "ben@example.org", "Asia/Tokyo");
const CY: Person = person("Cy", "cy@example.org", "Europe/Berlin");
const DI: Person = person("Di", "di@example.org", "America/New_York");

const STILL_HELD: &str = "A place is still held for you";

/// One place, which Ana has; the others wait in the order of their names.
async fn one_place(world: &World, waiting: &[&Person]) -> trellis::domain::ids::CohortId {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
    come(world, cohort, &ANA).await;
    for who in waiting {
        come(world, cohort, who).await;
        assert_eq!(standing(world, cohort, who.email).await, "waitlisted");
    }
    cohort
}

story! {
    async fn an_offer_never_ends_at_night_reminds_once_and_then_goes_to_the_next(world: &World) {
        let cohort = one_place(world, &[&BEN, &CY]).await;
        // Ten in the evening in Tokyo.
        world.to(utc("2026-10-05 13:00")).await;
        go(world, cohort, ANA.email).await;
        let offer = world.last_to(BEN.email);
        assert_eq!(offer.subject, "A place is free for you");
        assert!(offer.text.contains("Wednesday 7 October 2026, 08:00"), "not into the night: {}", offer.text);
        assert!(offer.text.contains("(Tokyo time, UTC+09:00)"), "{}", offer.text);
        let reminders = |world: &World| world.mails_to(BEN.email).iter().filter(|mail| mail.subject == STILL_HELD).count();
        world.to(utc("2026-10-06 05:59")).await;
        assert_eq!(reminders(world), 0, "before half time");
        world.to(utc("2026-10-06 06:01")).await;
        assert_eq!(reminders(world), 1, "at half time");
        world.to(utc("2026-10-06 22:58")).await;
        assert_eq!(reminders(world), 1, "once");
        assert_eq!(standing(world, cohort, BEN.email).await, "offered");
        world.to(utc("2026-10-06 23:01")).await;
        assert_eq!(life(world, cohort, BEN.email).await, ["pending", "waitlisted", "offered", "offer_expired"]);
        assert_eq!(standing(world, cohort, CY.email).await, "offered", "the next at once");
        assert_eq!(seats_add_up(world, cohort).await, 1);

        // The old link says what happened and what can be done: ask again, behind the others.
        let link = offer.link("/offer/");
        let late = press(world, &link).await;
        assert_eq!(late.status, 410);
        assert!(late.body.contains("This offer is over") && late.body.contains("08:00") && late.body.contains("Ask again"), "{}", late.body);
        assert!(late.body.contains(&format!("/enroll/{cohort}")));
        come(world, cohort, &BEN).await;
        assert_eq!(standing(world, cohort, BEN.email).await, "waitlisted");
        let (ben, cy) = (place(world, cohort, BEN.email).await, place(world, cohort, CY.email).await);
        assert!(ben.asked_at > cy.asked_at, "a new form has a new place in the line");
    }
}

story! {
    async fn in_the_second_an_offer_ends_there_is_one_winner_and_one_clear_page(world: &World) {
        let cohort = one_place(world, &[&BEN, &CY]).await;
        go(world, cohort, ANA.email).await;
        let link = world.last_to(BEN.email).link("/offer/");
        let until = place(world, cohort, BEN.email).await.hold_until.unwrap();

        world.app.clock.set(until);
        let browsers: Vec<Visitor> = (0..6).map(|_| Visitor::of(world)).collect();
        let presses = browsers.iter().map(|browser| browser.submit(&link, &link, &[]));
        let ticks = (0..4).map(|_| release_due(&world.app));
        let (answers, released) = futures_util::future::join(
            futures_util::future::join_all(presses),
            futures_util::future::join_all(ticks),
        ).await;
        assert!(released.iter().all(Result::is_ok));
        for answer in answers {
            assert_eq!(answer.status, 410, "{}", answer.body);
            assert!(answer.body.contains("This offer is over") && answer.body.contains("Ask again"), "{}", answer.body);
        }
        world.run().await;
        assert_eq!(standing(world, cohort, BEN.email).await, "offer_expired");
        assert_eq!(standing(world, cohort, CY.email).await, "offered");
        assert_eq!(seats_add_up(world, cohort).await, 1);

        // One second sooner the person wins, however often they press and however often the planner looks.
        let link = world.last_to(CY.email).link("/offer/");
        world.app.clock.set(place(world, cohort, CY.email).await.hold_until.unwrap() - TimeDelta::seconds(1));
        let presses = browsers.iter().map(|browser| browser.submit(&link, &link, &[]));
        let ticks = (0..4).map(|_| release_due(&world.app));
        let (answers, _) = futures_util::future::join(
            futures_util::future::join_all(presses),
            futures_util::future::join_all(ticks),
        ).await;
        assert!(answers.iter().all(|answer| answer.status == 303), "{answers:?}");
        world.app.clock.advance(TimeDelta::hours(1));
        world.run().await;
        assert_eq!(life(world, cohort, CY.email).await, ["pending", "waitlisted", "offered", "enrolled"]);
        assert_eq!(seats_add_up(world, cohort).await, 1);
        let welcomes = world.mails_to(CY.email).iter().filter(|mail| mail.subject == "Your place is confirmed").count();
        assert_eq!(welcomes, 1, "pressing twice does nothing twice");
        let again = Visitor::of(world).get(&link).await;
        assert!(again.body.contains("You have taken this place"), "{}", again.body);
    }
}

story! {
    async fn saying_no_is_one_button_and_the_next_person_is_asked_at_once(world: &World) {
        let cohort = one_place(world, &[&BEN, &CY]).await;
        go(world, cohort, ANA.email).await;
        let mail = world.last_to(BEN.email);
        let (offer, no) = (mail.link("/offer/"), mail.link("/decline"));
        let visitor = Visitor::of(world);
        let page = visitor.get(&no).await;
        assert_eq!(page.body.matches("type=\"submit\"").count(), 1, "one button: {}", page.body);
        assert!(!page.body.contains("Ben"), "whoever holds the link sees it");
        assert_eq!(standing(world, cohort, BEN.email).await, "offered", "a scanner declines nothing");
        let declined = visitor.submit(&no, &no, &[]).await;
        assert_eq!(declined.status, 303, "{}", declined.body);
        world.run().await;
        assert_eq!(standing(world, cohort, BEN.email).await, "declined");
        assert_eq!(standing(world, cohort, CY.email).await, "offered");
        assert!(visitor.get(&offer).await.body.contains("You passed this place on"));
        assert_eq!(visitor.submit(&no, &offer, &[]).await.status, 200, "and is not taken after all");
        assert_eq!(standing(world, cohort, BEN.email).await, "declined");
        world.forget_mails();
        world.pass(TimeDelta::hours(20)).await;
        assert!(world.mails_to(BEN.email).is_empty(), "no reminder of what was declined");
        assert_eq!(seats_add_up(world, cohort).await, 1);
    }
}

story! {
    async fn a_smaller_group_keeps_an_open_offer_and_makes_no_new_one(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        for who in [&ANA, &BEN, &CY, &DI] {
            come(world, cohort, who).await;
        }
        let desk = coach(world).await;
        let settings = format!("/coach/cohorts/{cohort}/settings");
        let places = async |capacity: &str| {
            let fields = [
                ("name", "Monday evenings"), ("room_url", "https://meet.example/room"),
                ("crisis_line", "116 123"), ("capacity", capacity), ("late_joiners", "digest"), ("holiday_country", ""),
            ];
            let answer = desk.submit(&settings, &settings, &fields).await;
            world.run().await;
            world.app.clock.advance(TimeDelta::seconds(1));
            answer
        };
        assert_eq!(places("2").await.status, 303);
        assert_eq!(standing(world, cohort, BEN.email).await, "offered", "more places go out by themselves");
        assert_eq!(standing(world, cohort, CY.email).await, "waitlisted");

        let lowered = places("1").await;
        assert_eq!(lowered.status, 303, "{}", lowered.body);
        assert_eq!(standing(world, cohort, BEN.email).await, "offered", "the offer stands");
        assert_eq!(seats_add_up(world, cohort).await, 2);
        let taken = press(world, &world.last_to(BEN.email).link("/offer/")).await;
        assert_eq!(taken.status, 303);
        assert_eq!(standing(world, cohort, BEN.email).await, "enrolled");
        go(world, cohort, ANA.email).await;
        assert_eq!(standing(world, cohort, CY.email).await, "waitlisted", "one of one is taken: nobody new");
        assert_eq!(seats_add_up(world, cohort).await, 1);
        places("3").await;
        assert_eq!(standing(world, cohort, CY.email).await, "offered");
        assert_eq!(standing(world, cohort, DI.email).await, "offered");
        press(world, &world.last_to(CY.email).link("/offer/")).await;
        let refused = places("1").await;
        assert_eq!(refused.status, 422, "two people take part");
        assert!(refused.body.contains("2 people take part"), "{}", refused.body);
    }
}

story! {
    async fn a_coach_offers_past_the_line_by_name_and_it_is_written_down(world: &World) {
        let cohort = one_place(world, &[&BEN, &CY]).await;
        let desk = coach(world).await;
        let list = desk.get(&format!("/coach/cohorts/{cohort}/waitlist")).await.body;
        assert!(list.find("Ben") < list.find("Cy"), "in the order of asking");
        let cy = place(world, cohort, CY.email).await;
        let page = format!("/coach/cohorts/{cohort}/waitlist/{}/offer", cy.id);
        let shown = desk.get(&page).await;
        assert!(shown.body.contains("Others asked before Cy"), "{}", shown.body);
        let refused = desk.submit(&page, &page, &[]).await;
        assert_eq!(refused.status, 422, "every place is taken");
        assert!(refused.body.contains("Tick the box"));
        assert_eq!(standing(world, cohort, CY.email).await, "waitlisted");
        let offered = desk.submit(&page, &page, &[("over", "yes")]).await;
        assert_eq!(offered.status, 303, "{}", offered.body);
        world.run().await;
        assert_eq!(standing(world, cohort, CY.email).await, "offered");
        assert_eq!(standing(world, cohort, BEN.email).await, "waitlisted");
        assert_eq!(seats_add_up(world, cohort).await, 2, "one over the limit");
        let log = audits::of_practice(world.app.db.reader(), cy.practice_id, 50).await.unwrap();
        assert!(log.iter().any(|line| line.act == "place offered by name over the limit" && line.actor == "Nadia Brandt"));
        let told = desk.get(&format!("/coach/people/{}", cy.participant_id)).await.body;
        assert!(told.contains("Nadia Brandt: place offered by name over the limit."), "the history says it: {told}");
        assert!(told.contains("The person confirmed by mail.") && told.contains("UTC+"), "who, when and why");
        assert_eq!(desk.submit(&format!("/coach/cohorts/{cohort}/waitlist"), &page, &[("over", "yes")]).await.location.unwrap(), format!("/coach/cohorts/{cohort}/waitlist?done=answered"), "once");
        assert_eq!(Visitor::of(world).get(&page).await.location.as_deref(), Some("/coach/sign-in"));
        // What is about to lapse needs the coach.
        assert!(!desk.get("/coach").await.body.contains("has not answered the place that is held"));
        let until = place(world, cohort, CY.email).await.hold_until.unwrap();
        world.to(until - TimeDelta::hours(1)).await;
        let desk = coach(world).await;
        assert!(desk.get("/coach").await.body.contains("Cy has not answered the place that is held"));
    }
}

story! {
    async fn the_line_keeps_the_order_of_the_forms_whoever_confirms_first(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        // A link that lapsed and is used after all takes a free seat.
        ask(world, cohort, &ANA).await;
        world.run().await;
        world.pass(TimeDelta::minutes(61)).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "lapsed");
        assert_eq!(seats_add_up(world, cohort).await, 0);
        press(world, &world.last_to(ANA.email).link("/confirm/")).await;
        assert_eq!(life(world, cohort, ANA.email).await, ["pending", "lapsed", "enrolled"]);
        // Ben's form came before Cy's; he confirms a day later.
        ask(world, cohort, &BEN).await;
        world.run().await;
        world.app.clock.advance(TimeDelta::seconds(1));
        come(world, cohort, &CY).await;
        world.pass(TimeDelta::hours(20)).await;
        assert_eq!(standing(world, cohort, BEN.email).await, "lapsed");
        let link = world.mails_to(BEN.email)[0].link("/confirm/");
        press(world, &link).await;
        assert_eq!(standing(world, cohort, BEN.email).await, "waitlisted", "else a place on the list");
        world.run().await;
        go(world, cohort, ANA.email).await;
        assert_eq!(standing(world, cohort, BEN.email).await, "offered", "his form was first");
        assert_eq!(standing(world, cohort, CY.email).await, "waitlisted");
        assert_eq!(seats_add_up(world, cohort).await, 1);
    }
}

story! {
    async fn leaving_and_coming_back_is_a_new_entry_in_the_calendar_and_no_lesson_twice(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        come(world, cohort, &ANA).await;
        world.to(utc("2026-10-13 12:00")).await;
        let calendar = |world: &World| -> Vec<(String, String)> {
            let mails = world.mails_to(ANA.email).into_iter().filter(|mail| mail.calendar.is_some());
            mails.map(|mail| (mail.property("METHOD"), mail.property("UID"))).collect()
        };
        let first = calendar(world);
        assert_eq!(first.len(), 6);
        world.forget_mails();
        go(world, cohort, ANA.email).await;
        world.pass(TimeDelta::minutes(5)).await;
        assert_eq!(calendar(world).iter().filter(|(method, _)| method == "CANCEL").count(), 5);
        world.forget_mails();
        world.pass(TimeDelta::hours(5)).await;
        come(world, cohort, &ANA).await;
        world.pass(TimeDelta::minutes(5)).await;
        assert_eq!(life(world, cohort, ANA.email).await, ["pending", "enrolled", "withdrawn", "pending", "enrolled"]);
        let back = calendar(world);
        assert_eq!(back.len(), 5, "every session still to come: {back:?}");
        assert!(back.iter().all(|(method, uid)| method == "REQUEST" && first.iter().all(|(_, old)| old != uid)), "under a new UID");
        assert_eq!(world.mails_to(ANA.email).iter().filter(|mail| mail.subject == "Your place is confirmed").count(), 1);
        world.to(utc("2026-11-20 12:00")).await;
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        let mut lessons: Vec<_> = rows.iter().filter(|row| row.occasion == Occasion::Lesson && row.sent_at.is_some()).map(|row| row.object_id).collect();
        let all = lessons.len();
        lessons.sort_unstable();
        lessons.dedup();
        assert_eq!((all, lessons.len()), (6, 6), "six lessons, once each");
        assert_eq!(standing(world, cohort, ANA.email).await, "completed");
        assert_eq!(seats_add_up(world, cohort).await, 0);
        assert!(cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap().capacity > 0);
    }
}
