//! R7: what is sent after nothing ran for thirty hours? What still helps; the rest is missed, and listed.

use chrono::TimeDelta;
use trellis::{
    demo::smtp_server::{Action, Script, Step},
    domain::{
        delivery::{Occasion, State},
        discretion::Discretion,
    },
    store::{ledger, participants},
};

use crate::{
    people::{Person, ask, enroll},
    post::header,
    visitor::Visitor,
    world::{Backend, World, utc},
};

const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "neither" };

async fn states(world: &World, occasion: Occasion) -> Vec<State> {
    let rows = ledger::everything(world.app.db.reader()).await.unwrap();
    rows.into_iter().filter(|row| row.occasion == occasion).map(|row| row.state).collect()
}

crate::story! {
    async fn after_thirty_hours_of_nothing_a_lesson_goes_out_and_reminders_and_sign_ins_are_missed(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &ANA).await;
        // Monday's lesson comes at 07:00 in Berlin, the session at 19:00.
        world.to(utc("2026-10-11 10:00")).await;
        world.forget_mails();
        let visitor = Visitor::of(world);
        visitor.submit("/link", "/link", &[("email", ANA.email)]).await;
        world.app.clock.set(utc("2026-10-12 18:00"));
        world.run().await;
        assert_eq!(states(world, Occasion::SignIn).await, [State::Missed], "a link that is dead is not sent");
        assert_eq!(states(world, Occasion::ReminderDay).await, [State::Missed]);
        assert_eq!(states(world, Occasion::ReminderHour).await, [State::Missed], "the session has begun");
        assert_eq!(states(world, Occasion::Lesson).await, [State::Sent], "a lesson is of use for three days");
        assert_eq!(world.mails_to(ANA.email).len(), 1);
        // Each is listed with why, and for a person to decide on.
        let filter = ledger::Filter { states: vec![State::Missed], page_size: 50, ..Default::default() };
        let (missed, count) = ledger::of_practice(world.app.db.reader(), practice.id, &filter).await.unwrap();
        assert_eq!(count, 3);
        assert!(missed.iter().all(|row| row.reason.as_deref().is_some_and(|reason| reason.contains("too late"))));
    }
}

/// The first `sending` freezes the message. Only who reads it, and how, can thaw it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_sends_the_same_bytes_unless_the_reader_reads_otherwise_by_now() {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    };
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (is_ill, offered) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (ill, seen) = (is_ill.clone(), offered.clone());
        let script = Script::new(move |step| match step {
            Step::Message(message) => {
                seen.lock().unwrap().push((message.to[0].clone(), message.bytes.clone()));
                if ill.load(Ordering::SeqCst) { Action::Say("451 4.3.0 Later".to_owned()) } else { Action::Go }
            }
            _ => Action::Go,
        });
        let world = World::with(backend, script, &[]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(&world, cohort, &ANA).await;
        is_ill.store(true, Ordering::SeqCst);
        world.run().await;
        world.pass(TimeDelta::minutes(5)).await;
        world.pass(TimeDelta::minutes(20)).await;
        let tries = offered.lock().unwrap().clone();
        assert!(tries.len() >= 2 && tries.windows(2).all(|pair| pair[0] == pair[1]), "the same to the byte");

        // Ana corrects her address, and wants it minimal: what was frozen was for somebody else.
        let app = &world.app;
        let ana =
            participants::with_email(app.db.reader(), practice.id, &ANA.email.parse().unwrap()).await.unwrap().unwrap();
        let email: trellis::domain::email_address::EmailAddress = "ana@elsewhere.example".parse().unwrap();
        let moved =
            participants::Participant { email_key: email.key(), email, discretion: Some(Discretion::Minimal), ..ana };
        save(app, &moved).await.unwrap();
        is_ill.store(false, Ordering::SeqCst);
        world.pass(TimeDelta::hours(3)).await;
        let (to, bytes) = offered.lock().unwrap().last().cloned().unwrap();
        assert_eq!((to.as_str(), header(&bytes, "To").as_str()), ("ana@elsewhere.example", "ana@elsewhere.example"));
        assert_ne!(bytes, tries[0].1);
        assert_eq!(world.mails_to(ANA.email).len(), 0, "nothing went where she does not read");
        assert_eq!(world.mails_to("ana@elsewhere.example").len(), 1);
        world.end().await;
    }
}

async fn save(app: &trellis::app::App, person: &participants::Participant) -> trellis::store::Result<()> {
    trellis::transact!(app.db, |tx| participants::save(tx, person.clone()).await)
}

/// What was sent can be read for thirty days; then only that it was sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_are_forgotten_after_thirty_days_and_the_fact_is_not() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[]).await;
        let nadia = super::coach(&world.app, "nadia@group.example").await;
        super::queue(&world.app, &nadia, 2).await;
        world.run().await;
        let read = async || ledger::everything(world.app.db.reader()).await.unwrap();
        assert!(read().await.iter().all(|row| row.body.is_some() && row.subject.is_some() && row.frozen.is_none()));
        world.pass(TimeDelta::days(29)).await;
        trellis::actions::send_deliveries::forget(&world.app).await.unwrap();
        assert!(read().await.iter().all(|row| row.body.is_some()));
        world.pass(TimeDelta::days(2)).await;
        trellis::actions::send_deliveries::forget(&world.app).await.unwrap();
        assert!(read().await.iter().all(|row| row.body.is_none() && row.subject.is_none()));
        assert!(
            read()
                .await
                .iter()
                .all(|row| row.state == State::Sent && row.message_id.is_some() && row.sent_at.is_some())
        );
        world.end().await;
    }
}
