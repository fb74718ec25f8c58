//! The coach hears who left, moved, pauses or is back: one mail for ten minutes, and no reasons.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::delivery::Occasion,
    store::{
        self, coaches,
        database::Tx,
        enrollments::Enrollment,
        ledger::{self, Queued, Recipient},
    },
};

/// What happens within one such span of program time is one mail.
pub const TOGETHER: TimeDelta = TimeDelta::minutes(10);

/// The span an instant lies in: its first instant, and the first after it.
#[must_use]
pub fn span(at: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let seconds = TOGETHER.num_seconds();
    let from = DateTime::from_timestamp(at.timestamp().div_euclid(seconds) * seconds, 0).unwrap_or(at);
    (from, from + TOGETHER)
}

/// Queues the mail to every coach; what it says is read when it is written.
pub async fn tell_coach(app: &App, tx: &Tx, changed: &Enrollment, now: Now) -> store::Result<()> {
    if changed.actor != BY_PARTICIPANT && changed.actor != BY_ITSELF {
        return Ok(());
    }
    let (from, due_at) = span(now.program);
    let mail = |coach: coaches::Coach| {
        let mail = Queued {
            object: changed.cohort_id.0,
            generation: i32::try_from(from.timestamp() / TOGETHER.num_seconds()).unwrap_or(i32::MAX),
            cohort: Some(changed.cohort_id),
            due_at,
            params: serde_json::json!({ "from": from, "to": due_at }),
            ..Queued::now(changed.practice_id, Occasion::RosterChanged, Recipient::Coach(coach.id), now)
        };
        mail.row(app.random.id(now.program), now)
    };
    let rows = coaches::of_practice(tx, changed.practice_id).await?.into_iter().map(mail).collect();
    ledger::enqueue(tx, rows).await?;
    Ok(())
}

/// Who changed it, as an enrollment names them: what a coach did themselves is no news.
pub const BY_PARTICIPANT: &str = "participant";
pub const BY_ITSELF: &str = "Trellis";
