//! Does everything work where no script runs?

use trellis::store::sessions;

use super::{LENA, window::Window};
use crate::{
    people::enroll,
    world::{Backend, PASSWORD, World, utc},
};

const ADA: &str = "ada@lisbon.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_enrolls_and_leaves_where_no_script_runs() {
    let world = World::new(Backend::Sqlite).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    let window = Window::open().await.without_script().await;
    window.go(&format!("{}/enroll/{cohort}", world.base)).await;
    window.glance("plain-enroll").await;
    window.write("name", "Ada").await;
    window.press("Ask for my place").await;
    window.reads("Choose your time zone").await;
    assert_eq!(
        (window.value("name").await, window.value("tz").await),
        ("Ada".to_owned(), String::new()),
        "no zone is guessed"
    );
    window.glance("plain-enroll-refused").await;
    window.select("tz", "Europe/Lisbon").await;
    window.write("email", ADA).await;
    window.tick("track", "hurt").await;
    window.tick("calendar", "neither").await;
    window.tick("discretion", "discreet").await;
    window.tick("agree", "").await;
    window.tick("stored", "").await;
    window.press("Ask for my place").await;
    window.arrives_at("Check your inbox").await;
    world.run().await;
    window.go(&world.last_to(ADA).link("/confirm/")).await;
    window.press("Confirm my place").await;
    window.arrives_at("Hello Ada").await;
    window.glance("plain-my-page").await;
    window.write("name", "Ada L.").await;
    window.press("Save settings").await;
    window.arrives_at("Hello Ada L.").await;
    window.press("Take a pause").await;
    window.arrives_at("Take a pause").await;
    window.press("Begin the pause").await;
    window.reads("You are taking a pause").await;
    window.go(&format!("{}/p", world.base)).await;
    window.press("Leave the program").await;
    window.reads("You do not have to explain").await;
    window.glance("plain-leave").await;
    window.press("Leave the program").await;
    window.arrives_at("left").await;
    world.run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nadia_changes_the_schedule_and_notes_who_came_where_no_script_runs() {
    let world = World::new(Backend::Sqlite).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    enroll(&world, cohort, &LENA).await;
    let window = Window::open().await.without_script().await;
    sign_in(&world, &window).await;
    let base = format!("{}/coach/cohorts/{cohort}", world.base);
    window.go(&format!("{base}/schedule/break")).await;
    window.glance("plain-break").await;
    window.press("Show what changes").await;
    window.arrives_at("Insert this break?").await;
    window.glance("plain-break-plan").await;
    window.press("Insert the break").await;
    window.reads("The schedule is changed.").await;
    window.glance("plain-schedule").await;
    window.press("Undo").await;
    window.reads("nobody hears of it").await;

    window.go(&format!("{base}/lessons")).await;
    window.press("Owning it whole").await;
    window.arrives_at("This cohort’s lesson 1").await;
    window.write("title", "Owning all of it").await;
    window.glance("plain-lesson").await;
    window.press("Save").await;
    window.reads("Owning all of it").await;

    world.to(utc("2026-10-12 20:00")).await;
    sign_in(&world, &window).await;
    let meeting = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
    window.go(&format!("{}/coach/sessions/{}/attendance", world.base, meeting.id)).await;
    window.glance("plain-attendance").await;
    window.press("All others came").await;
    window.reads("Saved.").await;
    window.press("Monday evenings, attendance").await;
    window.arrives_at("Monday evenings").await;
    window.reads("Came").await;
}

async fn sign_in(world: &World, window: &Window) {
    window.go(&format!("{}/coach/sign-in", world.base)).await;
    window.write("email", "nadia@group.example").await;
    window.write("password", PASSWORD).await;
    window.press("Sign in").await;
    window.arrives_at("This week").await;
}
