//! What besides the schedule decides what a change would do?

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::{
    enrollment::CalendarChoice,
    ids::{EnrollmentId, SessionId},
    invite::Told,
    name::Name,
    schedule::{LessonClock, LessonTiming},
    timetable::history::History,
    zone::Zone,
};

/// Everything a plan is computed from, beside the schedule itself.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub rule: &'a LessonTiming,
    pub lesson_clock: LessonClock,
    /// Positions of the lessons.
    pub positions: &'a [u16],
    /// The zones of those who take part, if lessons follow each participant's clock.
    pub zones: &'a [Zone],
    pub history: &'a History,
    pub people: &'a [Attendee],
    /// What the sessions of further weeks are called, by ordinal.
    pub titles: &'a [(u16, Name)],
}

/// Somebody who takes part, and what they know.
#[derive(Debug, Clone, Serialize)]
pub struct Attendee {
    pub enrollment: EnrollmentId,
    pub name: Name,
    pub calendar: CalendarChoice,
    /// Mail to them comes back: neither words nor invites arrive.
    pub is_unreachable: bool,
    pub knows: Vec<Knows>,
}

/// What one person and their calendar were told of one session.
#[derive(Debug, Clone, Serialize)]
pub struct Knows {
    pub session: SessionId,
    /// What mail or page said: from when to when it is; `None` if it is not.
    pub told: Option<(DateTime<Utc>, DateTime<Utc>)>,
    #[serde(serialize_with = "as_text")]
    pub calendar: Told,
}

fn as_text<S: serde::Serializer>(told: &Told, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{told:?}"))
}
