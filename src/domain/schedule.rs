//! At which local times are lessons released?

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};
use cron::{Schedule, TimeUnitSpec};
use serde::{Deserialize, Serialize};

use self::fields::{check, name, out_of_range, unreadable, weekdays};
use super::week::Week;

mod fields;
mod timing;

pub use timing::{LONGEST_WAIT, LessonTiming};

/// A lesson schedule: five cron fields in civil time, at most one firing a day. The n-th firing releases
/// the n-th lesson. Day and weekday, if both are given, must both hold (`0 7 1-7 * MON` is the first
/// Monday of a month).
#[derive(Debug, Clone)]
pub struct LessonRule {
    expression: String,
    /// Evaluated over civil time that is called UTC, never in a zone: the crate skips a time that does not
    /// exist and fires twice at one that comes twice.
    schedule: Schedule,
}

/// By whose clock are lessons released?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LessonClock {
    Cohort,
    Participant,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    #[error(
        "A lesson schedule has five fields: minute, hour, day, month, weekday; this one has {0}. Write for example 0 7 * * MON"
    )]
    FieldCount(usize),
    #[error(
        "This schedule has six fields, but seconds are ours. Leave out the first field and write for example 0 7 * * MON"
    )]
    Seconds,
    #[error(
        "Write weekdays by name, MON and not 1: programs number the days differently. Several days are MON,THU or MON-FRI"
    )]
    NumberedWeekday,
    #[error("The {field} of this schedule, “{text}”, cannot be read. Write for example 0 7 * * MON")]
    Field { field: &'static str, text: String },
    #[error(
        "This schedule fires {0} times on one day, and people get at most one lesson a day. Give one minute and one hour"
    )]
    Often(u32),
    #[error("This schedule never fires: no month has such a day. Choose another day or month")]
    Never,
    #[error("This schedule does not fire in every year. Choose days that come at least once a year")]
    Rare,
    #[error("After a session, write for example session end + 30 min. The wait is at most seven days, 10080 minutes")]
    AfterSession,
}

/// The longest expression we read, in characters.
const LONGEST: usize = 200;

impl LessonRule {
    /// Parses five cron fields as a coach writes them.
    pub fn parse(text: &str) -> Result<Self, BadRule> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(if fields.len() == 6 { BadRule::Seconds } else { BadRule::FieldCount(fields.len()) });
        };
        if text.len() > LONGEST {
            return Err(unreadable("text", text));
        }
        for (field, text) in [("minute", minute), ("hour", hour), ("day", day), ("month", month)] {
            check(field, text)?;
        }
        let weekdays = weekdays(weekday)?;
        let expression = fields.join(" ").to_uppercase();
        let six = format!("0 {minute} {hour} {} {month} {weekdays}", day.replace('?', "*"));
        let schedule = Schedule::from_str(&six).map_err(|_| out_of_range([minute, hour, day, month]))?;
        let times = schedule.minutes().count() * schedule.hours().count();
        if times > 1 {
            return Err(BadRule::Often(times));
        }
        let rule = Self { expression, schedule };
        rule.check_years()?;
        Ok(rule)
    }

    /// The rule *every such weekday at this time*; seconds are dropped.
    #[must_use]
    pub fn from_weekday(weekday: Weekday, time: NaiveTime) -> Self {
        let expression = format!("{} {} * * {}", time.minute(), time.hour(), name(weekday));
        Self::parse(&expression).expect("one minute, one hour and one weekday are a rule that fires every week")
    }

    /// Weekday and time, if the rule is as simple as that.
    #[must_use]
    pub fn as_weekday(&self) -> Option<(Weekday, NaiveTime)> {
        let schedule = &self.schedule;
        if !schedule.days_of_month().is_all() || !schedule.months().is_all() || schedule.days_of_week().count() != 1 {
            return None;
        }
        let from_sunday = schedule.days_of_week().iter().next()?;
        let weekday = Weekday::try_from(u8::try_from((from_sunday + 5) % 7).ok()?).ok()?;
        Some((weekday, self.time()))
    }

    /// The one time of day at which it fires.
    #[must_use]
    pub fn time(&self) -> NaiveTime {
        let (hour, minute) = (self.schedule.hours().iter().next(), self.schedule.minutes().iter().next());
        NaiveTime::from_hms_opt(hour.unwrap_or_default(), minute.unwrap_or_default(), 0).unwrap_or(NaiveTime::MIN)
    }

    /// The five fields, in upper case with one space between.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The civil times of the firings that count: from 00:00 of the start date on, rising, none in a break
    /// week. They go on after the last week, to the year 2100.
    pub fn firings<'a>(&'a self, starts_on: NaiveDate, weeks: &'a [Week]) -> impl Iterator<Item = NaiveDateTime> + 'a {
        self.all_after(starts_on.and_time(NaiveTime::MIN) - TimeDelta::seconds(1)).filter(move |firing| {
            !weeks.iter().any(|week| !week.kind.releases_lessons() && week.contains(firing.date()))
        })
    }

    fn all_after(&self, civil: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> + '_ {
        self.schedule.after_owned(civil.and_utc()).map(|firing| firing.naive_utc())
    }

    /// 28 years in a row hold every kind of year: each of them must see a firing.
    fn check_years(&self) -> Result<(), BadRule> {
        let next = |year| {
            let eve = NaiveDate::from_ymd_opt(year - 1, 12, 31).expect("every year has a last day");
            let last_second = NaiveTime::from_hms_opt(23, 59, 59).expect("every day has a last second");
            self.all_after(eve.and_time(last_second)).next()
        };
        if next(2001).is_none() {
            return Err(BadRule::Never);
        }
        if (2001..=2028).all(|year| next(year).is_some_and(|firing| firing.year() == year)) {
            Ok(())
        } else {
            Err(BadRule::Rare)
        }
    }
}

impl Default for LessonRule {
    /// Mondays at 07:00.
    fn default() -> Self {
        let seven = NaiveTime::from_hms_opt(7, 0, 0).expect("every day has a seventh hour");
        Self::from_weekday(Weekday::Mon, seven)
    }
}

impl PartialEq for LessonRule {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl Eq for LessonRule {}

impl fmt::Display for LessonRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression)
    }
}

impl LessonClock {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cohort => "cohort",
            Self::Participant => "participant",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cohort, Self::Participant].into_iter().find(|clock| clock.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::week::weeks;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn first(expression: &str, starts_on: NaiveDate, count: usize) -> Vec<String> {
        let rule = LessonRule::parse(expression).unwrap();
        let firings: Vec<_> = rule.firings(starts_on, &[]).take(count).collect();
        firings.iter().map(|firing| firing.format("%a %Y-%m-%d %H:%M").to_string()).collect()
    }

    #[test]
    fn fires_as_written() {
        let monday = day(2026, 11, 2);
        for (expression, firings) in [
            ("0 7 * * MON", ["Mon 2026-11-02 07:00", "Mon 2026-11-09 07:00"]),
            ("  30  18 * * tue,Thursday ", ["Tue 2026-11-03 18:30", "Thu 2026-11-05 18:30"]),
            ("0 0 * * *", ["Mon 2026-11-02 00:00", "Tue 2026-11-03 00:00"]),
            ("5 6 ? * SAT-SUN", ["Sat 2026-11-07 06:05", "Sun 2026-11-08 06:05"]),
            ("0 7 * * FRI-MON", ["Mon 2026-11-02 07:00", "Fri 2026-11-06 07:00"]),
            ("0 7 1,15 * ?", ["Sun 2026-11-15 07:00", "Tue 2026-12-01 07:00"]),
            ("0 7 1-7 * MON", ["Mon 2026-11-02 07:00", "Mon 2026-12-07 07:00"]),
            ("0 7 */10 jan,2 *", ["Fri 2027-01-01 07:00", "Mon 2027-01-11 07:00"]),
        ] {
            assert_eq!(first(expression, monday, 2), firings, "{expression}");
        }
    }

    #[test]
    fn counts_from_midnight_of_the_start() {
        assert_eq!(first("0 0 * * MON", day(2026, 11, 2), 1), ["Mon 2026-11-02 00:00"]);
        assert_eq!(first("0 7 * * MON", day(2026, 11, 3), 1), ["Mon 2026-11-09 07:00"]);
    }

    #[test]
    fn refuses_with_the_reason() {
        let field = |field, text: &str| BadRule::Field { field, text: text.to_owned() };
        for (text, why) in [
            ("", BadRule::FieldCount(0)),
            ("@weekly", BadRule::FieldCount(1)),
            ("0 7 * *", BadRule::FieldCount(4)),
            ("0 0 7 * * MON", BadRule::Seconds),
            ("0 0 7 * * MON 2027", BadRule::FieldCount(7)),
            ("0 7 * * 1", BadRule::NumberedWeekday),
            ("0 7 * * 0-4", BadRule::NumberedWeekday),
            ("0 7 * * */2", BadRule::NumberedWeekday),
            ("0 7 * * MOON", field("weekday", "MOON")),
            ("0 7 * * MON,", field("weekday", "MON,")),
            ("0 25 * * MON", field("hour", "25")),
            ("60 7 * * MON", field("minute", "60")),
            ("0 7 0 * MON", field("day", "0")),
            ("0 7 * 13 MON", field("month", "13")),
            ("0 7 * FEBRUARI MON", field("month", "FEBRUARI")),
            ("0 7 */0 * MON", field("day", "*/0")),
            ("0 -7 * * MON", field("hour", "-7")),
            // the crate would glue or split these
            ("0 7* * MON 2030", field("hour", "7*")),
            ("0 7 ** * MON", field("day", "**")),
            ("0, 7 * * MON", field("minute", "0,")),
            ("0 7 L * MON", field("day", "L")),
            ("0 \u{663} * * MON", field("hour", "\u{663}")),
            ("* 7 * * MON", BadRule::Often(60)),
            ("0,30 7 * * MON", BadRule::Often(2)),
            ("0 7,19 * * MON", BadRule::Often(2)),
            ("*/20 */12 * * MON", BadRule::Often(6)),
            ("0 7 31 2 *", BadRule::Never),
            ("0 7 29 2 *", BadRule::Rare),
            ("0 7 13 10 FRI", BadRule::Rare),
        ] {
            assert_eq!(LessonRule::parse(text), Err(why), "{text}");
        }
        let endless = format!("0{} 7 * * MON", ",0".repeat(100_000));
        assert!(matches!(LessonRule::parse(&endless), Err(BadRule::Field { text, .. }) if text.len() == 40));
    }

    #[test]
    fn a_weekday_and_a_time_is_a_rule_and_back() {
        let time = NaiveTime::from_hms_opt(18, 5, 0).unwrap();
        for weekday in [Weekday::Mon, Weekday::Wed, Weekday::Sat, Weekday::Sun] {
            let rule = LessonRule::from_weekday(weekday, time);
            assert_eq!(rule.as_weekday(), Some((weekday, time)), "{rule}");
            assert_eq!(LessonRule::parse(rule.expression()), Ok(rule));
        }
        assert_eq!(LessonRule::default().expression(), "0 7 * * MON");
        for expression in ["0 7 * * MON,TUE", "0 7 1-7 * MON", "0 7 * 1 MON", "0 7 * * *"] {
            assert_eq!(LessonRule::parse(expression).unwrap().as_weekday(), None, "{expression}");
        }
    }

    #[test]
    fn reads_its_own_words() {
        for clock in [LessonClock::Cohort, LessonClock::Participant] {
            assert_eq!(LessonClock::parse(clock.as_str()), Some(clock));
        }
        assert_eq!(LessonClock::parse("utc"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn fires_on_exactly_the_days_that_match(
            offset in 0_u64..34_000, days in prop::collection::btree_set(0_u8..7, 1..4), hour in 0_u32..24,
            minute in 0_u32..60, teach_weeks in 1_u16..8, breaks in prop::collection::vec(1_u16..8, 0..3),
        ) {
            let starts_on = day(2000, 1, 1) + Days::new(offset);
            let Ok(weeks) = weeks(starts_on, teach_weeks, &breaks) else { return Ok(()) };
            let days: Vec<_> = days.into_iter().map(|day| Weekday::try_from(day).unwrap()).collect();
            let names: Vec<_> = days.iter().map(|day| name(*day)).collect();
            let rule = LessonRule::parse(&format!("{minute} {hour} * * {}", names.join(","))).unwrap();
            let expected: Vec<_> = starts_on
                .iter_days()
                .filter(|date| days.contains(&date.weekday()))
                .filter(|date| !breaks.contains(&u16::try_from((*date - starts_on).num_days() / 7 + 1).unwrap()))
                .map(|date| date.and_hms_opt(hour, minute, 0).unwrap())
                .take(20)
                .collect();
            prop_assert_eq!(rule.firings(starts_on, &weeks).take(20).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn never_panics(text in "[0-9*?,/ A-Za-z-]{0,24}", other in "\\PC{0,40}") {
            let _ = LessonRule::parse(&text);
            let _ = LessonRule::parse(&other);
        }
    }
}
