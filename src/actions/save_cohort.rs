//! A coach changes what a cohort is called, where it meets, and how many may take part.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::LateJoiners,
        holiday::Country,
        ids::{CohortId, PracticeId},
        name::Name,
        people::CohortState,
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
    },
};

use super::fill_seats::fill_seats;

/// What may change at any time. Dates change session by session.
#[derive(Debug, Clone)]
pub struct CohortSettings {
    pub name: Name,
    pub room_url: String,
    pub crisis_line: String,
    pub capacity: u16,
    /// Whose public holidays the coach is warned of.
    pub holiday_country: Option<Country>,
    pub late_joiners: LateJoiners,
}

/// Whether new people may ask for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    Open,
    Closed,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("{0} people take part: the number of places cannot be lower")]
    Taken(i32),
    #[error("an open cohort needs its room and its crisis line")]
    StillNeeded,
    #[error("this cohort was never opened: open it first")]
    Draft,
    #[error("this cohort does not take place: that was decided already")]
    Off,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Saves the settings. Places that come free go to the first in line.
pub async fn save_cohort(
    app: &App,
    of: (PracticeId, CohortId),
    settings: &CohortSettings,
    actor: &str,
) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let cohort = locked(tx, of).await?;
        let is_complete = !settings.room_url.is_empty() && !settings.crisis_line.is_empty();
        if cohort.state != CohortState::Draft && !is_complete {
            return Err(Refused::StillNeeded);
        }
        // A place that is held for an answer is a promise: it stands, and no further one is made. Over the limit by
        // a coach's own word is no reason to refuse a new room link.
        let people = i32::try_from(cohorts::confirmed_seats(tx, cohort.id).await?).unwrap_or(i32::MAX);
        if i32::from(settings.capacity) < people.min(cohort.capacity) {
            return Err(Refused::Taken(people));
        }
        let saved = Cohort {
            name: settings.name.clone(),
            room_url: settings.room_url.clone(),
            crisis_line: settings.crisis_line.clone(),
            capacity: i32::from(settings.capacity),
            holiday_country: settings.holiday_country.map(Country::code).unwrap_or_default().to_owned(),
            late_joiners: settings.late_joiners,
            changed_at: now.program,
            ..cohort
        };
        cohorts::save(tx, saved).await?;
        fill_seats(app, tx, of.1, now).await?;
        note(app, tx, of, ("cohort changed", actor), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Closes enrollment, or opens it again. Those who take part notice nothing.
pub async fn set_doors(app: &App, of: (PracticeId, CohortId), doors: Doors, actor: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let cohort = locked(tx, of).await?;
        if cohort.state == CohortState::Draft {
            return Err(Refused::Draft);
        }
        if cohort.decision.is_off() {
            return Err(Refused::Off);
        }
        let (state, closed_at, act) = match doors {
            Doors::Open => (CohortState::Open, None, "enrollment opened again"),
            Doors::Closed => (CohortState::Closed, Some(now.program), "enrollment closed"),
        };
        cohorts::save(tx, Cohort { state, closed_at, changed_at: now.program, ..cohort }).await?;
        note(app, tx, of, (act, actor), now).await?;
        Ok(())
    })
}

async fn locked(tx: &Tx, of: (PracticeId, CohortId)) -> Result<Cohort, Refused> {
    let (practice, id) = of;
    // Looked at before it is locked, so that a stranger's id locks nothing.
    cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, id).await?;
    cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)
}

async fn note(app: &App, tx: &Tx, of: (PracticeId, CohortId), did: (&str, &str), now: Now) -> store::Result<()> {
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
