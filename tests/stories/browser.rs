//! Do people find their way with a real browser, on a phone and on a desk, in light and in dark?

use chrono::TimeDelta;
use trellis::store::{cohorts, programs};

mod changes;
mod desk;
mod doors;
mod driver;
mod letters;
mod own_place;
mod places;
mod plain;
mod together;
mod window;

use self::window::Window;
use crate::{
    people::{self, Person},
    story,
    world::{Backend, PASSWORD, World, utc},
};

const LENA: Person =
    Person { name: "Lena", email: "lena@berlin.example", zone: "Europe/Berlin", track: "hurt", calendar: "invites" };

story! {
    async fn ada_finds_a_place_on_her_phone(world: &World) {
        let practice = world.practice().await;
        world.cohort(&practice, |_| {}).await;
        let program = programs::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        let window = Window::open().await;
        window.stands_in("Europe/Lisbon").await;

        window.go(&format!("{}/g/{}", world.base, program.code)).await;
        window.arrives_at(program.title.expose()).await;
        window.look("program").await;
        assert!(window.text().await.contains("18:00"), "19:00 in Berlin is 18:00 in Lisbon: {}", window.text().await);
        window.press("Continue").await;

        window.arrives_at("Your place in the group").await;
        assert_eq!(window.value("tz").await, "Europe/Lisbon", "the device says where she is");
        window.look("enroll").await;
        window.write("name", "Ada").await;
        window.press("Ask for my place").await;
        window.arrives_at("Your place in the group").await;
        assert!(window.text().await.contains("Please check"), "{}", window.text().await);
        assert_eq!(window.value("name").await, "Ada", "what was typed is still there");
        window.look("enroll-refused").await;

        window.write("email", "ada@lisbon.example").await;
        window.tick("track", "hurt").await;
        window.tick("calendar", "invites").await;
        window.tick("discretion", "discreet").await;
        window.tick("agree", "").await;
        window.tick("stored", "").await;
        window.press("Ask for my place").await;
        window.arrives_at("Check your inbox").await;
        window.look("enroll-sent").await;

        world.run().await;
        window.go(&world.last_to("ada@lisbon.example").link("/confirm/")).await;
        window.arrives_at("Confirm your place").await;
        window.look("confirm").await;
        window.press("Confirm my place").await;

        window.arrives_at("Hello Ada").await;
        let page = window.text().await;
        assert!(page.contains("Monday") && page.contains("18:00"), "19:00 in Berlin is 18:00 in Lisbon: {page}");
        window.look("my-program").await;
        world.pass(TimeDelta::minutes(5)).await;
        let invites = world.mails_to("ada@lisbon.example").into_iter().filter(|mail| mail.calendar.is_some());
        assert_eq!(invites.count(), 6, "an invite for each session");

        world.to(utc("2026-10-12 06:00")).await;
        window.go(&format!("{}/p", world.base)).await;
        window.arrives_at("Find my link").await;
        window.write("email", "ada@lisbon.example").await;
        window.press("Send").await;
        window.arrives_at("Check your inbox").await;
        window.look("link-sent").await;
        world.run().await;
        window.go(&world.last_to("ada@lisbon.example").link("/p/open/")).await;
        window.look("link-open").await;
        window.press("Open my page").await;
        window.arrives_at("Hello Ada").await;
        window.look("my-program-week-1").await;
        window.press("Read the lesson").await;
        window.arrives_at(&first_title(world, program.id).await).await;
        window.look("lesson").await;
    }
}

story! {
    async fn nadia_opens_a_cohort_and_moves_a_session(world: &World) {
        let practice = world.practice().await;
        world.shipped_program(&practice).await;
        let window = Window::open().await;

        window.go(&format!("{}/coach/sign-in", world.base)).await;
        window.look("sign-in").await;
        window.write("email", "nadia@group.example").await;
        window.write("password", PASSWORD).await;
        window.press("Sign in").await;
        window.arrives_at("This week").await;
        window.look("this-week").await;

        window.go(&format!("{}/coach/cohorts/new", world.base)).await;
        window.write("name", "Monday evenings").await;
        window.write("starts_on", "2026-10-12").await;
        window.select("weekday", "mon").await;
        window.write("time", "19:00").await;
        window.select("zone", "Europe/Berlin").await;
        window.write("room_url", "https://meet.example/room").await;
        window.write("crisis_line", "Samaritans, 116 123 (day and night)").await;
        window.press("Show the schedule").await;
        // The hour stays when summer time ends.
        window.reads("Monday 26 October 2026, 19:00").await;
        window.look("cohort-new").await;
        window.press("Open the cohort").await;
        window.arrives_at("Monday evenings").await;
        window.look("cohort-empty").await;

        let cohort = cohorts::of_practice(world.app.db.reader(), practice.id).await.unwrap().remove(0);
        assert_eq!(cohort.weekday, "mon");
        people::enroll(world, cohort.id, &LENA).await;
        world.pass(TimeDelta::minutes(5)).await;
        window.go(&format!("{}/coach/cohorts/{}", world.base, cohort.id)).await;
        window.look("roster").await;
        window.press("Schedule").await;
        window.look("schedule").await;
        window.go(&format!("{}/coach/cohorts/{}/lessons", world.base, cohort.id)).await;
        window.look("cohort-lessons").await;
        window.go(&format!("{}/coach/cohorts/{}/lessons/new", world.base, cohort.id)).await;
        window.look("cohort-lesson-new").await;
        window.go(&format!("{}/coach/cohorts/{}/settings", world.base, cohort.id)).await;
        window.look("cohort-settings").await;
        window.go(&format!("{}/coach/cohorts/{}/schedule", world.base, cohort.id)).await;
        window.press("Move session 2").await;
        window.arrives_at("Move a session").await;
        window.write("date", "2026-10-20").await;
        window.write("time", "18:30").await;
        window.look("move").await;
        window.press("Show what changes").await;
        window.arrives_at("Move this session?").await;
        assert!(window.text().await.contains("Tuesday 20 October 2026, 18:30"), "{}", window.text().await);
        window.look("move-confirm").await;
        world.forget_mails();
        window.press("Move the session").await;
        window.arrives_at("Monday evenings").await;
        assert!(window.text().await.contains("A change waits"), "{}", window.text().await);
        window.look("schedule-changed").await;

        inserts_a_break_and_takes_it_back(&window).await;

        world.pass(TimeDelta::minutes(15)).await;
        let told = world.mails_to(LENA.email);
        let update = told.iter().find(|mail| mail.calendar.is_some()).expect("her calendar is told");
        assert_eq!((update.property("SEQUENCE"), update.property("DTSTART")), ("1".into(), "20261020T163000Z".into()));
        assert_eq!(told.len(), 2, "one for the calendar, one in words");
    }
}

/// On the page of a schedule, and at the end there again.
async fn inserts_a_break_and_takes_it_back(window: &Window) {
    window.press("Insert a break").await;
    window.arrives_at("Insert a break").await;
    window.select("week", "3").await;
    window.look("break").await;
    window.press("Show what changes").await;
    window.arrives_at("Insert this break?").await;
    let plan = window.text().await;
    assert!(plan.contains("Becomes Monday 2 November 2026, 19:00"), "{plan}");
    window.look("break-plan").await;
    window.press("Insert the break").await;
    window.arrives_at("Monday evenings").await;
    window.look("schedule-waiting").await;
    window.press("Undo").await;
    window.reads("nobody hears of it").await;
}

async fn first_title(world: &World, program: trellis::domain::ids::ProgramId) -> String {
    let lessons = programs::lessons_of(world.app.db.reader(), program).await.unwrap();
    let lesson = lessons.into_iter().find(|lesson| lesson.week == 1 && lesson.track == "hurt");
    lesson.expect("the shipped program has it").content.0.title.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_that_need_nobody_read_well() {
    let world = World::new(Backend::Sqlite).await;
    let window = Window::open().await;
    for page in ["help", "privacy", "link", "coach/forgot", "no-such-page"] {
        window.go(&format!("{}/{page}", world.base)).await;
        window.look(&page.replace('/', "-")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_page_is_found() {
    let window = Window::open().await;
    let html = "<!doctype html><html lang=en><title>Wrong</title><main><h1>Wrong</h1><p style='width:1500px;color:gray'>wide\
                <img src=data:image/png;base64,AAAA></p></main><script>nobody()</script>";
    window.go(&format!("data:text/html,{html}")).await;
    let faults = window.faults("wrong").await.join("\n");
    assert!(faults.contains("px wide"), "{faults}");
    assert!(faults.contains("nobody is not defined"), "{faults}");
    assert!(faults.contains("image-alt") || !window.has_axe(), "{faults}");
}
