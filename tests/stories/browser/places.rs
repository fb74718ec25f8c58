//! Are the pages about places whole in a real browser: the coach's answers, and the links people get?

use chrono::TimeDelta;
use trellis::domain::ids::CohortId;

use super::window::Window;
use crate::{
    other_dates::later,
    people::Person,
    places::{come, go, person, place},
    story,
    world::{PASSWORD, World},
};

const ANA: Person = person("Ana", "ana@example.org", "Europe/Lisbon");
const BEN: Person = person("Ben", "ben@example.org", "Europe/Berlin");
const CY: Person = person("Cy", "cy@example.org", "America/New_York");

pub(super) async fn at_the_desk(world: &World) -> Window {
    let window = Window::open().await;
    window.go(&format!("{}/coach/sign-in", world.base)).await;
    window.write("email", "nadia@group.example").await;
    window.write("password", PASSWORD).await;
    window.press("Sign in").await;
    window.arrives_at("This week").await;
    window
}

story! {
    async fn a_place_is_offered_declined_and_applied_for(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |new| new.capacity = 1).await;
        for who in [&ANA, &BEN, &CY] {
            come(world, cohort, who).await;
        }
        let window = at_the_desk(world).await;
        window.go(&format!("{}/coach/cohorts/{cohort}/waitlist", world.base)).await;
        window.arrives_at("Monday evenings").await;
        window.look("waitlist").await;
        window.press("Offer a place to Ben").await;
        window.arrives_at("Offer Ben a place?").await;
        window.look("offer-by-name").await;

        go(world, cohort, ANA.email).await;
        window.go(&world.last_to(BEN.email).link("/offer/")).await;
        window.arrives_at("A place is free for you").await;
        window.look("offer").await;
        window.press("I do not want it").await;
        window.arrives_at("Pass this place on?").await;
        window.look("offer-decline").await;
        window.press("I do not want the place").await;
        window.arrives_at("You passed this place on").await;
        window.look("offer-declined").await;
        world.run().await;
        world.pass(TimeDelta::hours(40)).await;
        window.go(&world.mails_to(CY.email).iter().find(|mail| mail.text.contains("/offer/")).unwrap().link("/offer/")).await;
        window.arrives_at("This offer is over").await;
        window.look("offer-over").await;
        by_application(world, cohort).await;
    }
}

async fn by_application(world: &World, cohort: CohortId) {
    let window = at_the_desk(world).await;
    window.go(&format!("{}/coach/cohorts/{cohort}/settings", world.base)).await;
    window.look("cohort-settings").await;
    window.tick("admission", "approval").await;
    window.press("Save enrollment").await;
    window.reads("Saved.").await;
    come(world, cohort, &BEN).await;
    window.go(&format!("{}/coach", world.base)).await;
    window.look("this-week-needs").await;
    window.press("Read and answer").await;
    window.look("applications").await;
    window.press("Answer Ben").await;
    window.arrives_at("Ben").await;
    window.look("application").await;
    window.press("Accept Ben").await;
    window.arrives_at("Monday evenings").await;
    window.look("application-accepted").await;
    window.go(&format!("{}/coach/people/{}", world.base, place(world, cohort, BEN.email).await.participant_id)).await;
    window.press("What happened in Monday evenings").await;
    assert!(window.text().await.contains("Nadia Brandt: application accepted."), "{}", window.text().await);
    window.look("person-history").await;
}

story! {
    async fn a_cohort_is_called_off_and_somebody_chooses(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        later(world, &practice, cohort, 3, |_| {}).await;
        come(world, cohort, &ANA).await;
        let window = at_the_desk(world).await;
        window.go(&format!("{}/coach/cohorts/{cohort}/decide", world.base)).await;
        window.arrives_at("Does it take place?").await;
        window.look("decide").await;
        window.press("Merge").await;
        window.arrives_at("Merge Monday evenings?").await;
        window.look("merge").await;
        window.go(&format!("{}/coach/cohorts/{cohort}/decide/cancel", world.base)).await;
        window.arrives_at("Cancel Monday evenings?").await;
        window.write("words", "We were too few.").await;
        window.look("cancel").await;
        window.press("Cancel and tell everybody").await;
        window.arrives_at("Does it take place?").await;
        window.look("called-off").await;
        world.pass(TimeDelta::minutes(5)).await;
        let mails = world.mails_to(ANA.email);
        window.go(&mails.iter().find(|mail| mail.text.contains("/choose/")).unwrap().link("/choose/")).await;
        window.arrives_at("These dates do not take place").await;
        window.look("choose").await;
        window.press("This is my choice").await;
        window.look("choose-none").await;
        window.tick("way", "leave").await;
        window.press("This is my choice").await;
        window.arrives_at("You have left").await;
    }
}
