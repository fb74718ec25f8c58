//! Do the pages of a coach's every day read well: a list brought in, who came, what was sent, a mail in doubt?

use std::sync::atomic::{AtomicU32, Ordering};

use trellis::{
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::State,
    store::{ledger, sessions},
};

use super::{LENA, places::at_the_desk};
use crate::{
    people::{ask, enroll},
    world::{Backend, World, utc},
};

const LIST: &str = "Name,Email,Zone\nMia,mia@example.org,Europe/Lisbon\nNoa,not-an-address,Europe/Berlin";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nadia_brings_in_a_list_notes_who_came_and_settles_a_doubt() {
    let seen = AtomicU32::new(0);
    let script = Script::new(move |step| match step {
        Step::Message(_) if seen.fetch_add(1, Ordering::SeqCst) == 0 => Action::TakeAndDrop,
        _ => Action::Go,
    });
    let world = World::with(Backend::Sqlite, script, &[("mail.on_unknown", "\"hold\"")]).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    ask(&world, cohort, &LENA).await;
    world.run().await;
    let window = at_the_desk(&world).await;

    window.press("See the message").await;
    window.reads("It arrived").await;
    window.look("outbox-in-doubt").await;
    window.press("It arrived").await;
    window.reads("Noted: it arrived.").await;
    let row = ledger::everything(world.app.db.reader()).await.unwrap().remove(0);
    assert_eq!(row.state, State::Sent);

    window.go(&format!("{}/coach/cohorts/{cohort}/add", world.base)).await;
    window.arrives_at("Add a person").await;
    window.glance("add-person").await;
    let page = format!("{}/coach/cohorts/{cohort}/import", world.base);
    window.go(&page).await;
    window.arrives_at("Bring in a list").await;
    window.glance("import").await;
    window.write("text", LIST).await;
    window.press("Look through it").await;
    window.reads("1 line needs a look").await;
    window.glance("import-wrong").await;
    assert!(window.value("text").await.contains("not-an-address"), "what was typed is still there");
    window.write("text", &LIST.replace("not-an-address", "noa@example.org")).await;
    window.press("Look through it").await;
    window.reads("2 people would come in").await;
    window.glance("import-right").await;
    window.press("Bring in 2 people").await;
    window.reads("The list is in.").await;
    window.glance("roster-list").await;

    enroll(&world, cohort, &LENA).await;
    world.to(utc("2026-10-12 20:00")).await;
    let window = at_the_desk(&world).await;
    let meeting = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(0);
    window.go(&format!("{}/coach/sessions/{}/attendance", world.base, meeting.id)).await;
    window.arrives_at("Who came?").await;
    window.look("attendance").await;
    window.press("All others came").await;
    window.reads("Saved.").await;
    window.press("Monday evenings, attendance").await;
    window.arrives_at("Monday evenings").await;
    window.look("attendance-grid").await;
    window.press("Lena").await;
    window.arrives_at("Lena").await;
    window.glance("person-mails").await;
    window.press("Your place is confirmed").await;
    window.arrives_at("Outbox").await;
    window.press("The text as it was sent").await;
    let letter = window.text().await;
    assert!(letter.contains("/leaving/…") && !letter.contains("/leaving/v1"), "nobody else gets her keys: {letter}");
    window.glance("outbox-message").await;
    window.go(&format!("{}/coach/outbox", world.base)).await;
    window.arrives_at("Outbox").await;
    window.glance("outbox").await;
}
