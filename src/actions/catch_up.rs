//! Lessons that went out before somebody could have them come in one mail, and never what they had.

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::{Occasion, State},
        ids::DeliveryId,
        reach::CAME_ALONG,
    },
    store::{
        self,
        cohorts::{Cohort, CohortLesson},
        database::Tx,
        enrollments::Enrollment,
        ledger::{self, Delivery, Queued, Recipient},
    },
};

use super::own_lessons::{Own, own_lessons};

/// Why somebody has lessons to catch up on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    Joined,
    Paused,
    Moved,
}

/// Queues the one mail with everything that is out and was not had; nothing where nothing is missing. The
/// caller holds the cohort's lock.
pub async fn catch_up(
    app: &App,
    tx: &Tx,
    of: (&Cohort, &Enrollment),
    since: Since,
    now: Now,
) -> store::Result<Vec<CohortLesson>> {
    let missed: Vec<Own> =
        still_to_come(tx, of.0, of.1).await?.into_iter().filter(|own| own.is_out(now.program)).collect();
    let lessons: Vec<CohortLesson> = missed.into_iter().map(|own| own.lesson).collect();
    send_together(app, tx, of.1, (&lessons, since), now).await?;
    Ok(lessons)
}

/// The person's own lessons whose keys nothing holds.
pub async fn still_to_come(tx: &Tx, cohort: &Cohort, enrollment: &Enrollment) -> store::Result<Vec<Own>> {
    let keys = ledger::lessons_of_journey(tx, enrollment.journey_id).await?;
    let is_taken = |own: &Own| keys.iter().any(|row| row.object_id == own.lesson.lesson_id.0);
    Ok(own_lessons(tx, cohort, enrollment).await?.into_iter().filter(|own| !is_taken(own)).collect())
}

/// One mail; each lesson's key is kept, so that no later release or move sends it again.
pub async fn send_together(
    app: &App,
    tx: &Tx,
    enrollment: &Enrollment,
    (lessons, since): (&[CohortLesson], Since),
    now: Now,
) -> store::Result<()> {
    if lessons.is_empty() {
        return Ok(());
    }
    let (journey, cohort) = (enrollment.journey_id.0, enrollment.cohort_id.0);
    let last = ledger::last_generation(tx, journey, Occasion::CatchUp, cohort).await?;
    let ids: Vec<_> = lessons.iter().map(|lesson| lesson.id).collect();
    let mail = Queued {
        subject: journey,
        object: cohort,
        generation: last.map_or(0, |last| last + 1),
        params: serde_json::json!({ "lessons": ids, "since": since }),
        ..about(Occasion::CatchUp, enrollment, now)
    };
    let mail = mail.row(app.random.id(now.program), now);
    let mut rows: Vec<Delivery> =
        lessons.iter().map(|lesson| came_along(app, enrollment, lesson, mail.id, now)).collect();
    rows.push(mail);
    ledger::enqueue(tx, rows).await?;
    Ok(())
}

fn about(occasion: Occasion, enrollment: &Enrollment, now: Now) -> Queued {
    Queued {
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        ..Queued::now(enrollment.practice_id, occasion, Recipient::Participant(enrollment.participant_id), now)
    }
}

fn came_along(app: &App, enrollment: &Enrollment, lesson: &CohortLesson, mail: DeliveryId, now: Now) -> Delivery {
    let queued = Queued {
        subject: enrollment.journey_id.0,
        object: lesson.lesson_id.0,
        params: serde_json::json!({ "catch_up": mail }),
        ..about(Occasion::Lesson, enrollment, now)
    };
    let row = queued.row(app.random.id(now.program), now);
    Delivery { state: State::Skipped, reason: Some(CAME_ALONG.to_owned()), ..row }
}
