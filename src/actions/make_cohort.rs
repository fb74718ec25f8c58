//! A coach's form becomes a cohort: made, with its rules of enrollment, and opened if that was asked. All of it or nothing.

use crate::{
    app::App,
    domain::ids::CohortId,
    store::{self, practices::Practice},
    transact,
};

use super::{
    open_cohort::{self, CannotOpen, Missing, NewCohort, create, open},
    save_admission::{self, AdmissionSettings, admit},
};

/// What the coach pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    Draft,
    /// Opened at once; while something is missing it stays a draft.
    Open,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub id: CohortId,
    /// Why it is a draft although it was to be opened; empty: it is as was asked.
    pub missing: Vec<Missing>,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    New(open_cohort::Refused),
    #[error(transparent)]
    Admission(save_admission::Refused),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

pub async fn make_cohort(
    app: &App,
    practice: &Practice,
    wanted: (&NewCohort, &AdmissionSettings, As),
    actor: &str,
) -> Result<Made, Refused> {
    let now = app.clock.now();
    let (new, settings, made_as) = wanted;
    let made = transact!(app.db, |tx| {
        let id = create(app, tx, practice, new, actor, now).await.map_err(not_made)?;
        admit(tx, (practice.id, id), settings, now).await.map_err(not_admitted)?;
        let opened = match made_as {
            As::Draft => Ok(()),
            As::Open => open(app, tx, (practice, id), actor, now).await,
        };
        match opened {
            Ok(()) => Ok(Made { id, missing: Vec::new() }),
            Err(CannotOpen::Missing(missing)) => Ok(Made { id, missing }),
            Err(CannotOpen::Unknown) => unreachable!("it was made in this transaction"),
            Err(CannotOpen::Store(error)) => Err(Refused::Store(error)),
        }
    })?;
    app.bell.notify_waiters();
    Ok(made)
}

fn not_made(refused: open_cohort::Refused) -> Refused {
    match refused {
        // What the database could not do may be tried again.
        open_cohort::Refused::Store(error) => Refused::Store(error),
        other => Refused::New(other),
    }
}

fn not_admitted(refused: save_admission::Refused) -> Refused {
    match refused {
        save_admission::Refused::Store(error) => Refused::Store(error),
        other => Refused::Admission(other),
    }
}
