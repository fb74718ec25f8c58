//! A coach says until when people may move to other dates, and begin a pause, by themselves.

use chrono::NaiveDate;

use crate::transact;
use crate::{
    app::App,
    domain::ids::{CohortId, PracticeId},
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort},
    },
};

/// The last days, in the cohort's zone; none: always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    pub move_until_on: Option<NaiveDate>,
    pub pause_until_on: Option<NaiveDate>,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

pub async fn save_windows(app: &App, of: (PracticeId, CohortId), windows: Windows, actor: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    transact!(app.db, |tx| {
        cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        cohorts::lock(tx, id).await?;
        let cohort = cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        let Windows { move_until_on, pause_until_on } = windows;
        cohorts::save(tx, Cohort { move_until_on, pause_until_on, changed_at: now.program, ..cohort }).await?;
        let audit = Audit {
            id: app.random.uuid(now.real),
            practice_id: practice,
            act: "windows changed".to_owned(),
            actor: actor.to_owned(),
            subject: id.to_string(),
            detail: String::new(),
            made_at: now.real,
        };
        audits::note(tx, audit).await?;
        Ok(())
    })
}
