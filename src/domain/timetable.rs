//! What should happen in a cohort, and when?

use std::{cmp::min, collections::BTreeSet};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use self::history::{History, to_release};
use super::{
    ids::SessionId,
    schedule::{LessonClock, LessonTiming},
    session::SessionState,
    week::Week,
    zone::Zone,
};

pub mod history;
#[cfg(test)]
mod oracle;
pub mod preview;

/// How long after its time a lesson still helps.
pub const LESSON_USEFUL: TimeDelta = TimeDelta::hours(72);
/// How long before a session its two reminders are due.
pub const REMINDER_DAY: TimeDelta = TimeDelta::hours(24);
pub const REMINDER_HOUR: TimeDelta = TimeDelta::hours(1);

/// All that decides a cohort's timetable.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    pub zone: Zone,
    pub starts_on: NaiveDate,
    pub weeks: &'a [Week],
    pub rule: &'a LessonTiming,
    pub lesson_clock: LessonClock,
    /// Positions of the lessons that count, in any order; lessons of different tracks may share one.
    pub positions: &'a [u16],
    pub meetings: &'a [Meeting],
}

/// A session, as far as the timetable looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    pub id: SessionId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub state: SessionState,
    /// Added besides those of the weeks: no lesson belongs to it.
    pub is_extra: bool,
}

/// A kind of thing that happens by itself, and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    /// The lesson at this position goes out.
    Lesson { position: u16 },
    /// A reminder the day before a session.
    ReminderDay { session: SessionId },
    /// A reminder in the last hour.
    ReminderHour { session: SessionId },
}

/// One row of the timetable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub work: Work,
    /// Whom it is for: the participants of this zone; without one, everybody.
    pub zone: Option<Zone>,
    pub due_at: DateTime<Utc>,
    /// After this instant it is missed.
    pub useful_until: DateTime<Utc>,
}

/// Everything that should still happen, by time. `zones` are those of the participants; they count only if
/// lessons follow each participant's clock.
#[must_use]
pub fn timetable(course: &Course<'_>, zones: &[Zone], history: &History) -> Vec<Due> {
    let mut rows = lessons(course, zones, history);
    rows.extend(course.meetings.iter().flat_map(reminders));
    rows.sort_unstable_by_key(|row| (row.due_at, row.work, row.zone));
    rows
}

/// When a lesson is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// When the clock in use shows this.
    Civil(NaiveDateTime),
    /// For everybody at once, whatever their clocks show.
    Instant(DateTime<Utc>),
}

impl Moment {
    fn by(self, clock: Zone) -> DateTime<Utc> {
        match self {
            Self::Civil(local) => clock.resolve(local),
            Self::Instant(at) => at,
        }
    }
}

impl Course<'_> {
    /// The moments at which the n-th lesson may go out, rising.
    fn moments(&self) -> Box<dyn Iterator<Item = Moment> + '_> {
        match self.rule {
            LessonTiming::Rule(rule) => Box::new(rule.firings(self.starts_on, self.weeks).map(Moment::Civil)),
            LessonTiming::AfterSession { minutes } => {
                let wait = TimeDelta::minutes(i64::from(*minutes));
                Box::new(self.ends().map(move |ends_at| Moment::Instant(ends_at + wait)))
            }
        }
    }

    /// Each position with the moment of its release, in order.
    fn releases(&self) -> impl Iterator<Item = (u16, Moment)> {
        self.ordered().zip(self.moments())
    }

    /// Each position once, rising.
    fn ordered(&self) -> impl Iterator<Item = u16> + use<> {
        self.positions.iter().copied().collect::<BTreeSet<u16>>().into_iter()
    }

    /// When each session ends, in order of time, a canceled one as if it took place: its lesson is never lost.
    /// Beyond the last they go on weekly, by the cohort's clocks.
    fn ends(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let own = self.meetings.iter().filter(|meeting| !meeting.is_extra);
        let mut ends: Vec<_> = own.map(|meeting| meeting.ends_at).collect();
        ends.sort_unstable();
        let last = ends.last().map(|ends_at| self.zone.local(*ends_at));
        let weekly = (1..).map_while(move |week| last?.checked_add_days(Days::new(7 * week)));
        ends.into_iter().chain(weekly.map(|local| self.zone.resolve(local)))
    }
}

fn lessons(course: &Course<'_>, zones: &[Zone], history: &History) -> Vec<Due> {
    match (course.rule, course.lesson_clock) {
        (LessonTiming::AfterSession { .. }, _) | (LessonTiming::Rule(_), LessonClock::Cohort) => {
            lessons_by(course.zone, None, &to_release(course, None, history))
        }
        (LessonTiming::Rule(_), LessonClock::Participant) => {
            let zones: BTreeSet<Zone> = zones.iter().copied().collect();
            let by = |zone| lessons_by(zone, Some(zone), &to_release(course, Some(zone), history));
            zones.into_iter().flat_map(by).collect()
        }
    }
}

fn lessons_by(clock: Zone, zone: Option<Zone>, releases: &[(u16, Moment)]) -> Vec<Due> {
    let instants: Vec<_> = releases.iter().map(|(_, moment)| moment.by(clock)).collect();
    let rows = releases.iter().zip(&instants).enumerate().map(|(index, (&(position, _), &due_at))| {
        // Strictly later: where a zone skipped a day, two lessons are due at its end.
        let next = instants[index..].iter().find(|&&later| later > due_at);
        let stale = due_at + LESSON_USEFUL;
        let useful_until = next.map_or(stale, |&next| min(next, stale));
        Due { work: Work::Lesson { position }, zone, due_at, useful_until }
    });
    rows.collect()
}

fn reminders(meeting: &Meeting) -> Vec<Due> {
    let (session, starts_at) = (meeting.id, meeting.starts_at);
    let last_hour = starts_at - REMINDER_HOUR;
    let row = |work, due_at, useful_until| Due { work, zone: None, due_at, useful_until };
    match meeting.state {
        SessionState::Canceled => Vec::new(),
        SessionState::Planned => vec![
            row(Work::ReminderDay { session }, starts_at - REMINDER_DAY, last_hour),
            row(Work::ReminderHour { session }, last_hour, starts_at),
        ],
    }
}

impl Work {
    /// The word for the kind, without what it is about.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lesson { .. } => "lesson",
            Self::ReminderDay { .. } => "reminder_day",
            Self::ReminderHour { .. } => "reminder_hour",
        }
    }

    #[must_use]
    pub const fn position(self) -> Option<u16> {
        match self {
            Self::Lesson { position } => Some(position),
            Self::ReminderDay { .. } | Self::ReminderHour { .. } => None,
        }
    }

    #[must_use]
    pub const fn session(self) -> Option<SessionId> {
        match self {
            Self::Lesson { .. } => None,
            Self::ReminderDay { session } | Self::ReminderHour { session } => Some(session),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::week::weeks;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
    }

    fn read(rows: &[Due]) -> Vec<String> {
        let minute = |at: DateTime<Utc>| at.format("%m-%d %H:%M").to_string();
        let about = |work: Work| {
            work.position().map_or_else(|| work.session().unwrap().0.as_u128().to_string(), |p| p.to_string())
        };
        let row = |row: &Due| {
            let zone = row.zone.map_or("all".to_owned(), Zone::city);
            let (from, to) = (minute(row.due_at), minute(row.useful_until));
            format!("{from} {} {} {zone}, useful until {to}", row.work.as_str(), about(row.work))
        };
        rows.iter().map(row).collect()
    }

    fn meeting(number: u128, starts_at: &str, state: SessionState) -> Meeting {
        let starts_at = utc(starts_at);
        Meeting {
            id: SessionId(Uuid::from_u128(number)),
            starts_at,
            ends_at: starts_at + TimeDelta::minutes(75),
            state,
            is_extra: false,
        }
    }

    #[test]
    fn lists_lessons_and_reminders_by_time() {
        let starts_on = NaiveDate::from_ymd_opt(2026, 10, 19).unwrap();
        let course = Course {
            zone: zone("Europe/Berlin"),
            starts_on,
            weeks: &weeks(starts_on, 3, &[3]).unwrap(),
            rule: &LessonTiming::default(),
            lesson_clock: LessonClock::Cohort,
            positions: &[3, 1, 2, 2],
            meetings: &[
                meeting(71, "2026-10-20 16:30", SessionState::Planned),
                meeting(72, "2026-10-27 17:30", SessionState::Canceled),
                meeting(73, "2026-11-10 17:30", SessionState::Planned),
            ],
        };
        assert_eq!(
            read(&timetable(&course, &[zone("Asia/Tokyo")], &History::none())),
            [
                "10-19 05:00 lesson 1 all, useful until 10-22 05:00",
                "10-19 16:30 reminder_day 71 all, useful until 10-20 15:30",
                "10-20 15:30 reminder_hour 71 all, useful until 10-20 16:30",
                "10-26 06:00 lesson 2 all, useful until 10-29 06:00",
                "11-09 06:00 lesson 3 all, useful until 11-12 06:00",
                "11-09 17:30 reminder_day 73 all, useful until 11-10 16:30",
                "11-10 16:30 reminder_hour 73 all, useful until 11-10 17:30",
            ]
        );
    }

    #[test]
    fn releases_by_each_participants_clock_and_never_after_the_next() {
        let starts_on = NaiveDate::from_ymd_opt(2026, 10, 19).unwrap();
        let course = Course {
            zone: zone("Europe/Berlin"),
            starts_on,
            weeks: &weeks(starts_on, 1, &[]).unwrap(),
            rule: &LessonTiming::parse("0 7 * * MON,WED").unwrap(),
            lesson_clock: LessonClock::Participant,
            positions: &[1, 2],
            meetings: &[],
        };
        let zones = ["America/New_York", "Asia/Kathmandu", "America/New_York"].map(zone);
        assert_eq!(
            read(&timetable(&course, &zones, &History::none())),
            [
                "10-19 01:15 lesson 1 Kathmandu, useful until 10-21 01:15",
                "10-19 11:00 lesson 1 New York, useful until 10-21 11:00",
                "10-21 01:15 lesson 2 Kathmandu, useful until 10-24 01:15",
                "10-21 11:00 lesson 2 New York, useful until 10-24 11:00",
            ]
        );
        assert_eq!(timetable(&course, &[], &History::none()), []);
    }

    #[test]
    fn a_lesson_follows_its_session_wherever_that_goes_and_is_never_lost() {
        let starts_on = NaiveDate::from_ymd_opt(2026, 10, 19).unwrap();
        let weeks = weeks(starts_on, 3, &[]).unwrap();
        let planned = [
            meeting(71, "2026-10-20 16:30", SessionState::Planned),
            meeting(72, "2026-10-27 17:30", SessionState::Planned),
        ];
        let out = |meetings: &[Meeting]| {
            let course = Course {
                zone: zone("Europe/Berlin"),
                starts_on,
                weeks: &weeks,
                rule: &LessonTiming::AfterSession { minutes: 30 },
                // Everybody's at once: a session has no time of its own in each zone.
                lesson_clock: LessonClock::Participant,
                positions: &[1, 2, 3],
                meetings,
            };
            let mut rows = timetable(&course, &[zone("Asia/Tokyo")], &History::none());
            rows.retain(|row| row.work.position().is_some());
            read(&rows)
        };
        let as_planned = [
            "10-20 18:15 lesson 1 all, useful until 10-23 18:15",
            "10-27 19:15 lesson 2 all, useful until 10-30 19:15",
            "11-03 19:15 lesson 3 all, useful until 11-06 19:15",
        ];
        assert_eq!(out(&planned), as_planned);
        let mut canceled = planned;
        canceled[1].state = SessionState::Canceled;
        assert_eq!(out(&canceled), as_planned);
        let moved = [planned[0], meeting(72, "2026-10-29 08:00", SessionState::Planned)];
        assert_eq!(
            out(&moved),
            [
                "10-20 18:15 lesson 1 all, useful until 10-23 18:15",
                "10-29 09:45 lesson 2 all, useful until 11-01 09:45",
                "11-05 09:45 lesson 3 all, useful until 11-08 09:45",
            ]
        );
        let [first, second] = planned;
        let swapped = [meeting(71, "2026-10-29 08:00", SessionState::Planned), second];
        assert_eq!(out(&swapped)[0], "10-27 19:15 lesson 1 all, useful until 10-29 09:45", "lessons keep their order");
        let extra = Meeting { is_extra: true, ..meeting(73, "2026-10-24 08:00", SessionState::Planned) };
        assert_eq!(out(&[planned[0], extra, planned[1]]), as_planned, "one that was added besides times nothing");
        assert_eq!(out(&[]), [""; 0]);
        assert_eq!(out(&[first]).len(), 3);
    }
}
