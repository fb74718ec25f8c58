//! Does a coach see every change of a schedule, and of a cohort's lessons, before it happens?

use trellis::domain::ids::CohortId;

use super::{LENA, places::at_the_desk, window::Window};
use crate::{
    people::enroll,
    world::{Backend, World},
};

/// The last part of the form's address, what is written into it, and what the plan asks.
struct Change(&'static str, &'static [(&'static str, &'static str)], &'static str);

const CHANGES: [Change; 6] = [
    Change("start", &[("to", "2026-10-19")], "Move the start?"),
    Change("weekday", &[("weekday", "tue"), ("time", "18:30")], "Change weekday, time or zone?"),
    Change("unbreak", &[], "Take out this break?"),
    Change("add", &[("title", "An extra evening"), ("date", "2026-11-05"), ("time", "19:00")], "Add this session?"),
    Change("extend", &[("weeks", "2")], "Add these weeks?"),
    Change("shorten", &[("weeks", "1")], "Take these weeks off?"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_a_schedule_is_shown_before_it_is_made() {
    let world = World::new(Backend::Sqlite).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |new| new.breaks = vec![3]).await;
    enroll(&world, cohort, &LENA).await;
    let window = at_the_desk(&world).await;
    let schedule = format!("{}/coach/cohorts/{cohort}/schedule", world.base);
    for Change(word, entered, question) in &CHANGES {
        window.go(&format!("{schedule}/{word}")).await;
        window.reads("Nothing changes yet").await;
        window.glance(&format!("change-{word}")).await;
        for (name, value) in *entered {
            if *name == "weekday" { window.select(name, value).await } else { window.write(name, value).await }
        }
        window.press("Show what changes").await;
        window.arrives_at(question).await;
        assert!(window.text().await.contains("1 person, one plain mail"), "{}", window.text().await);
        window.glance(&format!("change-{word}-plan")).await;
        window.press("Change what I entered").await;
        window.reads("Nothing changes yet").await;
        for (name, value) in *entered {
            assert_eq!(window.value(name).await, *value, "{word}: what was typed is still there");
        }
    }
    window.go(&schedule).await;
    window.press("Cancel session 2").await;
    window.arrives_at("Cancel this session?").await;
    window.glance("change-cancel-plan").await;
    window.press("Cancel the session").await;
    window.reads("The session is canceled.").await;
    window.glance("schedule-canceled").await;
    window.press("Restore session 2").await;
    window.arrives_at("Restore this session?").await;
    window.glance("change-restore-plan").await;
    window.press("Restore the session").await;
    window.reads("The session is restored.").await;
    window.press("Undo").await;
    window.reads("Undone.").await;
    lessons(&world, &window, cohort).await;
}

async fn lessons(world: &World, window: &Window, cohort: CohortId) {
    let lessons = format!("{}/coach/cohorts/{cohort}/lessons", world.base);
    window.go(&lessons).await;
    window.press("Owning it whole").await;
    window.arrives_at("This cohort’s lesson 1").await;
    window.write("body", "Dear").await;
    window.press_labeled("Name of the person").await;
    window.press_labeled("Bold").await;
    assert_eq!(window.value("body").await, "Dear{{ name }}**bold**", "the buttons write what one would type");
    window.glance("cohort-lesson").await;
    window.write("body", "Dear {{ nmae }},").await;
    window.press("Save").await;
    window.reads("Please check").await;
    assert!(window.text().await.contains("name"), "{}", window.text().await);
    assert_eq!(window.value("body").await.trim(), "Dear {{ nmae }},", "what was typed is still there");
    window.glance("cohort-lesson-refused").await;

    window.go(&lessons).await;
    window.press("Take out What you change now").await;
    window.reads("The lesson is taken out.").await;
    window.press("Change it").await;
    window.select("lesson_day", "tue").await;
    window.press("Show what would change").await;
    window.reads("What would change").await;
    window.glance("cohort-lessons-timing").await;
}
