//! A coach notes who came to a session, who did not, and who was excused.

use crate::{
    app::App,
    domain::{
        cohort::Attendance,
        enrollment::Standing,
        ids::{EnrollmentId, PracticeId, SessionId},
    },
    store::{
        self,
        attendances::{self, Mark},
        enrollments::{self, Enrollment},
        sessions,
    },
    transact,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this session does not exist")]
    Unknown,
    #[error("the session has not begun: until then people can only be excused")]
    NotYet,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// What is noted of one person; `None`: nothing.
pub type Noted = (EnrollmentId, Option<Attendance>);

/// Whether somebody can be noted at a session: who takes part, or did to the end.
#[must_use]
pub fn is_listed(enrollment: &Enrollment) -> bool {
    matches!(enrollment.standing, Standing::Enrolled | Standing::Paused | Standing::Completed)
}

/// Notes all of it at once. Who is not in this cohort is passed over, and whoever is not named stays as noted.
pub async fn mark_attendance(
    app: &App,
    of: (PracticeId, SessionId),
    noted: &[Noted],
    actor: &str,
) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice_id, session_id) = of;
    transact!(app.db, |tx| {
        let session = sessions::find(tx, practice_id, session_id).await?.ok_or(Refused::Unknown)?;
        let here: Vec<EnrollmentId> =
            enrollments::of_cohort(tx, session.cohort_id).await?.iter().map(|enrollment| enrollment.id).collect();
        let noted = noted.iter().filter(|(id, _)| here.contains(id));
        let (mut marks, mut cleared) = (Vec::new(), Vec::new());
        for (enrollment_id, mark) in noted {
            match mark {
                Some(Attendance::Came | Attendance::Absent) if session.starts_at > now.program => {
                    return Err(Refused::NotYet);
                }
                Some(mark) => marks.push(Mark {
                    id: app.random.uuid(now.real),
                    practice_id,
                    enrollment_id: *enrollment_id,
                    session_id,
                    mark: *mark,
                    actor: actor.to_owned(),
                    marked_at: now.real,
                }),
                None => cleared.push(*enrollment_id),
            }
        }
        attendances::clear(tx, session_id, &cleared).await?;
        Ok::<_, Refused>(attendances::set(tx, marks).await?)
    })
}
