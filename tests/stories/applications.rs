//! Where the coach reads each application: does it hold no seat, get a kind answer, and lapse in time? And on which
//! days may anybody ask?

use chrono::TimeDelta;
use trellis::store::{audits, enrollments};

use crate::{
    people::{Person, ask, standing},
    places::{ask_with_note, coach, come, life, person, place, press, seats_add_up},
    story,
    visitor::{Answer, Visitor},
    world::{World, utc},
};

const ANA: Person = person("Ana", "ana@example.org", "America/New_York");
const BEN: Person = person("Ben", "ben@example.org", "Europe/Berlin");

async fn set(world: &World, cohort: trellis::domain::ids::CohortId, own: &[(&str, &str)]) -> Answer {
    let desk = coach(world).await;
    let page = format!("/coach/cohorts/{cohort}/settings");
    desk.submit(&page, &format!("/coach/cohorts/{cohort}/enrollment"), own).await
}

story! {
    async fn an_application_is_read_accepted_reminded_and_taken(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        assert_eq!(set(world, cohort, &[("admission", "approval"), ("accept_hours", "48")]).await.status, 303);
        ask_with_note(world, cohort, &ANA, "We have tried twice <b>alone</b>.").await;
        world.run().await;
        let visitor = Visitor::of(world);
        let link = world.last_to(ANA.email).link("/confirm/");
        let confirmed = visitor.submit(&link, &link, &[]).await;
        assert_eq!(confirmed.location.as_deref(), Some("/p?done=applied"), "{}", confirmed.body);
        world.run().await;
        assert_eq!(life(world, cohort, ANA.email).await, ["pending", "applied"]);
        assert_eq!(seats_add_up(world, cohort).await, 0, "an application holds no seat");
        assert_eq!(world.last_to(ANA.email).subject, "We have your application");
        let mine = visitor.get("/p").await.body;
        assert!(mine.contains("Your application has arrived") && mine.contains("reads it and answers"), "{mine}");

        let desk = coach(world).await;
        assert!(desk.get("/coach").await.body.contains("One application for Monday evenings waits for your answer."));
        let list = format!("/coach/cohorts/{cohort}/applications");
        let shown = desk.get(&list).await.body;
        assert!(shown.contains("Ana") && shown.contains("We have tried twice &lt;b&gt;alone"), "{shown}");
        let page = format!("{list}/{}", place(world, cohort, ANA.email).await.id);
        assert!(desk.get(&page).await.body.contains("New York time"), "until when, by her clock");
        let accepted = desk.submit(&page, &format!("{page}/accept"), &[]).await;
        assert_eq!(accepted.status, 303, "{}", accepted.body);
        assert_eq!(desk.submit(&list, &format!("{page}/accept"), &[]).await.location.unwrap(), format!("{list}?done=answered"), "once");
        world.run().await;
        assert_eq!(seats_add_up(world, cohort).await, 1, "now a seat is held");
        let letter = world.last_to(ANA.email);
        assert_eq!(letter.subject, "There is a place for you");
        assert!(letter.text.contains("New York time, UTC-04:00"), "{}", letter.text);

        world.pass(TimeDelta::hours(30)).await;
        let reminders = world.mails_to(ANA.email).iter().filter(|mail| mail.subject == "A place is still held for you").count();
        assert_eq!(reminders, 1);
        let taken = press(world, &letter.link("/offer/")).await;
        assert_eq!(taken.status, 303, "{}", taken.body);
        world.run().await;
        assert_eq!(life(world, cohort, ANA.email).await, ["pending", "applied", "accepted", "enrolled"]);
        assert_eq!(seats_add_up(world, cohort).await, 1);
        assert!(world.mails_to(ANA.email).iter().any(|mail| mail.subject == "Your place is confirmed"));
    }
}

story! {
    async fn a_full_group_accepts_over_the_limit_only_by_name_and_an_answer_that_never_comes_lapses(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        come(world, cohort, &BEN).await;
        set(world, cohort, &[("admission", "approval"), ("accept_hours", "24")]).await;
        come(world, cohort, &ANA).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "applied");
        let desk = coach(world).await;
        let page = format!("/coach/cohorts/{cohort}/applications/{}", place(world, cohort, ANA.email).await.id);
        let full = desk.submit(&page, &format!("{page}/accept"), &[]).await;
        assert_eq!(full.status, 422);
        assert!(full.body.contains("Every place is taken. Tick the box"), "{}", full.body);
        assert_eq!(standing(world, cohort, ANA.email).await, "applied");
        assert_eq!(desk.submit(&page, &format!("{page}/accept"), &[("over", "yes")]).await.status, 303);
        world.run().await;
        assert_eq!(seats_add_up(world, cohort).await, 2);
        let log = audits::of_practice(world.app.db.reader(), practice.id, 50).await.unwrap();
        assert!(log.iter().any(|line| line.act == "application accepted over the limit" && line.actor == "Nadia Brandt"));
        let link = world.last_to(ANA.email).link("/offer/");
        world.pass(TimeDelta::hours(40)).await;
        assert_eq!(life(world, cohort, ANA.email).await, ["pending", "applied", "accepted", "lapsed"]);
        assert_eq!(seats_add_up(world, cohort).await, 1);
        let late = press(world, &link).await;
        assert_eq!(late.status, 410);
        assert!(late.body.contains("The place was held until"), "{}", late.body);
    }
}

story! {
    async fn no_is_said_kindly_in_words_that_give_nothing_away(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        set(world, cohort, &[("admission", "approval")]).await;
        come(world, cohort, &ANA).await;
        come(world, cohort, &BEN).await;
        let desk = coach(world).await;
        let page = format!("/coach/cohorts/{cohort}/applications/{}", place(world, cohort, ANA.email).await.id);
        let topic = desk.submit(&page, &format!("{page}/decline"), &[("words", "After an affair it is too soon.")]).await;
        assert_eq!(topic.status, 422);
        assert!(topic.body.contains("leave out") && topic.body.contains("it is too soon"), "typing is kept: {}", topic.body);
        assert_eq!(standing(world, cohort, ANA.email).await, "applied");
        let words = "Talk to me first.\r\n\r\n<script>alert(1)</script> A call is free.";
        assert_eq!(desk.submit(&page, &format!("{page}/decline"), &[("words", words)]).await.status, 303);
        world.run().await;
        let letter = world.last_to(ANA.email);
        assert_eq!(letter.subject, "About your application");
        assert!(letter.text.contains("Talk to me first.") && letter.text.contains("no judgment on you"), "{}", letter.text);
        assert!(!letter.html.contains("<script"), "plain text");
        assert_eq!(life(world, cohort, ANA.email).await, ["pending", "applied", "declined"]);
        // Who takes it back before it is read needs no answer.
        let visitor = Visitor::of(world);
        let link = world.mails_to(BEN.email)[0].link("/confirm/");
        assert!(visitor.get(&link).await.body.contains("This is confirmed already"));
        trellis::actions::leave::leave(&world.app, place(world, cohort, BEN.email).await.id, &trellis::actions::leave::By::Participant).await.unwrap();
        assert_eq!(standing(world, cohort, BEN.email).await, "declined");
        let gone = format!("/coach/cohorts/{cohort}/applications/{}", place(world, cohort, BEN.email).await.id);
        assert_eq!(desk.submit("/coach/cohorts/new", &format!("{gone}/accept"), &[]).await.location.unwrap(), format!("/coach/cohorts/{cohort}/applications?done=answered"));
        assert!(world.mails_to(BEN.email).iter().all(|mail| mail.subject != "There is a place for you"));
        // Asking again starts anew.
        world.pass(TimeDelta::hours(25)).await;
        come(world, cohort, &ANA).await;
        assert_eq!(standing(world, cohort, ANA.email).await, "applied");
        seats_add_up(world, cohort).await;
    }
}

story! {
    async fn people_ask_on_the_days_the_coach_chose_and_a_mailed_link_outlives_them(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let wrong = set(world, cohort, &[("admission", "open"), ("enroll_from_on", "2026-10-08"), ("enroll_until_on", "2026-10-07")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("The last day lies before the first"), "{}", wrong.body);
        let set = set(world, cohort, &[("admission", "open"), ("enroll_from_on", "2026-10-07"), ("enroll_until_on", "2026-10-08")]).await;
        assert_eq!(set.status, 303, "{}", set.body);
        let visitor = Visitor::of(world);
        let form = format!("/enroll/{cohort}");
        let fields = [("name", "Ana"), ("email", ANA.email), ("tz", ANA.zone)];
        // Berlin's seventh of October begins at 22:00 UTC.
        world.to(utc("2026-10-06 21:59")).await;
        let early = visitor.get(&form).await;
        assert_eq!(early.status, 200);
        assert!(early.body.contains("Not open yet") && early.body.contains("from Wednesday 7 October 2026"), "{}", early.body);
        let token = crate::visitor::form_token(&visitor.get("/link").await.body).unwrap();
        let with_token = [&fields[..], &[("form_token", token.as_str())]].concat();
        assert!(visitor.post(&form, &with_token).await.body.contains("Not open yet"));
        let program = trellis::store::programs::find(world.app.db.reader(), practice.id, trellis::store::cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap().program_id).await.unwrap().unwrap();
        let public = format!("/g/{}", program.code);
        assert!(visitor.get(&public).await.body.contains("Opens on Wed 7 Oct"), "the public page says so");
        world.to(utc("2026-10-06 22:00")).await;
        assert!(visitor.get(&form).await.body.contains("Your place in the group"));
        ask(world, cohort, &ANA).await;
        world.run().await;
        world.to(utc("2026-10-08 21:59")).await;
        assert!(visitor.get(&form).await.body.contains("Your place in the group"), "the last day is included");
        world.to(utc("2026-10-08 22:00")).await;
        let late = visitor.get(&form).await;
        assert_eq!(late.status, 410);
        assert!(late.body.contains("since Friday 9 October 2026"), "{}", late.body);
        assert_eq!(visitor.post(&form, &with_token).await.status, 410);
        assert!(visitor.get(&public).await.body.contains("Closed since Fri 9 Oct"));
        assert_eq!(enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap().len(), 1, "nobody got in by the form");
        let confirmed = press(world, &world.last_to(ANA.email).link("/confirm/")).await;
        assert_eq!(confirmed.status, 303, "asked in time: {}", confirmed.body);
        assert_eq!(standing(world, cohort, ANA.email).await, "enrolled");
    }
}
