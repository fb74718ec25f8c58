//! What do the variables of a lesson stand for, for one person? The same in the mail and on the page.

use chrono::{DateTime, Utc};

use super::times;
use crate::{
    domain::{
        lesson::{Lesson, LessonFacts},
        session::SessionState,
        zone::Zone,
    },
    links::Links,
    store::{cohorts::Cohort, practices::Practice, programs::ProgramRow, sessions::SessionRow},
};

/// Who reads, and where they stand.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub practice: &'a Practice,
    pub program: &'a ProgramRow,
    pub cohort: &'a Cohort,
    /// What the reader is called.
    pub name: &'a str,
    pub zone: Zone,
}

/// `of` is the lesson, or none for a text about the whole program, and all sessions of the cohort; `now` is
/// program time. The session named is the lesson's own while it is to come, else the next.
#[must_use]
pub fn lesson_facts(
    links: &Links,
    setting: &Setting<'_>,
    of: (Option<&Lesson>, &[SessionRow]),
    now: DateTime<Utc>,
) -> LessonFacts {
    let (lesson, meetings) = of;
    let week = lesson.map_or(1, |lesson| lesson.week);
    let planned = |meeting: &&SessionRow| meeting.state == SessionState::Planned && meeting.ends_at > now;
    let own = meetings.iter().find(|meeting| meeting.ordinal == i32::from(week)).filter(planned);
    let meeting = own.or_else(|| meetings.iter().find(planned));
    let when = |meeting: &SessionRow| times::when(meeting.starts_at, meeting.ends_at, setting.zone);
    LessonFacts {
        name: setting.name.to_owned(),
        coach: setting.practice.first_name.expose().to_owned(),
        week,
        weeks: setting.program.content.0.weeks,
        session_when: meeting.map_or_else(|| "at a time still to be set".to_owned(), when),
        session_title: meeting.map(|meeting| meeting.title.expose().to_owned()).unwrap_or_default(),
        check_in_link: links.to(&format!("/p/check-in/{week}")),
        my_program_link: links.my_program(),
        crisis_line: setting.cohort.crisis_line.clone(),
    }
}
