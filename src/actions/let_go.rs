//! Nobody confirmed, accepted or answered in time: the seat goes to the next in line.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::enrollment::{Event, Standing},
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
    },
};

use super::{fill_seats::fill_seats, release_due::told_apart};

/// Every hold that ran out. Returns how many places were let go.
pub async fn let_go(app: &App, now: Now) -> store::Result<usize> {
    let mut gone = 0;
    for held in enrollments::with_hold_over(app.db.reader(), now.real).await? {
        let outcome = let_one_go(app, &held, now).await;
        gone += usize::from(told_apart("a hold that ran out", outcome));
    }
    Ok(gone)
}

async fn let_one_go(app: &App, held: &Enrollment, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| end(app, tx, held, now).await)
}

async fn end(app: &App, tx: &Tx, held: &Enrollment, now: Now) -> store::Result<bool> {
    cohorts::lock(tx, held.cohort_id).await?;
    let Some(held) = enrollments::holding(tx, held.id).await? else {
        return Ok(false);
    };
    let over = held.hold_until.is_some_and(|until| until <= now.real);
    let (true, Ok(standing)) = (over, held.standing.after(Event::Expire)) else {
        return Ok(false);
    };
    let (reason, hold_until) = if held.standing == Standing::Pending {
        ("not confirmed in time", None)
    } else {
        // Until when it was held is said on the page behind the link.
        ("not answered in time", held.hold_until)
    };
    let lapsed = Enrollment {
        standing,
        seat: None,
        hold_until,
        changed_at: now.program,
        actor: "Trellis".to_owned(),
        reason: reason.to_owned(),
        ..held.clone()
    };
    enrollments::save(tx, held.standing, lapsed).await?;
    if held.seat.is_some() {
        cohorts::give_seat_back(tx, held.cohort_id).await?;
    }
    fill_seats(app, tx, held.cohort_id, now).await?;
    Ok(true)
}
