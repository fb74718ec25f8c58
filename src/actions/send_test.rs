//! A coach asks for a test: of the way that mail goes, or of one lesson. And says that it arrived.

use crate::transact;
use crate::{
    app::App,
    domain::{delivery::Occasion, discretion::Discretion, ids::LessonId},
    links::{BadLink, Purpose},
    store::{
        self,
        coaches::{self, Coach},
        ledger::{self, Queued, Recipient},
        practices,
    },
};

/// Queues the mail that shows that mail arrives: one from each address that the practice writes from.
pub async fn send_test_mail(app: &App, coach: &Coach) -> store::Result<()> {
    let practice = practices::find(app.db.reader(), coach.practice_id).await?;
    queue(app, coach, Occasion::TestMail, serde_json::json!({})).await?;
    match practice.and_then(|practice| practice.list_email) {
        Some(from) => queue(app, coach, Occasion::TestMail, serde_json::json!({ "from": from })).await,
        None => Ok(()),
    }
}

/// Queues one lesson of a program as a participant at this level would get it.
pub async fn send_test_lesson(app: &App, coach: &Coach, of: (LessonId, Discretion)) -> store::Result<()> {
    let (lesson, level) = of;
    let params = serde_json::json!({ "lesson": lesson, "level": level });
    queue(app, coach, Occasion::TestLesson, params).await
}

async fn queue(app: &App, coach: &Coach, occasion: Occasion, params: serde_json::Value) -> store::Result<()> {
    let now = app.clock.now();
    let recipient = Recipient::Coach(coach.id);
    let mail = Queued {
        // Each test is one of its own.
        object: app.random.uuid(now.real),
        params,
        actor: Some(coach.name.expose().to_owned()),
        ..Queued::now(coach.practice_id, occasion, recipient, now)
    };
    let row = mail.row(app.random.id(now.program), now);
    transact!(app.db, |tx| ledger::enqueue(tx, vec![row.clone()]).await)?;
    app.bell.notify_waiters();
    Ok(())
}

#[derive(Debug, thiserror::Error)]
pub enum NotArrived {
    #[error("this link is not one of ours, has expired, or was made before a change of password")]
    Link,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(NotArrived);

impl From<BadLink> for NotArrived {
    fn from(_: BadLink) -> Self {
        Self::Link
    }
}

/// The button in the test mail was pressed: mail from this practice arrives. Pressing twice is pressing once.
pub async fn mark_arrived(app: &App, token: &str) -> Result<(), NotArrived> {
    let now = app.clock.now();
    let coach = arrived_at(app, token).await?;
    transact!(app.db, |tx| Ok(practices::mark_mail_tested(tx, coach.practice_id, now.program).await?))
}

/// Whose test mail the link is from.
pub async fn arrived_at(app: &App, token: &str) -> Result<Coach, NotArrived> {
    let claims = app.links.read(Purpose::TestMail, token, app.clock.now().real)?;
    let coach = coaches::find(app.db.reader(), claims.person.into()).await?.ok_or(NotArrived::Link)?;
    let same_epoch = u32::try_from(coach.epoch).is_ok_and(|epoch| epoch == claims.epoch);
    if same_epoch && coach.practice_id.0 == claims.object { Ok(coach) } else { Err(NotArrived::Link) }
}
