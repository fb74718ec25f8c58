//! How do the weeks change, and which day of a week does a session keep?

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};

use super::{Refusal, Schedule};
use crate::domain::week::{BadWeeks, FIRST_YEAR, Kind, LAST_YEAR, MOST_WEEKS, Week};

/// Numbered from 1, seven days apart from `starts_on` on.
pub(super) fn numbered(starts_on: NaiveDate, kinds: impl IntoIterator<Item = Kind>) -> Vec<Week> {
    let week = |(number, kind): (u16, Kind)| Week {
        number,
        first_day: starts_on + Days::new(7 * u64::from(number - 1)),
        kind,
    };
    (1..).zip(kinds).map(week).collect()
}

/// Weeks that a cohort may have.
pub(super) fn checked(weeks: Vec<Week>) -> Result<Vec<Week>, Refusal> {
    let first = weeks.first().ok_or(BadWeeks::None)?.first_day;
    if !(FIRST_YEAR..=LAST_YEAR).contains(&first.year()) {
        return Err(BadWeeks::Year(first.year()).into());
    }
    if weeks.len() > usize::from(MOST_WEEKS) {
        return Err(BadWeeks::Many(weeks.len()).into());
    }
    Ok(weeks)
}

impl Schedule {
    pub(super) fn week(&self, number: u16) -> Result<&Week, Refusal> {
        self.weeks.iter().find(|week| week.number == number).ok_or(Refusal::NoWeek(number))
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.weeks.iter().map(|week| week.kind)
    }

    /// The first day of each week by its number.
    pub(super) fn first_days(&self) -> BTreeMap<u16, NaiveDate> {
        self.weeks.iter().map(|week| (week.number, week.first_day)).collect()
    }
}

/// Where a date of the week that began on `from` lies when that week begins on `to`: on the same weekday, and
/// as many weeks before or after as it was.
pub(super) fn carried(date: NaiveDate, from: NaiveDate, to: NaiveDate) -> NaiveDate {
    let weeks = (date - from).num_days().div_euclid(7);
    first_on(date.weekday(), to) + TimeDelta::weeks(weeks)
}

/// The first such weekday on or after a day.
pub(super) fn first_on(weekday: Weekday, day: NaiveDate) -> NaiveDate {
    day + Days::new(u64::from(weekday.days_since(day.weekday())))
}
