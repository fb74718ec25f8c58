//! A person answered a mail of ours, and no mailbox keeps what they wrote.

use super::Outcome;
use crate::{
    actions::message_id::with_message_id,
    app::App,
    clock::Now,
    keys::token_hash,
    mail::receive::Personal,
    store::{
        self,
        replies::{self, Reply},
    },
    transact,
};

pub(super) async fn take(app: &App, personal: &Personal, now: Now) -> store::Result<Outcome> {
    transact!(app.db, |tx| {
        for message_id in &personal.about {
            let Some(delivery) = with_message_id(app, tx, message_id).await? else { continue };
            let reply = Reply {
                id: app.random.uuid(now.real),
                practice_id: delivery.practice_id,
                delivery_id: delivery.id,
                participant_id: delivery.participant_id,
                digest: token_hash(&personal.text),
                text: personal.text.clone(),
                made_at: now.program,
            };
            replies::note(tx, reply).await?;
            return Ok(Outcome::Reply);
        }
        Ok::<_, store::Error>(Outcome::Nothing)
    })
}
