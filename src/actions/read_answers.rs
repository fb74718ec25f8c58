//! A coach reads what somebody answered: it is written down before it is shown.

use crate::{
    app::App,
    domain::ids::ParticipantId,
    store::{
        self,
        audits::{self, Audit},
        coaches::Coach,
    },
    transact,
};

pub async fn note_reading(app: &App, coach: &Coach, person: ParticipantId) -> store::Result<()> {
    let now = app.clock.now();
    transact!(aside app.db, |tx| {
        let audit = Audit {
            id: app.random.uuid(now.real),
            practice_id: coach.practice_id,
            act: "answers read".to_owned(),
            actor: coach.name.expose().to_owned(),
            subject: person.to_string(),
            detail: String::new(),
            made_at: now.real,
        };
        audits::note(tx, audit).await
    })
}
