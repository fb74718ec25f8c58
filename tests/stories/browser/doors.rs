//! Do the public pages say what is true of each group, and do a participant's own pages read well?

use chrono::TimeDelta;
use trellis::{
    actions::save_admission::{AdmissionSettings, save_admission},
    domain::{cohort::Admission, opening::EnrollDays},
    store::{programs, sessions},
};

use super::window::Window;
use crate::{
    other_dates::{ANA, later},
    people::enroll,
    world::{Backend, World, utc},
};

const USUAL: AdmissionSettings = AdmissionSettings {
    admission: Admission::Open,
    days: EnrollDays { from: None, until: None },
    offer_hours: 24,
    accept_hours: 72,
    min_participants: 0,
    decide_by: None,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_page_says_how_each_group_can_be_joined() {
    let world = World::new(Backend::Sqlite).await;
    let practice = world.practice().await;
    let full = world.cohort(&practice, |new| new.capacity = 1).await;
    enroll(&world, full, &ANA).await;
    let by_application = later(&world, &practice, full, 1, |_| {}).await;
    let not_yet = later(&world, &practice, full, 2, |_| {}).await;
    let no_more = later(&world, &practice, full, 3, |_| {}).await;
    let day = |text: &str| Some(text.parse().unwrap());
    for (cohort, settings) in [
        (by_application, AdmissionSettings { admission: Admission::Approval, ..USUAL }),
        (not_yet, AdmissionSettings { days: EnrollDays { from: day("2026-10-20"), until: None }, ..USUAL }),
        (no_more, AdmissionSettings { days: EnrollDays { from: None, until: day("2026-10-01") }, ..USUAL }),
    ] {
        save_admission(&world.app, (practice.id, cohort), &settings, "Nadia").await.unwrap();
    }
    let program = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
    let window = Window::open().await;
    window.go(&format!("{}/g/{}", world.base, program.code)).await;
    window.arrives_at("Rebuilding Trust").await;
    window.glance("program-states").await;
    for (cohort, words, name) in [
        (full, "Join the waitlist", "enroll-full"),
        (by_application, "Apply for a place", "enroll-apply"),
        (not_yet, "20 October", "enroll-not-yet"),
        (no_more, "clos", "enroll-closed"),
    ] {
        window.go(&format!("{}/enroll/{cohort}", world.base)).await;
        window.reads(words).await;
        window.glance(name).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anas_own_pages_read_well_on_a_day_with_a_session() {
    let world = World::new(Backend::Sqlite).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    enroll(&world, cohort, &ANA).await;
    world.to(utc("2026-10-12 16:55")).await;
    let meetings = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap();
    let window = Window::open().await;
    super::own_place::sign_in(&world, &window).await;

    let page = |path: String| format!("{}/p/{path}", world.base);
    window.go(&page(format!("join/{}", meetings[0].id))).await;
    window.reads("Go to the room").await;
    window.glance("join-open").await;
    window.go(&page(format!("join/{}", meetings[1].id))).await;
    window.glance("join-early").await;
    window.go(&page(format!("absent/{}", meetings[1].id))).await;
    window.glance("absent").await;
    window.go(&page("check-in/1".to_owned())).await;
    window.arrives_at("Your check-in").await;
    window.glance("check-in").await;
    window.go(&format!("{}/p", world.base)).await;
    window.write("new_email", "no address").await;
    window.press("Change my address").await;
    window.reads("Please check").await;
    assert_eq!(window.value("new_email").await, "no address", "what was typed is still there");
    window.glance("my-page-refused").await;
    window.go(&page("leave".to_owned())).await;
    window.glance("leave").await;
    window.press("Leave the program").await;
    window.arrives_at("left").await;
    window.glance("left").await;
    world.pass(TimeDelta::minutes(5)).await;
}
