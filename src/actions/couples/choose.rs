//! The partner has not joined: the inviter comes alone, waits a little longer, or does not come.

use uuid::Uuid;

use super::{expire::is_there, let_go, line::hold_for_partner};
use crate::{
    actions::{
        fill_seats::fill_seats,
        leave::{self, By, leave},
    },
    app::App,
    clock::Now,
    domain::{
        couple::{Choice, CoupleEvent, CoupleState, Refusal, respond_by},
        enrollment::Standing,
        ids::EnrollmentId,
    },
    store::{
        self, cohorts,
        couples::{self, Couple},
        database::Tx,
        enrollments::{self, Enrollment},
        participants,
    },
    transact,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("there is nothing to choose any more")]
    Nothing,
    #[error(transparent)]
    Couple(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// What somebody can choose now. It says nothing of the other, only what was asked and not answered here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Alone, wait, cancel.
    Missing,
    /// Both wait for two places: alone.
    InLine,
    Nothing,
}

#[must_use]
pub fn what_is_open(couple: &Couple, by: &Enrollment) -> Open {
    let is_inviter = couple.inviter_id == by.id;
    if is_inviter && couple.state == CoupleState::Undecided && is_there(by.standing) {
        return Open::Missing;
    }
    if couple.in_line == 1 && by.standing == Standing::Waitlisted { Open::InLine } else { Open::Nothing }
}

/// Choosing the same twice is choosing it once.
pub async fn choose(app: &App, of: (Uuid, EnrollmentId), choice: Choice) -> Result<(), Refused> {
    let now = app.clock.now();
    let (id, by) = of;
    if choice == Choice::Cancel {
        let (couple, enrollment) = found(app.db.reader(), id, by).await?;
        if what_is_open(&couple, &enrollment) != Open::Missing {
            return Err(Refused::Nothing);
        }
        // First the leaving, which can be repeated; then the choice is over.
        match leave(app, by, &By::Participant).await {
            Ok(_) | Err(leave::Refused::Unknown | leave::Refused::Standing(_)) => {}
            Err(leave::Refused::Store(error)) => return Err(error.into()),
        }
    }
    transact!(app.db, |tx| {
        let (couple, _) = found(tx, id, by).await?;
        cohorts::lock(tx, couple.cohort_id).await?;
        let (couple, enrollment) = found(tx, id, by).await?;
        match (what_is_open(&couple, &enrollment), choice) {
            (Open::Missing, Choice::Wait) => wait(app, tx, couple, now).await,
            (Open::Missing | Open::Nothing, Choice::Cancel) | (Open::Missing, Choice::Alone) => {
                let state = couple.state.after(CoupleEvent::Choose(choice))?;
                couples::save(tx, Couple { state, ..let_go(tx, couple, now).await? }).await?;
                Ok(())
            }
            (Open::InLine, Choice::Alone) => {
                let cohort = couple.cohort_id;
                couples::save(tx, Couple { in_line: 0, alone: 1, changed_at: now.real, ..couple }).await?;
                fill_seats(app, tx, cohort, now).await?;
                Ok(())
            }
            (Open::InLine, Choice::Wait | Choice::Cancel) | (Open::Nothing, Choice::Alone | Choice::Wait) => {
                Err(Refused::Nothing)
            }
        }
    })?;
    app.bell.notify_waiters();
    Ok(())
}

async fn found(db: &impl store::Connection, id: Uuid, by: EnrollmentId) -> Result<(Couple, Enrollment), Refused> {
    let couple = couples::holding(db, id).await?.ok_or(Refused::Nothing)?;
    let is_one_of_them = couple.inviter_id == by || couple.partner_id == Some(by);
    let enrollment = enrollments::holding(db, by).await?.filter(|_| is_one_of_them).ok_or(Refused::Nothing)?;
    Ok((couple, enrollment))
}

/// Once more as long, with a seat if one is free that nobody waits for.
async fn wait(app: &App, tx: &Tx, couple: Couple, now: Now) -> Result<(), Refused> {
    let inviter = enrollments::holding(tx, couple.inviter_id).await?.ok_or(Refused::Nothing)?;
    let waiting = Couple {
        state: couple.state.after(CoupleEvent::Choose(Choice::Wait))?,
        respond_by: Some(respond_by(now.real)),
        in_line: i32::from(inviter.standing == Standing::Waitlisted),
        round: couple.round + 1,
        changed_at: now.real,
        ..couple
    };
    couples::save(tx, waiting.clone()).await?;
    if inviter.standing.holds_seat() && enrollments::first_waiting(tx, waiting.cohort_id).await?.is_none() {
        hold_for_partner(tx, waiting.id, now).await?;
    }
    let person = match waiting.person_id {
        Some(person) => participants::holding(tx, person).await?,
        None => None,
    };
    if let Some(person) = person {
        super::ask::write_to_partner(app, tx, (&waiting, &person), now).await?;
    }
    Ok(())
}
