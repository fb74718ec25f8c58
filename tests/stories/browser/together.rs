//! Two come together, on a phone: the form with its questions, the invitation, the choice, and what the coach sees.

use chrono::TimeDelta;
use trellis::store::programs;

use super::window::Window;
use crate::{
    story,
    world::{PASSWORD, World},
};

const ADA: &str = "ada@lisbon.example";
const SAM: &str = "sam@lisbon.example";

async fn fill_in(window: &Window) {
    window.tick("track", "hurt").await;
    window.tick("calendar", "neither").await;
    window.tick("discretion", "discreet").await;
    window.tick("agree", "").await;
    window.tick("stored", "").await;
}

async fn confirm(world: &World, window: &Window) {
    world.run().await;
    window.go(&world.last_to(ADA).link("/confirm/")).await;
    window.arrives_at("Confirm your place").await;
}

story! {
    async fn ada_asks_sam_along_and_each_sees_only_their_own(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let window = Window::open().await;
        window.go(&format!("{}/enroll/{cohort}", world.base)).await;
        window.write("name", "Ada").await;
        window.write("email", ADA).await;
        window.press("I am coming with my partner").await;
        window.write("partner_name", "Sam").await;
        window.write("partner_email", ADA).await;
        window.write("intake_hope", "Some peace").await;
        window.tick("intake_days", "2").await;
        fill_in(&window).await;
        window.press("Ask for my place").await;
        window.arrives_at("Your place in the group").await;
        assert!(window.text().await.contains("This is your own address"), "{}", window.text().await);
        window.look("couple-refused").await;
        assert_eq!(window.value("intake_hope").await, "Some peace", "what was typed is still there");
        window.write("partner_email", SAM).await;
        window.press("Ask for my place").await;
        window.arrives_at("Check your inbox").await;
        confirm(world, &window).await;
        window.look("couple-confirm").await;
        window.press("Confirm, and ask my partner").await;
        window.arrives_at("Hello Ada").await;
        world.run().await;

        window.press("What you answered when you enrolled").await;
        window.arrives_at("Your answers").await;
        window.look("answers").await;
        window.write("intake_hope", "Some peace, and sleep").await;
        window.press("Save my answers").await;
        window.arrives_at("Hello Ada").await;

        window.go(&world.last_to(SAM).link("/partner/")).await;
        window.arrives_at("An invitation for you").await;
        window.look("invitation").await;
        window.press("See what it is about").await;
        window.arrives_at("Your place in the group").await;
        window.look("invitation-form").await;
        window.go(&world.last_to(SAM).link("/partner/")).await;
        window.press("No, thank you").await;
        window.arrives_at("You said no").await;
        window.look("invitation-declined").await;

        world.pass(TimeDelta::hours(73)).await;
        window.go(&world.last_to(ADA).link("/together/")).await;
        window.arrives_at("How would you like to come?").await;
        window.look("couple-choice").await;
        window.press("Wait a little longer").await;
        window.arrives_at("Thank you").await;
    }
}

story! {
    async fn nadia_writes_questions_and_reads_answers(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let program = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        let visitor = crate::visitor::Visitor::of(world);
        let fields = [("partner_name", "Ben"), ("partner_email", "ben@example.org"), ("intake_hope", "Some peace")];
        crate::front_door::send(&visitor, &format!("/enroll/{cohort}"), &fields).await;
        world.run().await;
        let link = world.last_to("ana@example.org").link("/confirm/");
        visitor.submit(&link, &link, &[]).await;
        world.run().await;

        let window = Window::open().await;
        window.go(&format!("{}/coach/sign-in", world.base)).await;
        window.write("email", "nadia@group.example").await;
        window.write("password", PASSWORD).await;
        window.press("Sign in").await;
        window.arrives_at("This week").await;
        window.go(&format!("{}/coach/cohorts/{cohort}", world.base)).await;
        window.arrives_at("Monday evenings").await;
        window.look("roster-couple").await;
        window.press("Ana").await;
        window.arrives_at("Ana").await;
        window.look("person-couple").await;
        window.press("Read the answers").await;
        window.arrives_at("What Ana answered").await;
        assert!(window.text().await.contains("Some peace"), "{}", window.text().await);
        window.look("person-answers").await;
        window.go(&format!("{}/coach/settings/team", world.base)).await;
        window.arrives_at("Team").await;
        window.look("team").await;

        window.go(&format!("{}/coach/programs/{}/edit", world.base, program.id)).await;
        window.arrives_at("Edit the details").await;
        window.press("Add a question").await;
        window.write("intake_3_question", "Which evening suits you?").await;
        window.select("intake_3_kind", "choice").await;
        window.write("intake_3_options", "Monday").await;
        window.press("Save").await;
        window.arrives_at("Edit the details").await;
        assert!(window.text().await.contains("at least two different options"), "{}", window.text().await);
        window.look("program-questions").await;
        window.write("intake_3_options", "Monday\nThursday").await;
        window.write("agreement", "What is said here stays here.").await;
        window.press("Save").await;
        window.arrives_at("Rebuilding Trust").await;

        visitor.submit("/link", "/link", &[("email", "ana@example.org")]).await;
        world.run().await;
        window.go(&world.last_to("ana@example.org").link("/p/open/")).await;
        window.write("email", "ana@example.org").await;
        window.press("Open my page").await;
        window.arrives_at("Please read this once").await;
        window.look("agree").await;
        window.press("Not now").await;
        window.arrives_at("Hello Ana").await;
        window.look("my-program-asks").await;
    }
}
