//! The partner's time is over: the seat comes free, and the inviter chooses.

use super::{let_go, letter};
use crate::{
    app::App,
    clock::Now,
    domain::{
        couple::{Choice, CoupleEvent, CoupleState},
        delivery::Occasion,
        enrollment::Standing,
    },
    store::{
        self, cohorts,
        couples::{self, Couple},
        database::Tx,
        enrollments, ledger,
    },
    transact,
};

use super::super::{
    fill_seats::{fill_seats, is_over},
    release_due::told_apart,
};

/// Every partner's time that is over. Returns how many there were.
pub(in crate::actions) async fn expire_couples(app: &App, now: Now) -> store::Result<usize> {
    let mut expired = 0;
    for over in couples::over(app.db.reader(), now.real).await? {
        expired += usize::from(told_apart("a partner's time", expire_couple(app, &over, now).await));
    }
    Ok(expired)
}

async fn expire_couple(app: &App, over: &Couple, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| expire(app, tx, over, now).await)
}

async fn expire(app: &App, tx: &Tx, over: &Couple, now: Now) -> store::Result<bool> {
    cohorts::lock(tx, over.cohort_id).await?;
    let Some(couple) = couples::holding(tx, over.id).await? else { return Ok(false) };
    let run_out = couple.respond_by.is_some_and(|until| until <= now.real);
    let (true, Ok(state)) = (run_out, couple.state.after(CoupleEvent::Expire)) else { return Ok(false) };
    let inviter = enrollments::holding(tx, couple.inviter_id).await?;
    let Some(cohort) = cohorts::anywhere(tx, couple.cohort_id).await? else { return Ok(false) };
    // Nobody chooses how to come to what is over or does not take place.
    let is_off = is_over(tx, &cohort, now).await?;
    let inviter = inviter.filter(|inviter| is_there(inviter.standing) && !is_off);
    let alone = couple.alone == 1;
    let undecided = Couple { state, respond_by: None, ..let_go(tx, couple, now).await? };
    let settled = match inviter {
        None => Couple { state: chosen(&undecided, Choice::Cancel), ..undecided },
        Some(_) if alone => Couple { state: chosen(&undecided, Choice::Alone), ..undecided },
        Some(inviter) => {
            let mail = letter(Occasion::PartnerMissing, &undecided, &inviter, now);
            ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
            undecided
        }
    };
    couples::save(tx, settled).await?;
    fill_seats(app, tx, over.cohort_id, now).await?;
    Ok(true)
}

fn chosen(couple: &Couple, choice: Choice) -> CoupleState {
    couple.state.after(CoupleEvent::Choose(choice)).unwrap_or(couple.state)
}

/// Whether there is still something to choose.
pub(super) fn is_there(standing: Standing) -> bool {
    standing.holds_seat() || matches!(standing, Standing::Waitlisted | Standing::Applied)
}
