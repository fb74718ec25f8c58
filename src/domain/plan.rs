//! What would a change of schedule do, before it is done?

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

pub use self::{
    effects::{CalendarCount, LessonLate, LessonMove, LessonOut, SessionMove},
    facts::{Attendee, Facts, Knows},
    refusal::Refusal,
};
use super::{
    ids::SessionId,
    name::Name,
    session::{SessionState, Slot},
    week::{Kind, Week},
    zone::Zone,
};

mod edit;
mod effects;
mod facts;
mod refusal;
mod summary;
#[cfg(test)]
mod tests;
mod weeks;

/// All of a cohort that a change of schedule may touch, as values: what undo puts back, and what it must find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub zone: Zone,
    pub starts_on: NaiveDate,
    /// When the group usually meets: what further weeks follow.
    pub weekday: Weekday,
    pub time: NaiveTime,
    pub minutes: u16,
    pub weeks: Vec<Week>,
    /// In any order; those of weeks that were taken off are canceled, never gone.
    pub sessions: Vec<Session>,
}

/// One session of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Below 2⁶⁴ where it is yet to be made: see [`Session::is_new`].
    pub id: SessionId,
    /// The n-th of the program; 0 for one that was added besides.
    pub ordinal: u16,
    /// The number of its week; 0 for one that was added besides.
    pub week: u16,
    pub title: Name,
    pub slot: Slot,
    pub state: SessionState,
}

/// One change that a coach may make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The whole of what is still to come, by as many days.
    MoveStart {
        to: NaiveDate,
    },
    /// Another weekday, time, length or zone, from this week on.
    Reslot {
        from_week: u16,
        weekday: Weekday,
        time: NaiveTime,
        minutes: u16,
        zone: Zone,
    },
    /// This week becomes a break, and it and all after it come a week later.
    InsertBreak {
        before: u16,
    },
    /// All after this break come a week sooner.
    RemoveBreak {
        week: u16,
    },
    MoveSession {
        session: SessionId,
        date: NaiveDate,
        time: NaiveTime,
        minutes: u16,
    },
    CancelSession {
        session: SessionId,
    },
    RestoreSession {
        session: SessionId,
    },
    /// One besides those of the weeks, in the cohort's zone.
    AddSession {
        date: NaiveDate,
        time: NaiveTime,
        minutes: u16,
        title: Name,
    },
    /// More weeks at the end.
    Extend {
        weeks: u16,
    },
    /// Fewer weeks at the end.
    Shorten {
        weeks: u16,
    },
}

/// What a change would do: the schedule as it would be, and everything a coach should know first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub after: Schedule,
    /// What the change is, as it follows `You `: `moved the start from … to …`.
    pub summary: String,
    pub moved: Vec<SessionMove>,
    pub added: Vec<Session>,
    pub canceled: Vec<Session>,
    pub restored: Vec<Session>,
    /// Sessions that are over or under way, and stay as they are.
    pub over: usize,
    pub lessons_moved: Vec<LessonMove>,
    pub lessons_out: Vec<LessonOut>,
    pub lessons_late: Vec<LessonLate>,
    /// Lessons that go out after the last session.
    pub lessons_after_end: Vec<u16>,
    /// Reminders at another time, no more, and not sent because their time is over.
    pub reminders: effects::Reminders,
    pub calendars: CalendarCount,
    /// A session that changes is so near that people are told at once.
    pub at_once: bool,
    /// Stands for all this was computed from; another one means that something changed since.
    pub fingerprint: String,
}

/// Computes what the change would do at `now`, or says why it cannot be.
pub fn plan(schedule: &Schedule, facts: &Facts<'_>, change: &Change, now: DateTime<Utc>) -> Result<Plan, Refusal> {
    let after = edit::edited(schedule, change, facts.titles, now)?;
    if after == *schedule {
        return Err(Refusal::Nothing);
    }
    Ok(effects::plan_of(schedule, after, (facts, change), now))
}

impl Schedule {
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// Sessions in an order of their own, so that equal schedules are equal.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.sessions.sort_by_key(|session| session.id);
        self
    }

    /// The last week that has lessons, from 1.
    #[must_use]
    pub fn last_week(&self) -> u16 {
        self.weeks.iter().map(|week| week.number).max().unwrap_or_default()
    }
}

/// Weeks without session and lesson that are new, and those that are none any more: their first days, as far as
/// they are not over on `today`.
#[must_use]
pub fn breaks_changed(was: &[Week], is: &[Week], today: NaiveDate) -> [Vec<NaiveDate>; 2] {
    let days = |weeks: &[Week]| -> BTreeSet<NaiveDate> {
        let breaks = weeks.iter().filter(|week| week.kind == Kind::Break);
        breaks.map(|week| week.first_day).filter(|day| *day + TimeDelta::weeks(1) > today).collect()
    };
    let (was, is) = (days(was), days(is));
    [is.difference(&was).copied().collect(), was.difference(&is).copied().collect()]
}

impl Session {
    /// Not in the database yet: its id is a number that only tells it from the others.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.id.0.as_u128() < 1 << 64
    }

    /// `Week 4`, or what it is besides: never its title, which may say too much.
    #[must_use]
    pub fn label(&self) -> String {
        label(i32::from(self.ordinal))
    }

    fn has_begun(&self, now: DateTime<Utc>) -> bool {
        self.slot.starts_at() <= now
    }

    fn is_planned(&self) -> bool {
        self.state == SessionState::Planned
    }
}

/// What a session is called where its title may not stand.
#[must_use]
pub fn label(ordinal: i32) -> String {
    if ordinal == 0 { "Extra session".to_owned() } else { format!("Week {ordinal}") }
}
