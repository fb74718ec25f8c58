//! Do two come together, each by themselves, and does nothing of one reach the other?

mod asking;
mod line;
mod secrets;

use chrono::TimeDelta;
use trellis::{
    domain::ids::CohortId,
    store::{cohorts, couples, enrollments, participants, practices},
};

use crate::{
    front_door::send,
    people::{Person, enroll, standing},
    story,
    visitor::{Answer, Visitor, form_token},
    world::World,
};

const ANA: &str = "ana@example.org";
const BEN: &str = "ben@example.org";
const CY: Person =
    Person { name: "Cy", email: "cy@example.org", zone: "Europe/Berlin", track: "hurt", calendar: "feed" };
pub const BEN_ALONE: Person =
    Person { name: "Ben", email: BEN, zone: "America/New_York", track: "hurt", calendar: "feed" };

async fn cohort(world: &World, capacity: u16) -> CohortId {
    let practice = world.practice().await;
    world.cohort(&practice, |new| new.capacity = capacity).await
}

/// Ana sends the form and names Ben. Nobody has confirmed anything.
async fn ask(world: &World, cohort: CohortId, email: &str, partner: &str) -> Visitor {
    let visitor = Visitor::of(world);
    let fields = [("email", email), ("partner_name", "Ben"), ("partner_email", partner)];
    let sent = send(&visitor, &format!("/enroll/{cohort}"), &fields).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    world.run().await;
    visitor
}

/// Ana asks and confirms: she is signed in.
async fn ana_asks(world: &World, cohort: CohortId) -> Visitor {
    let visitor = ask(world, cohort, ANA, BEN).await;
    confirm(world, &visitor, ANA).await;
    visitor
}

async fn confirm(world: &World, visitor: &Visitor, email: &str) {
    let link = world.last_to(email).link("/confirm/");
    assert_eq!(visitor.submit(&link, &link, &[]).await.status, 303);
    world.run().await;
}

/// Ben opens his link and sends his own form.
async fn ben_joins(world: &World) -> (Visitor, Answer) {
    let link = world.last_to(BEN).link("/partner/");
    let visitor = Visitor::of(world);
    let join = format!("{link}/join");
    let page = visitor.get(&join).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let (token, wordings) = (form_token(&page.body).unwrap(), hidden(&page.body, "wordings"));
    let fields = [
        ("name", "Benedikt"),
        ("tz", "America/New_York"),
        ("track", "hurt"),
        ("calendar", "neither"),
        ("discretion", "minimal"),
        ("note", "Only for the coach"),
        ("intake_hope", "To be heard"),
        ("agree", "yes"),
        ("stored", "yes"),
        ("wordings", &wordings),
        ("form_token", &token),
    ];
    let answer = visitor.post(&join, &fields).await;
    world.run().await;
    (visitor, answer)
}

async fn ben_says_no(world: &World) -> Answer {
    let link = world.last_to(BEN).link("/partner/");
    let answer = Visitor::of(world).submit(&link, &format!("{link}/decline"), &[]).await;
    world.run().await;
    answer
}

async fn choose(world: &World, choice: &str) -> Answer {
    let link = world.last_to(ANA).link("/together/");
    let answer = Visitor::of(world).submit(&link, &link, &[("choice", choice)]).await;
    world.run().await;
    answer
}

fn hidden(html: &str, field: &str) -> String {
    html.split(&format!("name=\"{field}\" value=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn seats(world: &World, cohort: CohortId) -> i32 {
    cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap().seats_taken
}

async fn nadia(world: &World) -> Visitor {
    let visitor = Visitor::of(world);
    let fields = [("email", "nadia@group.example"), ("password", crate::world::PASSWORD)];
    assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &fields).await.status, 303);
    visitor
}

async fn person_page(world: &World, email: &str) -> String {
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let person = participants::with_email(world.app.db.reader(), practice.id, &email.parse().unwrap()).await.unwrap();
    format!("/coach/people/{}", person.unwrap().id)
}

const NEVER: TimeDelta = TimeDelta::hours(73);

story! {
    async fn two_come_together_each_from_their_own_inbox(world: &World) {
        let cohort = cohort(world, 12).await;
        let ana = ask(world, cohort, ANA, BEN).await;
        assert!(world.mails_to(BEN).is_empty(), "nobody is written to before the inviter has confirmed");
        assert_eq!(standing(world, cohort, BEN).await, "unknown");
        let link = world.last_to(ANA).link("/confirm/");
        let page = ana.get(&link).await.body;
        assert!(page.contains("ask my partner") && !page.contains("Ben"), "{page}");
        confirm(world, &ana, ANA).await;
        assert_eq!(seats(world, cohort).await, 2, "a seat is held for both");

        let asked = world.last_to(BEN);
        assert_eq!(asked.subject, "An invitation for you");
        let seen = asked.text.to_lowercase();
        assert!(seen.contains("ana would like you to come along"), "{}", asked.text);
        assert!(!seen.contains("trust") && !seen.contains("affair") && !seen.contains("group"), "no program before the address is confirmed: {}", asked.text);
        let link = asked.link("/partner/");
        let stranger = Visitor::of(world);
        for _ in 0..3 {
            assert_eq!(stranger.get(&link).await.status, 200);
            assert_eq!(stranger.get(&format!("{link}/join")).await.status, 200);
        }
        let first = stranger.get(&link).await.body.to_lowercase();
        assert!(!first.contains("rebuilding") && !first.contains("ana@"), "{first}");
        assert_eq!(standing(world, cohort, BEN).await, "unknown", "S4: looking is no answer");
        let form = stranger.get(&format!("{link}/join")).await.body;
        assert!(!form.contains("name=\"email\"") && !form.contains("partner_email") && !form.contains(ANA), "{form}");

        let (ben, joined) = ben_joins(world).await;
        assert_eq!((joined.status, joined.location.as_deref()), (303, Some("/p?done=confirmed")), "{}", joined.body);
        assert_eq!(standing(world, cohort, BEN).await, "enrolled");
        assert_eq!(seats(world, cohort).await, 2, "the seat that was held");
        assert!(ben.get("/p").await.body.contains("Hello Benedikt"));
        assert_eq!(world.last_to(BEN).subject, "Your place is confirmed");
        let places = enrollments::of_cohort(world.app.db.reader(), cohort).await.unwrap();
        let mut chosen: Vec<_> = places.iter().map(|place| (place.track.as_str(), place.calendar.as_str())).collect();
        chosen.sort_unstable();
        assert_eq!(chosen, [("broke", "feed"), ("hurt", "neither")], "each has their own");
        let roster = nadia(world).await.get(&format!("/coach/cohorts/{cohort}")).await.body;
        assert!(roster.contains("Comes with Benedikt") && roster.contains("Comes with Ana"), "{roster}");

        let again = ben.submit(&link, &format!("{link}/join"), &[]).await;
        assert_eq!(again.status, 200, "twice is once");
        assert!(again.body.contains("You have answered"), "{}", again.body);
        world.pass(NEVER).await;
        assert!(!world.mails_to(ANA).iter().any(|mail| mail.text.contains("/together/")), "there is nothing to choose");
    }
}

story! {
    async fn a_partner_who_never_answers_leaves_a_choice(world: &World) {
        let cohort = cohort(world, 12).await;
        let ana = ana_asks(world, cohort).await;
        assert!(!ana.get("/p").await.body.contains("/together/"), "nothing to choose yet");
        world.pass(TimeDelta::hours(71)).await;
        assert_eq!(seats(world, cohort).await, 2);
        world.pass(TimeDelta::hours(2)).await;
        assert_eq!(seats(world, cohort).await, 1, "the seat is free again");
        let told = world.last_to(ANA);
        assert_eq!(told.subject, "How would you like to come?");
        assert!(told.text.contains("has not joined"), "{}", told.text);
        assert_eq!(standing(world, cohort, ANA).await, "enrolled", "her own place is hers");
        let link = told.link("/together/");
        assert_eq!(Visitor::of(world).get(&link).await.status, 200);
        let late = Visitor::of(world).get(&world.last_to(BEN).link("/partner/")).await;
        assert_eq!(late.status, 410, "{}", late.body);
        assert!(late.body.contains("The time to answer is over"), "{}", late.body);

        // Wait: once more as long, and one more letter to Ben.
        assert_eq!(choose(world, "wait").await.status, 303);
        assert_eq!(seats(world, cohort).await, 2);
        assert_eq!(world.mails_to(BEN).len(), 2);
        world.pass(NEVER).await;
        assert_eq!(choose(world, "wait").await.status, 303);
        assert_eq!(world.mails_to(BEN).len(), 2, "nobody is pressed");
        world.pass(NEVER).await;
        assert_eq!(seats(world, cohort).await, 1);

        assert_eq!(choose(world, "alone").await.status, 303);
        assert_eq!(choose(world, "alone").await.status, 303, "twice is once");
        assert_eq!(choose(world, "cancel").await.status, 303);
        assert_eq!(standing(world, cohort, ANA).await, "enrolled", "what was chosen stays chosen");
        let told = world.mails_to(ANA).len();
        world.pass(TimeDelta::days(8)).await;
        trellis::actions::send_deliveries::forget(&world.app).await.unwrap();
        let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let ben = participants::with_email(world.app.db.reader(), practice.id, &BEN.parse().unwrap()).await.unwrap();
        assert!(ben.is_none(), "whoever never answered is forgotten");
        let letters = world.mails_to(ANA)[told..].iter().filter(|mail| mail.text.contains("/together/")).count();
        assert_eq!(letters, 0);
    }
}

story! {
    async fn who_does_not_come_without_the_partner_leaves(world: &World) {
        let cohort = cohort(world, 12).await;
        ana_asks(world, cohort).await;
        world.pass(NEVER).await;
        let left = choose(world, "cancel").await;
        assert_eq!(left.location.as_deref(), Some("/left"));
        assert_eq!(standing(world, cohort, ANA).await, "withdrawn");
        assert_eq!(seats(world, cohort).await, 0);
        assert!(!world.last_to(ANA).text.contains("/together/"), "the goodbye");
    }
}

story! {
    async fn each_leaves_alone_and_the_other_keeps_everything(world: &World) {
        let cohort = cohort(world, 12).await;
        let ana = ana_asks(world, cohort).await;
        let (ben, _) = ben_joins(world).await;
        world.pass(TimeDelta::minutes(5)).await;
        let before = ben.get("/p").await;
        world.forget_mails();
        assert_eq!(ana.submit("/p/leave", "/p/leave", &[]).await.status, 303);
        world.run().await;
        assert_eq!((standing(world, cohort, ANA).await, standing(world, cohort, BEN).await), ("withdrawn".into(), "enrolled".into()));
        assert!(world.mails_to(BEN).is_empty(), "he is told nothing by us");
        let stripped = |body: &str| body.replace(form_token(body).unwrap().split('.').next().unwrap(), "");
        let after = ben.get("/p").await;
        assert_eq!(stripped(&before.body), stripped(&after.body), "and sees nothing of it");
        assert_eq!(seats(world, cohort).await, 1);
    }
}

story! {
    async fn a_partner_withdraws_and_the_inviter_is_told_nothing(world: &World) {
        let cohort = cohort(world, 12).await;
        let ana = ana_asks(world, cohort).await;
        let (ben, _) = ben_joins(world).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        assert_eq!(ben.submit("/p/leave", "/p/leave", &[]).await.status, 303);
        world.pass(NEVER).await;
        assert!(world.mails_to(ANA).is_empty());
        assert_eq!(standing(world, cohort, ANA).await, "enrolled");
        let sign_in = Visitor::of(world);
        sign_in.submit("/link", "/link", &[("email", ANA)]).await;
        world.run().await;
        let link = world.last_to(ANA).link("/p/open/");
        sign_in.submit(&link, &link, &[("email", ANA)]).await;
        assert!(!sign_in.get("/p").await.body.contains("/together/"));
        drop(ana);
    }
}

story! {
    async fn two_who_ask_each_other_are_together_at_once(world: &World) {
        let cohort = cohort(world, 2).await;
        let ana = ask(world, cohort, ANA, BEN).await;
        let ben = ask(world, cohort, BEN, ANA).await;
        confirm(world, &ana, ANA).await;
        let own = world.mails_to(BEN).into_iter().find(|mail| mail.text.contains("/confirm/")).unwrap().link("/confirm/");
        ben.submit(&own, &own, &[]).await;
        world.pass(NEVER).await;
        assert_eq!((standing(world, cohort, ANA).await, standing(world, cohort, BEN).await), ("enrolled".into(), "enrolled".into()));
        assert_eq!(seats(world, cohort).await, 2);
        for email in [ANA, BEN] {
            assert!(!world.mails_to(email).iter().any(|mail| mail.text.contains("/together/")), "{email} has nothing to choose");
        }
        let roster = nadia(world).await.get(&format!("/coach/cohorts/{cohort}")).await.body;
        assert_eq!(roster.matches("Comes with ").count(), 4, "once in the title, once for those who do not see it, each");
    }
}

story! {
    async fn the_coach_takes_two_apart_and_each_keeps_their_place(world: &World) {
        let cohort = cohort(world, 12).await;
        ana_asks(world, cohort).await;
        ben_joins(world).await;
        world.pass(TimeDelta::minutes(5)).await;
        world.forget_mails();
        let coach = nadia(world).await;
        let page = person_page(world, BEN).await;
        let shown = coach.get(&page).await.body;
        assert!(shown.contains("Comes with"), "{shown}");
        let action = shown.split("action=\"").find(|rest| rest.contains("/part\"")).unwrap().split('"').next().unwrap().to_owned();
        let couple = hidden(&shown, "couple");
        for _ in 0..2 {
            assert_eq!(coach.submit(&page, &action, &[("couple", &couple)]).await.status, 303);
        }
        assert!(!coach.get(&page).await.body.contains("Comes with"));
        assert_eq!((standing(world, cohort, ANA).await, standing(world, cohort, BEN).await), ("enrolled".into(), "enrolled".into()));
        world.pass(NEVER).await;
        assert!(world.mails_to(ANA).is_empty() && world.mails_to(BEN).is_empty(), "neither is told");
        let coach = nadia(world).await;
        let foreign = coach.submit(&page, &action.replace("/places/", "/places/0"), &[("couple", &couple)]).await;
        assert_eq!(foreign.status, 404);
    }
}

story! {
    async fn a_link_of_another_purpose_or_person_is_refused(world: &World) {
        let cohort = cohort(world, 12).await;
        ana_asks(world, cohort).await;
        let visitor = Visitor::of(world);
        let partner = world.last_to(BEN).link("/partner/");
        let token = partner.rsplit('/').next().unwrap();
        for path in [format!("/together/{token}"), format!("/confirm/{token}"), format!("{partner}x"), format!("/partner/{}", &token[3..])] {
            assert_eq!(visitor.get(&path).await.status, 404, "{path}");
        }
        let couple = couples::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
        let ana = enrollments::holding(world.app.db.reader(), couple.inviter_id).await.unwrap().unwrap().participant_id;
        let refused = trellis::actions::couples::answer::decline(&world.app, (couple.id, ana)).await;
        assert!(refused.is_err(), "only the one who was asked answers");
        enroll(world, cohort, &CY).await;
        assert_eq!(seats(world, cohort).await, 3);
    }
}
