//! Half of the time is over, and a place is still held: one mail says so, and never at night.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        enrollment::Standing,
        offer::{is_night, remind_at},
        zone::Zone,
    },
    store::{
        self, cohorts,
        enrollments::{self, Enrollment},
        holds,
        ledger::Queued,
        participants,
    },
};

use super::{
    place_letters::{about_place, write_another},
    release_due::told_apart,
};

/// Returns how many people are reminded.
pub async fn remind_holds(app: &App, now: Now) -> store::Result<usize> {
    let mut reminded = 0;
    for held in holds::not_reminded(app.db.reader(), now.real).await? {
        let person = participants::holding(app.db.reader(), held.participant_id).await?;
        if person.is_some_and(|person| is_time(&held, person.zone, now)) {
            let outcome = remind(app, &held, now).await;
            reminded += usize::from(told_apart("a reminder of a place", outcome));
        }
    }
    Ok(reminded)
}

fn is_time(held: &Enrollment, zone: Zone, now: Now) -> bool {
    let (Some(offered_at), Some(until)) = (held.offered_at, held.hold_until) else { return false };
    // After downtime the time may have passed in the night.
    remind_at(offered_at, until, zone).is_some_and(|at| at <= now.real) && !is_night(now.real, zone)
}

async fn remind(app: &App, held: &Enrollment, now: Now) -> store::Result<bool> {
    transact!(app.db, |tx| {
        cohorts::lock(tx, held.cohort_id).await?;
        let Some(held) = enrollments::holding(tx, held.id).await? else { return Ok(false) };
        let still_held = matches!(held.standing, Standing::Offered | Standing::Accepted);
        if !still_held || held.reminded_at.is_some() || held.hold_until.is_none_or(|until| until <= now.real) {
            return Ok(false);
        }
        let reminded = Enrollment { reminded_at: Some(now.real), ..held.clone() };
        enrollments::save(tx, held.standing, reminded).await?;
        let letter = Queued { useful_until: held.hold_until, ..about_place(Occasion::PlaceReminder, &held, now) };
        write_another(app, tx, letter, now).await?;
        Ok(true)
    })
}
