//! The owner says what an assistant may read.

use crate::{
    app::App,
    domain::{
        ids::CoachId,
        people::{Right, Role},
    },
    store::{
        self,
        audits::{self, Audit},
        coaches::{self, Coach},
    },
    transact,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("only the owner of a practice decides this")]
    NotYours,
    #[error("there is no assistant of this name here")]
    Unknown,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// These rights and no others. The same again changes nothing.
pub async fn set_rights(app: &App, owner: &Coach, of: CoachId, rights: &[Right]) -> Result<(), Refused> {
    if owner.role != Role::Owner {
        return Err(Refused::NotYours);
    }
    let now = app.clock.now();
    let words: Vec<&str> = rights.iter().map(|right| right.as_str()).collect();
    let words = words.join(" ");
    transact!(app.db, |tx| {
        let found = coaches::find(tx, of).await?.filter(|coach| coach.practice_id == owner.practice_id);
        let assistant = found.filter(|coach| coach.role == Role::Assistant).ok_or(Refused::Unknown)?;
        if assistant.rights == words {
            return Ok(());
        }
        coaches::set_rights(tx, of, &words).await?;
        let audit = Audit {
            id: app.random.uuid(now.real),
            practice_id: owner.practice_id,
            act: "rights changed".to_owned(),
            actor: owner.name.expose().to_owned(),
            subject: of.to_string(),
            detail: words.clone(),
            made_at: now.real,
        };
        audits::note(tx, audit).await?;
        Ok(())
    })
}
