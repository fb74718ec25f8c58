//! What does a mail server that is not well do to the mail? Delay it, and nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chrono::TimeDelta;
use trellis::{
    demo::smtp_server::{Action, Script, Step},
    domain::{delivery::State, ids::CohortId},
    store::{ledger, participants},
};

use crate::{
    people::{Person, ask, enroll},
    post::header,
    world::{Backend, World},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "neither" };

async fn ready(world: &World) -> CohortId {
    let practice = world.practice().await;
    world.cohort(&practice, |_| {}).await
}

/// Says this to the first few, then is well.
fn at_first(times: u32, at: fn(&Step<'_>) -> bool, action: Action) -> Script {
    let seen = Arc::new(AtomicU32::new(0));
    Script::new(
        move |step| {
            if at(&step) && seen.fetch_add(1, Ordering::SeqCst) < times { action.clone() } else { Action::Go }
        },
    )
}

async fn states(world: &World) -> Vec<(String, i32)> {
    let rows = ledger::everything(world.app.db.reader()).await.unwrap();
    rows.into_iter().map(|row| (row.state.to_string(), row.tries)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_451_is_tried_again_until_the_server_accepts() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script = at_first(2, |step| matches!(step, Step::RcptTo(_)), Action::Say("451 4.3.0 Later".to_owned()));
        let world = World::with(backend, script, &[]).await;
        let cohort = ready(&world).await;
        ask(&world, cohort, &ANA).await;
        world.run().await;
        assert_eq!(states(&world).await, [("deferred".to_owned(), 1)]);
        assert!(world.mails_to(ANA.email).is_empty());
        world.pass(TimeDelta::minutes(10)).await;
        world.pass(TimeDelta::minutes(30)).await;
        assert_eq!(states(&world).await, [("sent".to_owned(), 3)]);
        assert_eq!(world.mails_to(ANA.email).len(), 1);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_550_stops_at_once_and_shows_on_the_person() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script = Script::new(|step| match step {
            Step::RcptTo("ana@example.org") => Action::Say("550 5.1.1 No such user".to_owned()),
            _ => Action::Go,
        });
        let world = World::with(backend, script, &[]).await;
        let cohort = ready(&world).await;
        ask(&world, cohort, &ANA).await;
        world.run().await;
        assert_eq!(states(&world).await, [("bounced".to_owned(), 1)]);
        let practice = trellis::store::practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let person = participants::with_email(world.app.db.reader(), practice.id, &ANA.email.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert!(person.mail_problem.is_some());
        world.pass(TimeDelta::hours(5)).await;
        assert_eq!(states(&world).await, [("bounced".to_owned(), 1)], "a dead address is left alone");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_dropped_after_the_dot_means_the_same_bytes_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script = at_first(1, |step| matches!(step, Step::Message(_)), Action::TakeAndDrop);
        let world = World::with(backend, script, &[]).await;
        let cohort = ready(&world).await;
        ask(&world, cohort, &ANA).await;
        world.run().await;
        assert_eq!(states(&world).await, [("unknown".to_owned(), 1)]);
        world.pass(TimeDelta::minutes(10)).await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(mails.len(), 2, "it may have arrived, so once more");
        assert_eq!(mails[0].raw, mails[1].raw, "to the byte");
        assert!(!header(&mails[0].raw, "Message-ID").is_empty());
        assert_eq!(states(&world).await, [("sent".to_owned(), 2)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_doubt_is_held_a_person_decides() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script = at_first(1, |step| matches!(step, Step::Message(_)), Action::TakeAndDrop);
        let world = World::with(backend, script, &[("mail.on_unknown", "\"hold\"")]).await;
        let cohort = ready(&world).await;
        ask(&world, cohort, &ANA).await;
        world.run().await;
        world.pass(TimeDelta::hours(9)).await;
        assert_eq!(states(&world).await, [("unknown".to_owned(), 1)]);
        assert_eq!(world.mails_to(ANA.email).len(), 1);
        let row = ledger::everything(world.app.db.reader()).await.unwrap().remove(0);
        trellis::actions::resend::send_anyway(&world.app, (row.practice_id, row.id), "Nadia").await.unwrap();
        world.run().await;
        let mails = world.mails_to(ANA.email);
        assert_eq!(mails.len(), 2, "the coach says once more");
        assert_eq!(mails[0].raw, mails[1].raw, "and it is the same message");
        assert_eq!(states(&world).await[0].0, "sent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_burns_no_mail() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let script =
            at_first(3, |step| matches!(step, Step::MailFrom(_)), Action::Say("535 5.7.8 Bad credentials".to_owned()));
        let world = World::with(backend, script, &[]).await;
        let cohort = ready(&world).await;
        for email in ["a@example.org", "b@example.org", "c@example.org"] {
            let email: &'static str = email;
            ask(&world, cohort, &Person { email, ..ANA }).await;
        }
        world.run().await;
        assert_eq!(
            states(&world).await,
            [("queued".to_owned(), 0), ("queued".to_owned(), 0), ("queued".to_owned(), 0)]
        );
        for _ in 0..5 {
            world.pass(TimeDelta::minutes(2)).await;
        }
        assert_eq!(states(&world).await, [("sent".to_owned(), 1), ("sent".to_owned(), 1), ("sent".to_owned(), 1)]);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_cohort_by_real_smtp_arrives_once_each() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::new(backend).await;
        let cohort = ready(&world).await;
        for number in 0..12 {
            let email = Box::leak(format!("p{number:02}@example.org").into_boxed_str());
            enroll(&world, cohort, &Person { email, calendar: "invites", ..ANA }).await;
        }
        world.pass(TimeDelta::minutes(10)).await;
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        assert!(rows.iter().all(|row| row.state == State::Sent));
        // Each: the confirmation, the welcome, six invites.
        assert_eq!(world.mails.lock().unwrap().len(), 12 * 8);
        world.end().await;
    }
}
