//! Do other dates, a pause and another address read well, signed in and by a mailed link?

use trellis::actions::save_windows::{Windows, save_windows};

use super::window::Window;
use crate::{
    other_dates::{ANA, later},
    people::enroll,
    story,
    world::{PASSWORD, World, utc},
};

story! {
    async fn ana_pauses_goes_on_and_moves(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        later(world, &practice, cohort, 1, |_| {}).await;
        let windows = Windows { move_until_on: Some("2026-11-08".parse().unwrap()), pause_until_on: Some("2026-11-08".parse().unwrap()) };
        save_windows(&world.app, (practice.id, cohort), windows, "Nadia").await.unwrap();
        enroll(world, cohort, &ANA).await;
        let welcome = world.mails_to(ANA.email).into_iter().find(|mail| mail.subject.contains("confirmed")).unwrap();
        let window = Window::open().await;

        window.go(&welcome.link("/dates/")).await;
        window.arrives_at("Other dates").await;
        window.look("dates-by-link").await;
        window.go(&welcome.link("/leaving/")).await;
        window.arrives_at("Leave?").await;
        window.look("leave-by-link").await;
        window.go(&welcome.link("/pause/")).await;
        window.arrives_at("Take a pause").await;
        window.look("pause-by-link").await;
        window.press("Begin the pause").await;
        window.arrives_at("Your pause has begun").await;
        window.go(&welcome.link("/pause/")).await;
        window.arrives_at("You are taking a pause").await;
        window.look("paused-by-link").await;

        world.to(utc("2026-10-13 12:00")).await;
        sign_in(world, &window).await;
        window.look("my-page-paused").await;
        window.press("Go on, or change the pause").await;
        window.arrives_at("You are taking a pause").await;
        window.look("paused").await;
        window.press("Go on with the group").await;
        window.arrives_at("Hello Ana").await;
        window.press("Move to other dates").await;
        window.arrives_at("Other dates").await;
        window.reads("until Sunday 8 November 2026 (Berlin time)").await;
        window.look("dates").await;
        window.press("Choose these dates").await;
        window.arrives_at("Move to these dates?").await;
        window.look("dates-confirm").await;
        window.press("Move to these dates").await;
        window.arrives_at("Hello Ana").await;
        window.look("my-page-moved").await;
        window.write("new_email", "ana@elsewhere.example").await;
        window.press("Change my address").await;
        window.reads("Look into your new inbox").await;
        world.run().await;
        window.go(&world.last_to("ana@elsewhere.example").link("/address/")).await;
        window.arrives_at("Use this address from now on?").await;
        window.look("address").await;
        window.press("Use this address").await;
        window.arrives_at("It is done").await;

        window.go(&format!("{}/coach/sign-in", world.base)).await;
        window.write("email", "nadia@group.example").await;
        window.write("password", PASSWORD).await;
        window.press("Sign in").await;
        window.arrives_at("This week").await;
        window.reads("Ana went on with other dates").await;
        window.look("this-week-news").await;
        window.go(&format!("{}/coach/cohorts/{cohort}/settings", world.base)).await;
        window.reads("Moving and pausing").await;
        window.look("cohort-windows").await;
    }
}

pub(super) async fn sign_in(world: &World, window: &Window) {
    window.go(&format!("{}/link", world.base)).await;
    window.write("email", ANA.email).await;
    window.press("Send").await;
    window.arrives_at("Check your inbox").await;
    world.run().await;
    window.go(&world.last_to(ANA.email).link("/p/open/")).await;
    window.press("Open my page").await;
    window.arrives_at("Hello Ana").await;
}
