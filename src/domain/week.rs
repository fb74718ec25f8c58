//! Which weeks does a cohort have, and on which dates?

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// The longest cohort, in calendar weeks.
pub const MOST_WEEKS: u16 = 104;

/// The years in which a cohort may start. The tables of clock changes and of cron end in 2100, and a
/// cohort must end before them.
pub const FIRST_YEAR: i32 = 2000;
pub const LAST_YEAR: i32 = 2095;

const _: () = assert!(LAST_YEAR as u16 + MOST_WEEKS / 52 + 1 < 2100, "clocks are known until 2100");

/// What a week is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A lesson and a session.
    Teach,
    /// Nothing: neither lesson nor session.
    Break,
    /// No session; time to do what was left undone.
    CatchUp,
}

/// Seven days of a cohort, from `first_day` on. `number` counts every calendar week from 1, breaks too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    pub number: u16,
    pub first_day: NaiveDate,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWeeks {
    #[error("A cohort needs at least one week with a lesson. Enter a number of weeks from 1 to {MOST_WEEKS}")]
    None,
    #[error("A cohort lasts at most {MOST_WEEKS} weeks, breaks included; this one would last {0}. Use fewer weeks")]
    Many(usize),
    #[error("Start dates lie between the years {FIRST_YEAR} and {LAST_YEAR}; this one is in {0}. Check the year")]
    Year(i32),
    #[error("Week {position} cannot be a break: the last week with a lesson is week {last}. Remove that break")]
    BreakOutside { position: u16, last: u16 },
}

/// The weeks of a cohort with `teach_weeks` weeks of lessons and a break in each calendar week of `breaks`
/// (counted from 1; one named twice is one).
pub fn weeks(starts_on: NaiveDate, teach_weeks: u16, breaks: &[u16]) -> Result<Vec<Week>, BadWeeks> {
    let breaks: BTreeSet<u16> = breaks.iter().copied().collect();
    let count = usize::from(teach_weeks) + breaks.len();
    if teach_weeks == 0 {
        return Err(BadWeeks::None);
    }
    if count > usize::from(MOST_WEEKS) {
        return Err(BadWeeks::Many(count));
    }
    if !(FIRST_YEAR..=LAST_YEAR).contains(&starts_on.year()) {
        return Err(BadWeeks::Year(starts_on.year()));
    }
    let last = (1..=MOST_WEEKS)
        .filter(|position| !breaks.contains(position))
        .nth(usize::from(teach_weeks) - 1)
        .unwrap_or(MOST_WEEKS);
    if let Some(&position) = breaks.iter().find(|&&position| position == 0 || position > last) {
        return Err(BadWeeks::BreakOutside { position, last });
    }
    let kind = |number| if breaks.contains(&number) { Kind::Break } else { Kind::Teach };
    let first_day = |number: u16| starts_on + Days::new(7 * u64::from(number - 1));
    Ok((1..=last).map(|number| Week { number, first_day: first_day(number), kind: kind(number) }).collect())
}

impl Week {
    /// Is this date one of the week's seven days?
    #[must_use]
    pub fn contains(&self, date: NaiveDate) -> bool {
        (0..7).contains(&(date - self.first_day).num_days())
    }
}

impl Kind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Teach => "teach",
            Self::Break => "break",
            Self::CatchUp => "catch_up",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Teach, Self::Break, Self::CatchUp].into_iter().find(|kind| kind.as_str() == text)
    }

    /// Does a firing of the lesson rule in such a week release a lesson?
    #[must_use]
    pub const fn releases_lessons(self) -> bool {
        match self {
            Self::Teach | Self::CatchUp => true,
            Self::Break => false,
        }
    }

    /// Is there a session in such a week?
    #[must_use]
    pub const fn has_session(self) -> bool {
        match self {
            Self::Teach => true,
            Self::Break | Self::CatchUp => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn counts_breaks_as_weeks() {
        let weeks = weeks(day(2026, 11, 2), 3, &[2, 2]).unwrap();
        let read: Vec<_> = weeks.iter().map(|w| (w.number, w.first_day.to_string(), w.kind.as_str())).collect();
        assert_eq!(
            read,
            [
                (1, "2026-11-02".to_owned(), "teach"),
                (2, "2026-11-09".to_owned(), "break"),
                (3, "2026-11-16".to_owned(), "teach"),
                (4, "2026-11-23".to_owned(), "teach"),
            ]
        );
        assert!(weeks[1].contains(day(2026, 11, 9)) && weeks[1].contains(day(2026, 11, 15)));
        assert!(!weeks[1].contains(day(2026, 11, 8)) && !weeks[1].contains(day(2026, 11, 16)));
    }

    #[test]
    fn refuses_what_is_no_cohort() {
        let start = day(2026, 11, 2);
        for (starts_on, teach_weeks, breaks, why) in [
            (start, 0, &[][..], BadWeeks::None),
            (start, 105, &[], BadWeeks::Many(105)),
            (start, 103, &[2, 3], BadWeeks::Many(105)),
            (start, u16::MAX, &[1], BadWeeks::Many(65_536)),
            (start, 6, &[7], BadWeeks::BreakOutside { position: 7, last: 6 }),
            (start, 6, &[3, 9], BadWeeks::BreakOutside { position: 9, last: 7 }),
            (start, 6, &[0], BadWeeks::BreakOutside { position: 0, last: 6 }),
            (day(1999, 12, 31), 6, &[], BadWeeks::Year(1999)),
            (day(2096, 1, 1), 6, &[], BadWeeks::Year(2096)),
            (NaiveDate::MAX, 6, &[], BadWeeks::Year(262_142)),
            (NaiveDate::MIN, 6, &[], BadWeeks::Year(-262_143)),
        ] {
            assert_eq!(weeks(starts_on, teach_weeks, breaks), Err(why));
        }
        assert_eq!(weeks(start, MOST_WEEKS, &[]).unwrap().len(), 104);
    }

    #[test]
    fn reads_its_own_words() {
        for kind in [Kind::Teach, Kind::Break, Kind::CatchUp] {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.as_str()));
        }
        assert_eq!(Kind::parse("holiday"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn has_as_many_lesson_weeks_as_asked(
            offset in 0_u64..30_000, teach_weeks in 0_u16..120, breaks in prop::collection::vec(0_u16..120, 0..5),
        ) {
            let starts_on = day(2000, 1, 1) + Days::new(offset);
            if let Ok(weeks) = weeks(starts_on, teach_weeks, &breaks) {
                prop_assert_eq!(weeks.iter().filter(|w| w.kind == Kind::Teach).count(), usize::from(teach_weeks));
                prop_assert_eq!(weeks[0].first_day, starts_on);
                prop_assert_eq!(weeks.last().unwrap().kind, Kind::Teach);
                for (index, week) in weeks.iter().enumerate() {
                    prop_assert_eq!(usize::from(week.number), index + 1);
                    prop_assert_eq!(week.kind == Kind::Break, breaks.contains(&week.number));
                    prop_assert_eq!((week.first_day - starts_on).num_days(), 7 * i64::try_from(index).unwrap());
                }
            }
        }
    }
}
