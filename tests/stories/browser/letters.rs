//! Do the pages of all letters, and the previews in frames, read well?

use super::places::at_the_desk;
use crate::world::{Backend, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nadia_looks_at_all_letters() {
    let world = World::new(Backend::Sqlite).await;
    let practice = world.practice().await;
    let program = world.shipped_program(&practice).await;
    let window = at_the_desk(&world).await;
    window.go(&format!("{}/coach/settings", world.base)).await;
    window.press("All letters").await;
    window.arrives_at("All letters").await;
    window.look("all-letters").await;
    window.press("Weekly lesson").await;
    window.arrives_at("Weekly lesson").await;
    window.look("all-letters-lesson").await;
    window.press("Right to left").await;
    window.press("Dark").await;
    window.arrives_at("Weekly lesson").await;
    window.glance("all-letters-lesson-dark").await;
    window.press("Minimal").await;
    window.reads("Not at this level").await;
    window.glance("all-letters-none").await;

    // What was never saved is shown as it stands.
    window.go(&format!("{}/coach/programs/{program}/lessons/new?week=6", world.base)).await;
    window.arrives_at("New lesson, week 6").await;
    window.look("lesson-new").await;
}
