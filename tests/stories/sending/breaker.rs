//! R5: what does a wrong password at the mail server cost? One word to the operator, and no mail a try.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use chrono::TimeDelta;
use trellis::{
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::State,
    store::ledger,
};

use super::{coach, queue};
use crate::world::{Backend, World};

/// What is logged, as an operator reads it.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Of everything on this thread until the guard is dropped.
    pub fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub fn errors(&self) -> Vec<String> {
        self.text().lines().filter(|line| line.contains("ERROR")).map(ToOwned::to_owned).collect()
    }
}

#[tokio::test]
async fn a_wrong_password_for_ten_minutes_is_told_once_and_spends_no_try() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (is_wrong, greetings) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (wrong, greeted) = (is_wrong.clone(), greetings.clone());
        let script = Script::new(move |step| match step {
            Step::Greeting => {
                greeted.fetch_add(1, Ordering::SeqCst);
                Action::Go
            }
            Step::Auth if wrong.load(Ordering::SeqCst) => {
                Action::Say("535 5.7.8 Authentication credentials invalid for nadia@group.example".to_owned())
            }
            _ => Action::Go,
        });
        let relay = [("mail.smtp_url", "\"smtp://nadia:secret@{smtp}\"")];
        let world = World::with(backend, script.with_sign_in("nadia", "secret"), &relay).await;
        let nadia = coach(&world.app, "nadia@group.example").await;
        queue(&world.app, &nadia, 500).await;

        let log = Log::default();
        let listening = log.listen();
        for _ in 0..40 {
            world.run().await;
            world.app.clock.advance(TimeDelta::seconds(15));
        }
        let tried = greetings.load(Ordering::SeqCst);
        assert!((3..=6).contains(&tried), "ten minutes, a probe each one to five minutes: {tried}");
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        assert_eq!(rows.len(), 500);
        assert!(rows.iter().all(|row| (row.state, row.tries, row.doubts) == (State::Queued, 0, 0)), "no try is spent");
        assert!(world.mails.lock().unwrap().is_empty());
        assert!(world.app.post.shut_since().is_some());
        assert_eq!(log.errors().len(), 1, "one alert: {:?}", log.errors());
        assert!(log.errors()[0].contains("the mail server cannot be used"), "{:?}", log.errors());
        assert!(!log.text().contains("nadia@"), "the server's words stay out of the log");

        is_wrong.store(false, Ordering::SeqCst);
        world.pass(TimeDelta::minutes(6)).await;
        drop(listening);
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        assert!(
            rows.iter().all(|row| (row.state, row.tries) == (State::Sent, 1)),
            "then all of them, at the first try"
        );
        assert_eq!(world.mails.lock().unwrap().len(), 500, "once each");
        assert_eq!(world.app.post.shut_since(), None);
        assert_eq!(log.errors().len(), 1);
        world.end().await;
    }
}

/// A8: a provider that refuses us for what we are waits, longer each time; nobody else does, and nobody's address is
/// to blame.
#[tokio::test]
async fn a_provider_that_refuses_us_waits_alone_and_no_address_is_blamed() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (is_refusing, refusals) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (refusing, counted) = (is_refusing.clone(), refusals.clone());
        let script = Script::new(move |step| match step {
            Step::Message(message) if message.to[0].ends_with("@gmail.com") && refusing.load(Ordering::SeqCst) => {
                counted.fetch_add(1, Ordering::SeqCst);
                Action::Say("550 5.7.26 This mail has been blocked because the sender is unauthenticated".to_owned())
            }
            _ => Action::Go,
        });
        let world = World::with(backend, script, &[]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        let log = Log::default();
        let listening = log.listen();
        let person = |email: &'static str| crate::people::Person {
            name: "Ana",
            email,
            zone: "Europe/Lisbon",
            track: "broke",
            calendar: "neither",
        };
        let (strangers, neighbor) =
            (["ana@gmail.com", "ben@gmail.com", "cid@googlemail.com", "eva@gmail.com"], "dora@example.org");
        for email in strangers.into_iter().chain([neighbor]) {
            crate::people::ask(&world, cohort, &person(email)).await;
        }
        world.run().await;
        assert_eq!(world.mails_to(neighbor).len(), 1, "nobody else waits");
        assert_eq!(refusals.load(Ordering::SeqCst), 1, "one is refused, the others are not even tried");
        for _ in 0..40 {
            world.pass(TimeDelta::minutes(1)).await;
        }
        let asked = refusals.load(Ordering::SeqCst);
        assert!((2..=4).contains(&asked), "five minutes, ten, twenty: {asked}");
        assert_eq!(log.errors().len(), 1, "one alert: {:?}", log.errors());
        for email in strangers {
            let email = email.parse().unwrap();
            let known =
                trellis::store::participants::with_email(world.app.db.reader(), practice.id, &email).await.unwrap();
            assert_eq!(known.unwrap().mail_problem, None, "the address is not to blame");
        }
        is_refusing.store(false, Ordering::SeqCst);
        world.pass(TimeDelta::hours(2)).await;
        drop(listening);
        for email in strangers.into_iter().filter(|email| email.ends_with("@gmail.com")) {
            assert_eq!(world.mails_to(email).len(), 1, "{email}");
        }
        assert_eq!(world.app.post.refusing_providers(), 0);
        world.end().await;
    }
}
