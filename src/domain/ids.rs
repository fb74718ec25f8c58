//! What is each thing called, so that no id can be mistaken for another's?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A tenant: a coach or a team.
    PracticeId,
    CoachId,
    ProgramId,
    /// A lesson of a program, the same in every cohort's copy of it.
    LessonId,
    CohortId,
    /// One cohort's own copy of a lesson.
    CohortLessonId,
    WeekId,
    SessionId,
    ParticipantId,
    /// A person's way through a program; it outlives the cohort.
    JourneyId,
    EnrollmentId,
    InviteId,
    DeliveryId,
    LoginId,
    TimetableId,
    AnnouncementId,
}
