//! What comes back by mail: does it change what it should, once, and nothing else?
//!
//! Statements B7 to B11 and R1 to R11 of the mail sheet; each story names those it tells.

use chrono::{DateTime, Utc};
use trellis::{
    demo::smtp_server::Script,
    domain::{
        ids::{CohortId, EnrollmentId, SessionId},
        plan::Change,
    },
    store::{
        ledger,
        participants::{self, Participant},
        practices, sessions,
    },
};

use crate::{
    people::{Person, enroll},
    post::{Mail, header},
    visitor::{Answer, Visitor},
    world::{Backend, PASSWORD, World},
};

mod calendars;
mod failures;
mod mailbox;
mod ways_in;

pub const ANA: Person =
    Person { name: "Ana", email: "ana@example.org", zone: "Europe/Lisbon", track: "broke", calendar: "invites" };
pub const BEN: Person =
    Person { name: "Ben", email: "ben@example.org", zone: "Europe/Berlin", track: "hurt", calendar: "invites" };

pub const TOKEN: &str = "a-token-of-the-operator-0123456789abcdef";

/// On both databases, with the hook open.
#[macro_export]
macro_rules! mailed {
    (async fn $name:ident($world:ident: &World) $body:block) => {
        mod $name {
            #[allow(clippy::wildcard_imports, reason = "the story is told in the words of its file")]
            use super::*;

            async fn tell($world: &World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let world = $crate::mail_in::house($crate::world::Backend::Sqlite).await;
                tell(&world).await;
                world.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let world = $crate::mail_in::house($crate::world::Backend::Postgres).await;
                tell(&world).await;
                world.end().await;
            }
        }
    };
}

pub async fn house(backend: Backend) -> World {
    World::with(backend, Script::well(), &[("bounces.hook_token", &format!("{TOKEN:?}"))]).await
}

/// A cohort with Ana in it, her invites sent.
pub async fn with_ana(world: &World) -> (CohortId, EnrollmentId) {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    let enrollment = enroll(world, cohort, &ANA).await;
    world.pass(chrono::TimeDelta::minutes(5)).await;
    (cohort, enrollment)
}

/// What a mail that comes in speaks of.
#[derive(Debug, Clone)]
pub struct About {
    pub token: String,
    pub message_id: String,
    pub to: String,
    pub uid: String,
    pub sequence: i32,
    pub stamp: DateTime<Utc>,
}

impl About {
    /// A mail of ours, as its recipient's server knows it.
    pub fn mail(mail: &Mail) -> Self {
        let token = mail.envelope_from.trim_start_matches("b+").split('@').next().unwrap().to_owned();
        Self {
            token,
            message_id: header(&mail.raw, "Message-ID"),
            to: mail.to.clone(),
            uid: mail.property("UID"),
            sequence: mail.property("SEQUENCE").parse().unwrap_or_default(),
            stamp: mail.at + chrono::TimeDelta::minutes(1),
        }
    }

    pub fn at(self, stamp: DateTime<Utc>) -> Self {
        Self { stamp, ..self }
    }
}

/// One of the mails in `tests/stories/inbound`, about this.
pub fn inbound(name: &str, about: &About) -> Vec<u8> {
    let path = format!("{}/tests/stories/inbound/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    let mut text = std::fs::read_to_string(path).unwrap();
    for (field, value) in [
        ("{token}", about.token.as_str()),
        ("{token_upper}", &about.token.to_uppercase()),
        ("{message_id}", &about.message_id),
        ("{to}", &about.to),
        ("{uid}", &about.uid),
        ("{sequence}", &about.sequence.to_string()),
        ("{stamp}", &about.stamp.format("%Y%m%dT%H%M%SZ").to_string()),
        ("{start}", "20261012T170000Z"),
        ("{end}", "20261012T181500Z"),
        ("{date}", &about.stamp.to_rfc2822()),
    ] {
        text = text.replace(field, value);
    }
    if let Some((before, rest)) = text.clone().split_once("{base64:") {
        let (calendar, after) = rest.split_once('}').unwrap();
        let encoded = data_encoding::BASE64.encode(calendar.replace('\n', "\r\n").as_bytes());
        text = format!("{before}{encoded}{after}");
    }
    text.replace('\n', "\r\n").into_bytes()
}

/// Hands it over at the hook; returns what was done.
pub async fn hand(world: &World, mail: Vec<u8>) -> String {
    let answer = post(world, mail, Some(TOKEN)).await;
    assert_eq!(answer.status(), 200);
    let said: serde_json::Value = answer.json().await.unwrap();
    said["outcome"].as_str().unwrap().to_owned()
}

pub async fn post(world: &World, mail: Vec<u8>, token: Option<&str>) -> reqwest::Response {
    let request = reqwest::Client::new().post(format!("{}/hooks/mail", world.base)).body(mail);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.unwrap()
}

pub async fn person(world: &World, email: &str) -> Participant {
    let db = world.app.db.reader();
    let practice = practices::on_this_installation(db).await.unwrap().remove(0);
    participants::with_email(db, practice.id, &email.parse().unwrap()).await.unwrap().unwrap()
}

/// The state and the reason of the delivery that this mail was.
pub async fn delivery(world: &World, message_id: &str) -> (String, String) {
    let rows = ledger::everything(world.app.db.reader()).await.unwrap();
    let row = rows.into_iter().find(|row| row.message_id.as_deref() == Some(message_id)).unwrap();
    (row.state.to_string(), row.reason.unwrap_or_default())
}

/// Everything that a mail from outside could have changed.
pub async fn everything(world: &World) -> String {
    let ana = person(world, ANA.email).await;
    format!("{:?} {ana:?}", ledger::everything(world.app.db.reader()).await.unwrap())
}

/// The coach, signed in.
pub async fn coach(world: &World) -> Visitor {
    let coach = Visitor::of(world);
    let fields = [("email", "nadia@group.example"), ("password", PASSWORD)];
    let signed = coach.submit("/coach/sign-in", "/coach/sign-in", &fields).await;
    assert_eq!(signed.status, 303, "{}", signed.body);
    coach
}

pub async fn page(visitor: &Visitor, path: &str) -> String {
    let Answer { status, body, .. } = visitor.get(path).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The coach changes the n-th session.
pub async fn change(world: &World, cohort: CohortId, ordinal: usize, change: impl FnOnce(SessionId) -> Change) {
    let session = sessions::of_cohort(world.app.db.reader(), cohort).await.unwrap().remove(ordinal - 1);
    world.change((session.practice_id, cohort), &change(session.id)).await;
}
