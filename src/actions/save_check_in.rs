//! A participant answers the week's questions, or changes the answers.

use crate::transact;
use crate::{
    app::App,
    domain::{
        ids::{EnrollmentId, LessonId, PracticeId},
        session::SessionState,
    },
    store::{
        self,
        check_ins::{self, CheckIn},
        cohorts, enrollments, sessions,
    },
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this lesson is not one of this person's")]
    Unknown,
    #[error("the session has started, so the check-in is closed")]
    Closed,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Keeps the answers, one a question in the order of the questions, as a JSON list. They can be changed until
/// the lesson's session starts.
pub async fn save_check_in(
    app: &App,
    of: (PracticeId, EnrollmentId),
    lesson: LessonId,
    answers: &[String],
) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice_id, enrollment_id) = of;
    transact!(app.db, |tx| {
        let enrollment = enrollments::find(tx, practice_id, enrollment_id).await?.ok_or(Refused::Unknown)?;
        let lessons = cohorts::lessons_of(tx, enrollment.cohort_id).await?;
        let own = lessons.into_iter().find(|own| own.lesson_id == lesson).ok_or(Refused::Unknown)?;
        let meetings = sessions::of_cohort(tx, enrollment.cohort_id).await?;
        let started = meetings.iter().any(|meeting| {
            let is_own = meeting.ordinal == own.position && meeting.state == SessionState::Planned;
            is_own && meeting.starts_at <= now.program
        });
        if started {
            return Err(Refused::Closed);
        }
        let check_in = CheckIn {
            id: app.random.uuid(now.real),
            practice_id,
            enrollment_id,
            lesson_id: lesson,
            answers: serde_json::to_string(answers).expect("a list of text is JSON"),
            made_at: now.program,
            changed_at: now.program,
        };
        Ok(check_ins::save(tx, check_in).await?)
    })
}
