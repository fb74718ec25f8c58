//! Somebody corrects what they answered when they enrolled.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    domain::{
        ids::{EnrollmentId, PracticeId},
        program::intake::Answered,
        session::SessionState,
    },
    store::{
        self,
        enrollments::{self, Enrollment},
        sessions::{self, SessionRow},
    },
    transact,
};

use super::keep_papers::keep_answers;

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this place is not one of this person's")]
    Unknown,
    #[error("the first session has started, so the answers stay as they are")]
    Closed,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// When answers stop changing: as the first session starts that the person can come to. None: there is none.
#[must_use]
pub fn answers_close_at(enrollment: &Enrollment, meetings: &[SessionRow]) -> Option<DateTime<Utc>> {
    let came = enrollment.confirmed_at.unwrap_or(enrollment.asked_at);
    let theirs = meetings.iter().filter(|meeting| meeting.state == SessionState::Planned && meeting.starts_at > came);
    theirs.map(|meeting| meeting.starts_at).min()
}

pub async fn save_answers(app: &App, of: (PracticeId, EnrollmentId), answers: &[Answered]) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    transact!(app.db, |tx| {
        let enrollment = enrollments::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        let meetings = sessions::of_cohort(tx, enrollment.cohort_id).await?;
        if answers_close_at(&enrollment, &meetings).is_some_and(|closes| closes <= now.program) {
            return Err(Refused::Closed);
        }
        Ok(keep_answers(app, tx, &enrollment, answers, now.program).await?)
    })
}
