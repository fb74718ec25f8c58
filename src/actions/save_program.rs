//! A coach writes a program, or writes it anew. Cohorts keep what they have.

use chrono::{DateTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    domain::{
        ids::{PracticeId, ProgramId},
        name::{BadName, Name},
        program::Program,
    },
    store::{
        self,
        programs::{self, ProgramRow},
        rows::content::ProgramContent,
    },
};

use super::import_program::fresh_code;

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this program does not exist")]
    Unknown,
    #[error("you have another program of this title")]
    Taken,
    #[error("somebody changed this program since you opened the page")]
    Changed,
    #[error(transparent)]
    Title(#[from] BadName),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Makes a program. It has no lessons yet.
pub async fn create_program(app: &App, practice_id: PracticeId, program: &Program) -> Result<ProgramId, Refused> {
    let now = app.clock.now();
    let title = Name::parse(&program.title)?;
    let row = ProgramRow {
        id: app.random.id(now.real),
        practice_id,
        code: fresh_code(app),
        title,
        content: ProgramContent(program.clone()),
        slug: None,
        created_at: now.real,
        changed_at: now.real,
    };
    transact!(app.db, |tx| {
        if programs::titled(tx, practice_id, row.title.expose()).await?.is_some() {
            return Err(Refused::Taken);
        }
        programs::create(tx, row.clone()).await?;
        Ok(row.id)
    })
}

/// Saves a program as the coach saw it at `seen`: what somebody else saved meanwhile is not written over.
pub async fn save_program(
    app: &App,
    of: (PracticeId, ProgramId),
    program: &Program,
    seen: DateTime<Utc>,
) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    let title = Name::parse(&program.title)?;
    transact!(app.db, |tx| {
        let known = programs::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        if known.changed_at != seen {
            return Err(Refused::Changed);
        }
        if programs::titled(tx, practice, title.expose()).await?.is_some_and(|other| other.id != id) {
            return Err(Refused::Taken);
        }
        let content = ProgramContent(program.clone());
        let changed_at = now.real.max(known.changed_at + TimeDelta::microseconds(1));
        programs::save(tx, ProgramRow { title: title.clone(), content, changed_at, ..known }).await?;
        Ok(())
    })
}
