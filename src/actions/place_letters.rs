//! How is a letter about somebody's place queued? Once for each time there is a reason to.

use crate::{
    app::App,
    clock::Now,
    domain::delivery::Occasion,
    store::{
        self,
        database::Tx,
        enrollments::Enrollment,
        ledger::{self, Queued, Recipient},
    },
};

/// To the person, about their place.
#[must_use]
pub fn about_place(occasion: Occasion, enrollment: &Enrollment, now: Now) -> Queued {
    Queued {
        subject: enrollment.id.0,
        object: enrollment.id.0,
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        ..Queued::now(enrollment.practice_id, occasion, Recipient::Participant(enrollment.participant_id), now)
    }
}

/// Queues it beside whatever was written for the same reason before: somebody may be offered a place, or
/// welcomed, more than once in a cohort's life. The caller holds the cohort's lock.
pub async fn write_another(app: &App, tx: &Tx, letter: Queued, now: Now) -> store::Result<()> {
    let last = ledger::last_generation(tx, letter.subject, letter.occasion, letter.object).await?;
    let letter = Queued { generation: last.map_or(0, |last| last + 1), ..letter };
    ledger::enqueue(tx, vec![letter.row(app.random.id(now.program), now)]).await?;
    Ok(())
}
