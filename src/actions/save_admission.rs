//! A coach decides who gets into a cohort, on which days, and until when it is settled that it takes place.

use chrono::{DateTime, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::{Admission, Decision},
        ids::{CohortId, PracticeId},
        opening::EnrollDays,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
    },
};

use super::decide_cohort::note;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmissionSettings {
    pub admission: Admission,
    pub days: EnrollDays,
    /// How long an offered place is held, and one for an accepted applicant.
    pub offer_hours: u16,
    pub accept_hours: u16,
    /// Fewer than this, and the coach wants to think again; 0: it takes place in any case.
    pub min_participants: u16,
    pub decide_by: Option<DateTime<Utc>>,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("this cohort does not take place: that was decided already")]
    Off,
    #[error("this is in the past: choose a time that is still to come")]
    Past,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Another day to decide by asks the question anew.
pub async fn save_admission(
    app: &App,
    of: (PracticeId, CohortId),
    settings: &AdmissionSettings,
    actor: &str,
) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        admit(tx, of, settings, now).await?;
        note(app, tx, of, ("enrollment settings changed", actor), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// The same, inside a transaction that does more and notes it.
pub(super) async fn admit(
    tx: &Tx,
    of: (PracticeId, CohortId),
    settings: &AdmissionSettings,
    now: Now,
) -> Result<(), Refused> {
    let (practice, id) = of;
    cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, id).await?;
    let cohort = cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    if cohort.decision.is_off() {
        return Err(Refused::Off);
    }
    let asks_anew = settings.decide_by != cohort.decide_by;
    if asks_anew && settings.decide_by.is_some_and(|by| by <= now.program) {
        return Err(Refused::Past);
    }
    let (decision, numbers_told_at) =
        if asks_anew { (Decision::Undecided, None) } else { (cohort.decision, cohort.numbers_told_at) };
    let saved = Cohort {
        admission: settings.admission,
        enroll_from_on: settings.days.from,
        enroll_until_on: settings.days.until,
        offer_hours: i32::from(settings.offer_hours),
        accept_hours: i32::from(settings.accept_hours),
        min_participants: i32::from(settings.min_participants),
        decide_by: settings.decide_by,
        decision,
        numbers_told_at,
        changed_at: now.program,
        ..cohort
    };
    cohorts::save(tx, saved).await?;
    Ok(())
}
