//! Does every mail arrive, once, whatever happens to the mail server and to us?
//!
//! R1 to R7, and each row of the table by which an answer of the mail server is read.

mod breaker;
mod crash;
mod doubts;
mod fairness;
mod fence;
mod ill_servers;
mod poison;
mod replicas;
mod table;
mod tally;
mod usefulness;
mod written_once;

use std::sync::Arc;

use trellis::{
    actions::{
        add_coach::{NewCoach, add_coach},
        passwords::hash_password,
    },
    app::App,
    clock::Clock,
    config::Config,
    domain::{delivery::Occasion, email_address::EmailAddress},
    random::Random,
    store::{
        coaches::{self, Coach},
        ledger::{self, Delivery, Queued, Recipient},
    },
};

use crate::{
    operations::process::Settings,
    world::{Backend, PASSWORD, name, zone},
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub async fn database(backend: Backend, folder: &std::path::Path) -> String {
    match backend {
        Backend::Sqlite => format!("sqlite://{}", folder.join("trellis.sqlite").display()),
        Backend::Postgres => crate::databases::fresh_postgres().await,
    }
}

/// Of a process that sends; attempts are short, so that leases are.
pub fn settings(database: &str, smtp: &str, more: &[(&'static str, &str)]) -> Settings {
    let mut settings = vec![
        ("TRELLIS_DATABASE_URL", database.to_owned()),
        ("TRELLIS_SMTP_URL", format!("smtp://{smtp}")),
        ("TRELLIS__SECRETS__KEY", KEY.to_owned()),
        ("TRELLIS__LOG__FORMAT", "json".to_owned()),
        ("TRELLIS__MAIL__ATTEMPT_SECONDS", "2".to_owned()),
    ];
    settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    settings
}

/// Somebody beside the processes, who queues mail and reads the ledger.
pub async fn beside(database: &str) -> Arc<App> {
    let quoted = |text: &str| format!("{text:?}");
    let config = Config::with(&[("database.url", &quoted(database)), ("secrets.key", &quoted(KEY))]).unwrap();
    App::open(config, Clock::System, Random::Os).await.unwrap()
}

pub async fn coach(app: &App, email: &str) -> Coach {
    let email = EmailAddress::parse(email).unwrap();
    let practice = name(&format!("Practice of {}", email.local()));
    let new = NewCoach { email, name: name("Nadia Brandt"), zone: zone("Europe/Dublin"), practice };
    add_coach(app, &new, &hash_password(app, PASSWORD).await.unwrap()).await.unwrap();
    coaches::with_email(app.db.reader(), &new.email).await.unwrap().unwrap()
}

/// Queues so many mails to a coach.
pub async fn queue(app: &App, coach: &Coach, mails: usize) {
    queue_kind(app, coach, (Occasion::TestMail, serde_json::json!({})), mails).await;
}

async fn queue_kind(app: &App, coach: &Coach, (occasion, params): (Occasion, serde_json::Value), mails: usize) {
    let now = app.clock.now();
    let one = || {
        let mail = Queued {
            object: app.random.uuid(now.real),
            params: params.clone(),
            ..Queued::now(coach.practice_id, occasion, Recipient::Coach(coach.id), now)
        };
        mail.row(app.random.id(now.program), now)
    };
    let rows: Vec<Delivery> = (0..mails).map(|_| one()).collect();
    let new = transact(app, rows).await.unwrap();
    assert_eq!(new, mails as u64);
    app.bell.notify_waiters();
}

async fn transact(app: &App, rows: Vec<Delivery>) -> trellis::store::Result<u64> {
    trellis::transact!(app.db, |tx| ledger::enqueue(tx, rows.clone()).await)
}
