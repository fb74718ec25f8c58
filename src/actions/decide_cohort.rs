//! A coach decides that a cohort takes place as planned, or later than planned.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Decision,
        ids::{CohortId, PracticeId},
        people::CohortState,
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
    },
};

/// What leaves the cohort standing; the others are `call_off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// The start is moved, on the page of the schedule.
    Move,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("this cohort was never opened: open it first")]
    Draft,
    #[error("this cohort does not take place: that was decided already")]
    Off,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

pub async fn decide_cohort(
    app: &App,
    of: (PracticeId, CohortId),
    verdict: Verdict,
    actor: &str,
) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let cohort = locked(tx, of).await?;
        let (decision, act) = match verdict {
            Verdict::Go => (Decision::Go, "cohort takes place"),
            Verdict::Move => (Decision::Moved, "cohort is to start later"),
        };
        cohorts::save(tx, Cohort { decision, changed_at: now.program, ..cohort }).await?;
        note(app, tx, of, (act, actor), now).await?;
        Ok(())
    })
}

async fn locked(tx: &Tx, of: (PracticeId, CohortId)) -> Result<Cohort, Refused> {
    let (practice, id) = of;
    cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, id).await?;
    let cohort = cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    match cohort.state {
        CohortState::Draft => Err(Refused::Draft),
        CohortState::Open | CohortState::Closed if cohort.decision.is_off() => Err(Refused::Off),
        CohortState::Open | CohortState::Closed => Ok(cohort),
    }
}

/// Writes down who decided what about a cohort.
pub(super) async fn note(
    app: &App,
    tx: &Tx,
    of: (PracticeId, CohortId),
    did: (&str, &str),
    now: Now,
) -> store::Result<()> {
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id: of.0,
        act: did.0.to_owned(),
        actor: did.1.to_owned(),
        subject: of.1.to_string(),
        detail: String::new(),
        made_at: now.real,
    };
    audits::note(tx, audit).await
}
