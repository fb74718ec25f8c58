//! Has this person had today's lesson or announcement of the program? Then the next waits for its turn.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        offer::{is_night, morning_after},
        one_a_day::{self, WAITS, WAITS_BY_DAY, useful_until},
        zone::Zone,
    },
    store::{
        self,
        ledger::{self, Delivery},
    },
    transact,
};

use super::compose::facts::{Facts, Reader};

/// The turn of this mail if it cannot go out today. What a coach sends again, and what was on the wire before, does
/// not wait.
pub(super) fn next_turn(row: &Delivery, facts: &Facts, now: Now) -> Option<DateTime<Utc>> {
    let is_again = row.generation < 0 || row.reason.as_deref() == Some(ledger::SENT_ANYWAY);
    let (Reader::Participant(person), Some(_)) = (&facts.reader, &facts.program) else { return None };
    if !row.occasion.once_a_day() || is_again || row.frozen.is_some() || row.stencil_id.is_some() {
        return None;
    }
    if facts.had_one_today {
        return Some(one_a_day::next_turn(row.due_at, now.program, person.zone));
    }
    wakes(row, person.zone, now.program).then(|| morning_after(now.program, person.zone))
}

/// A lesson has a time that its reader knows of; an announcement that is late by some hours wakes nobody.
fn wakes(row: &Delivery, zone: Zone, now: DateTime<Utc>) -> bool {
    row.occasion == Occasion::Announcement && is_night(now, zone)
}

/// The claim goes back unspent, and what is waited for is written down.
pub(super) async fn wait_turn(app: &App, row: &Delivery, turn: DateTime<Utc>, now: Now) -> store::Result<()> {
    let until = useful_until(row.useful_until, turn);
    let why = if row.occasion == Occasion::Announcement { WAITS_BY_DAY } else { WAITS };
    transact!(app.db, |tx| ledger::postpone(tx, row, (turn, until), why, now).await)?;
    tracing::debug!(delivery = %row.id, occasion = %row.occasion, "waits for its turn");
    Ok(())
}
