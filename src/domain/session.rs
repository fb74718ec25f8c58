//! When do people meet?

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

use super::{week::Week, zone::Zone};

/// How long a session may last, in minutes.
pub const SHORTEST_SESSION: u16 = 5;
pub const LONGEST_SESSION: u16 = 600;

/// Does the session take place?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    Planned,
    Canceled,
}

/// A live meeting's place in time: what the clocks of its zone show is the truth, instants follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub date: NaiveDate,
    pub time: NaiveTime,
    pub zone: Zone,
    /// Elapsed time, also over a change of clocks.
    pub minutes: u16,
}

/// The weekly meeting of a cohort, as a coach sets it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRule {
    weekday: Weekday,
    time: NaiveTime,
    minutes: u16,
    zone: Zone,
}

/// The session that belongs to the week with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedSession {
    pub week: u16,
    pub slot: Slot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "A session lasts between {SHORTEST_SESSION} and {LONGEST_SESSION} minutes; this one would last {0}. Change its length"
)]
pub struct BadLength(pub u16);

/// One session for each week that has one: the first such weekday on or after the week's first day.
#[must_use]
pub fn plan_sessions(weeks: &[Week], rule: &SessionRule) -> Vec<PlannedSession> {
    let teaching = weeks.iter().filter(|week| week.kind.has_session());
    teaching.map(|week| PlannedSession { week: week.number, slot: rule.slot_from(week.first_day) }).collect()
}

impl SessionRule {
    pub fn new(weekday: Weekday, time: NaiveTime, minutes: u16, zone: Zone) -> Result<Self, BadLength> {
        let minutes = length(minutes)?;
        Ok(Self { weekday, time, minutes, zone })
    }

    fn slot_from(&self, first_day: NaiveDate) -> Slot {
        let ahead = self.weekday.days_since(first_day.weekday());
        let date = first_day + Days::new(u64::from(ahead));
        Slot { date, time: self.time, zone: self.zone, minutes: self.minutes }
    }
}

/// A length in minutes that a session may have.
pub fn length(minutes: u16) -> Result<u16, BadLength> {
    if (SHORTEST_SESSION..=LONGEST_SESSION).contains(&minutes) { Ok(minutes) } else { Err(BadLength(minutes)) }
}

impl Slot {
    #[must_use]
    pub fn starts_at(&self) -> DateTime<Utc> {
        self.zone.resolve(self.date.and_time(self.time))
    }

    #[must_use]
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.starts_at() + TimeDelta::minutes(i64::from(self.minutes))
    }
}

impl SessionState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Canceled => "canceled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Planned, Self::Canceled].into_iter().find(|state| state.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::week::{Kind, weeks};

    fn rule(weekday: Weekday, hour: u32, minute: u32) -> SessionRule {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        SessionRule::new(weekday, time, 90, Zone::parse("Europe/Berlin").unwrap()).unwrap()
    }

    #[test]
    fn meets_once_in_each_teaching_week_at_the_same_local_hour() {
        let starts_on = NaiveDate::from_ymd_opt(2026, 10, 7).unwrap(); // a Wednesday
        let mut weeks = weeks(starts_on, 4, &[2]).unwrap();
        weeks[3].kind = Kind::CatchUp;
        let planned = plan_sessions(&weeks, &rule(Weekday::Tue, 18, 30));
        let read: Vec<_> = planned.iter().map(|p| (p.week, p.slot.starts_at().to_string())).collect();
        assert_eq!(
            read,
            [
                (1, "2026-10-13 16:30:00 UTC".to_owned()),
                (3, "2026-10-27 17:30:00 UTC".to_owned()),
                (5, "2026-11-10 17:30:00 UTC".to_owned()),
            ]
        );
        let same_day = plan_sessions(&weeks, &rule(Weekday::Wed, 18, 30));
        assert_eq!(same_day[0].slot.date, starts_on);
    }

    #[test]
    fn lasts_as_long_as_said_over_a_change_of_clocks() {
        let date = NaiveDate::from_ymd_opt(2026, 10, 25).unwrap();
        let slot = rule(Weekday::Sun, 1, 30).slot_from(date);
        assert_eq!(slot.ends_at() - slot.starts_at(), TimeDelta::minutes(90));
        assert_eq!(slot.zone.local(slot.ends_at()).to_string(), "2026-10-25 02:00:00");
    }

    #[test]
    fn refuses_lengths_nobody_meets_for() {
        for minutes in [0, 4, 601, u16::MAX] {
            let refused = SessionRule::new(Weekday::Mon, NaiveTime::MIN, minutes, Zone::utc());
            assert_eq!(refused, Err(BadLength(minutes)));
        }
        for minutes in [5, 600] {
            assert_eq!(length(minutes), Ok(minutes));
        }
    }

    #[test]
    fn reads_its_own_words() {
        for state in [SessionState::Planned, SessionState::Canceled] {
            assert_eq!(SessionState::parse(state.as_str()), Some(state));
        }
        assert_eq!(SessionState::parse("cancelled"), None);
    }
}
