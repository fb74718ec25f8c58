//! Has this person had today's lesson or announcement of the program? Then the next waits for its turn.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::one_a_day::{self, WAITS, day_of, useful_until},
    store::{
        self,
        ledger::{self, Day, Delivery},
    },
    transact,
};

use super::compose::facts::{Facts, Reader};

/// The turn of this mail if it cannot go out today. What a coach sends again, and what was on the wire before, does
/// not wait.
pub(super) async fn next_turn(
    app: &App,
    row: &Delivery,
    facts: &Facts,
    now: Now,
) -> store::Result<Option<DateTime<Utc>>> {
    let is_again = row.generation < 0 || row.reason.as_deref() == Some(ledger::SENT_ANYWAY);
    let (Reader::Participant(person), Some(program)) = (&facts.reader, &facts.program) else { return Ok(None) };
    if !row.occasion.once_a_day() || is_again || row.frozen.is_some() {
        return Ok(None);
    }
    let day = Day { person: person.id, program: program.id, hours: day_of(now.program, person.zone) };
    let had_one = ledger::had_one_in(app.db.reader(), &day, row.id).await?;
    Ok(had_one.then(|| one_a_day::next_turn(row.due_at, now.program, person.zone)))
}

/// The claim goes back unspent, and what is waited for is written down.
pub(super) async fn wait_turn(app: &App, row: &Delivery, turn: DateTime<Utc>, now: Now) -> store::Result<()> {
    let until = useful_until(row.useful_until, turn);
    transact!(app.db, |tx| ledger::postpone(tx, row, (turn, until), WAITS, now).await)?;
    tracing::debug!(delivery = %row.id, occasion = %row.occasion, "waits for the next day");
    Ok(())
}
