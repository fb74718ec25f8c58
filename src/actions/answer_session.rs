//! A participant says that they cannot come to one session, or can after all. It is not leaving.

use crate::transact;
use crate::{
    app::App,
    domain::ids::{EnrollmentId, PracticeId, SessionId},
    store::{
        self, cohorts, enrollments,
        invites::{self, Invite},
        sessions,
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    CannotCome,
    /// Takes back what was said before.
    Comes,
}

impl Answer {
    /// As an invite keeps it; a calendar's own reply uses the same words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CannotCome => "declined",
            Self::Comes => "accepted",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this session is not one of this person's")]
    Unknown,
    #[error("this session is over")]
    Over,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

pub async fn answer_session(
    app: &App,
    of: (PracticeId, EnrollmentId),
    session: SessionId,
    answer: Answer,
) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, enrollment) = of;
    transact!(app.db, |tx| {
        let meeting = sessions::find(tx, practice, session).await?.ok_or(Refused::Unknown)?;
        // Whoever tells calendars writes the same rows.
        cohorts::lock(tx, meeting.cohort_id).await?;
        let enrollment = enrollments::find(tx, practice, enrollment).await?.ok_or(Refused::Unknown)?;
        if meeting.ends_at <= now.program {
            return Err(Refused::Over);
        }
        let known = invites::of_enrollment(tx, enrollment.id).await?;
        let newest = known.into_iter().rev().find(|invite| invite.session_id == session).ok_or(Refused::Unknown)?;
        Ok(invites::save(tx, Invite { rsvp: answer.as_str().to_owned(), ..newest }).await?)
    })
}
