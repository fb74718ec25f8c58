//! The dates are off: somebody goes on with others, waits for a place there, or stops.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        enrollment::{Event, Standing},
        ids::{CohortId, EnrollmentId},
        people::CohortState,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Consent, Enrollment},
    },
};

use super::{
    call_off,
    confirm_enrollment::{self, confirm},
    leave::By,
    move_enrollment::{self, has_room, move_within},
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this place does not exist any more")]
    Unknown,
    #[error("this group takes place: there is nothing to choose")]
    TakesPlace,
    #[error("those other dates are not open any more")]
    Elsewhere,
    #[error("the last free place there is taken")]
    Full,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Somebody who had a place goes on in another cohort: the one they were asked into, where a place is kept for
/// them, or one with a place that nobody waits for. Going twice is going once.
pub async fn go_along(app: &App, id: EnrollmentId, to: CohortId) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let moved = transact!(app.db, |tx| {
        let Setting { off, other, .. } = Setting::locked(tx, (id, to)).await?;
        // The coach who asked them over took them over the limit, if need be.
        let is_promised = off.merged_into == Some(to);
        if !is_promised && other.state != CohortState::Open {
            return Err(Refused::Elsewhere);
        }
        if !is_promised && !has_room(tx, &other).await? {
            return Err(Refused::Full);
        }
        Ok::<_, Refused>(move_within(app, tx, (id, to), &By::Coach("participant".to_owned()), now).await?)
    })?;
    app.bell.notify_waiters();
    Ok(moved)
}

/// Asks for a place in another cohort of the program: taken at once where one is free, else on the waitlist, in the
/// order of asking. What was agreed to goes along. Asking twice is asking once.
pub async fn ask_elsewhere(app: &App, id: EnrollmentId, to: CohortId) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let asked = transact!(app.db, |tx| {
        let Setting { old, other, .. } = Setting::locked(tx, (id, to)).await?;
        if other.state != CohortState::Open {
            return Err(Refused::Elsewhere);
        }
        let there = enrollments::of_person_in(tx, to, old.participant_id).await?;
        if let Some(there) = there.clone().filter(|there| stands(there.standing)) {
            return Ok(there);
        }
        let pending = ask(app, tx, &old, (there, to), now).await?;
        let confirmed = confirm(app, tx, &other, pending, now).await?;
        if matches!(old.standing, Standing::Enrolled | Standing::Paused) {
            call_off::end(tx, &old, Event::Leave, "participant", now).await?;
        }
        Ok::<_, Refused>(confirmed)
    })?;
    app.bell.notify_waiters();
    Ok(asked)
}

/// The place, the cohort that is off, and the one that is not.
struct Setting {
    old: Enrollment,
    off: Cohort,
    other: Cohort,
}

impl Setting {
    async fn locked(tx: &Tx, of: (EnrollmentId, CohortId)) -> Result<Self, Refused> {
        let (id, to) = of;
        let seen = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        let mut both = [seen.cohort_id, to];
        both.sort_unstable();
        for cohort in both {
            cohorts::lock(tx, cohort).await?;
        }
        let old = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
        let off = cohorts::anywhere(tx, old.cohort_id).await?.ok_or(Refused::Unknown)?;
        if !off.decision.is_off() {
            return Err(Refused::TakesPlace);
        }
        let other = cohorts::find(tx, old.practice_id, to).await?.filter(|other| {
            other.id != off.id
                && other.program_id == off.program_id
                && other.state != CohortState::Draft
                && !other.decision.is_off()
        });
        Ok(Self { old, off, other: other.ok_or(Refused::Elsewhere)? })
    }
}

/// Whether somebody has, or waits for, a place already.
fn stands(standing: Standing) -> bool {
    standing.holds_seat() && standing != Standing::Pending
        || matches!(standing, Standing::Waitlisted | Standing::Applied | Standing::Completed)
}

/// The form they need not fill in again.
async fn ask(
    app: &App,
    tx: &Tx,
    old: &Enrollment,
    there: (Option<Enrollment>, CohortId),
    now: Now,
) -> Result<Enrollment, Refused> {
    let (before, to) = there;
    let who = (old.participant_id, old.journey_id);
    let asked = Enrollment {
        calendar: old.calendar,
        track: old.track.clone(),
        note: old.note.clone(),
        confirmed_at: old.confirmed_at,
        actor: "participant".to_owned(),
        reason: "asked instead of dates that are off".to_owned(),
        ..Enrollment::begun(app.random.id(now.real), (old.practice_id, to), who, now)
    };
    let asked = match before {
        None => {
            enrollments::create(tx, asked.clone()).await?;
            asked
        }
        Some(before) if before.standing == Standing::Pending => {
            Enrollment { seat: before.seat, id: before.id, ..asked }
        }
        Some(before) => {
            let standing = before.standing.after(Event::AskAgain).map_err(|_| Refused::Elsewhere)?;
            let again = Enrollment { id: before.id, standing, ..asked };
            enrollments::save(tx, before.standing, again.clone()).await?;
            again
        }
    };
    for agreed in enrollments::consents_of(tx, old.id).await? {
        let copy = Consent { id: app.random.uuid(now.real), enrollment_id: asked.id, ..agreed };
        enrollments::consent(tx, copy).await?;
    }
    Ok(asked)
}

impl From<confirm_enrollment::Refused> for Refused {
    fn from(refused: confirm_enrollment::Refused) -> Self {
        match refused {
            confirm_enrollment::Refused::Store(error) => Self::Store(error),
            confirm_enrollment::Refused::Unknown => Self::Unknown,
            confirm_enrollment::Refused::Over
            | confirm_enrollment::Refused::Late
            | confirm_enrollment::Refused::Standing(_) => Self::Elsewhere,
        }
    }
}

impl From<move_enrollment::Refused> for Refused {
    fn from(refused: move_enrollment::Refused) -> Self {
        match refused {
            move_enrollment::Refused::Store(error) => Self::Store(error),
            move_enrollment::Refused::Unknown | move_enrollment::Refused::Standing(_) => Self::Unknown,
            move_enrollment::Refused::Full => Self::Full,
            move_enrollment::Refused::AlreadyIn
            | move_enrollment::Refused::TooLate(_)
            | move_enrollment::Refused::Closed
            | move_enrollment::Refused::Over => Self::Elsewhere,
        }
    }
}
