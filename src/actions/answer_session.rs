//! A participant says that they cannot come to one session, or can after all. It is not leaving.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        ids::{EnrollmentId, PracticeId, SessionId},
        rsvp::{Act, Weight},
    },
    store::{
        self,
        calendar_answers::{self, CalendarAnswerRow},
        cohorts,
        database::Tx,
        enrollments,
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
        note_own_answer(app, tx, (&newest, answer), now).await?;
        Ok(invites::save(tx, Invite { rsvp: answer.as_str().to_owned(), ..newest }).await?)
    })
}

/// Beside what calendars answer, so that the later one counts, whichever way it came.
async fn note_own_answer(app: &App, tx: &Tx, of: (&Invite, Answer), now: Now) -> store::Result<()> {
    let (invite, answer) = of;
    let act = match answer {
        Answer::CannotCome => Act::Declined,
        Answer::Comes => Act::Accepted,
    };
    calendar_answers::overtake(tx, invite.id).await?;
    let id = app.random.uuid(now.real);
    let row = CalendarAnswerRow {
        id,
        practice_id: invite.practice_id,
        invite_id: invite.id,
        digest: id.to_string(),
        act,
        weight: Weight::Counts,
        sequence: invite.sequence,
        stamped_at: now.program,
        note: String::new(),
        made_at: now.program,
    };
    calendar_answers::note(tx, row).await?;
    Ok(())
}
