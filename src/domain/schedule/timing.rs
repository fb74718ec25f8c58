//! What times a cohort's lessons: weekday and time, or the sessions?

use std::fmt;

use chrono::{NaiveTime, TimeDelta};

use super::{BadRule, LessonRule};

/// A lesson schedule. One column, one field of a form: either five cron fields, or `session end + 30 min`.
#[expect(clippy::large_enum_variant, reason = "a cohort has one, and it is read once a plan")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LessonTiming {
    /// The n-th firing releases the n-th lesson.
    Rule(LessonRule),
    /// The n-th lesson follows the n-th session, whenever that is.
    AfterSession {
        /// From the end of the session on, at most `LONGEST_WAIT`.
        minutes: u16,
    },
}

/// A week in minutes: what comes later belongs to the next session.
pub const LONGEST_WAIT: u16 = 7 * 24 * 60;

/// How the second kind begins, in the database and in a form.
const AFTER: &str = "session end";

impl LessonTiming {
    /// Reads what a coach writes: five cron fields, `session end`, `session end + 90 min`, `+ 2 h` or `+ 1 day`.
    pub fn parse(text: &str) -> Result<Self, BadRule> {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        match words.strip_prefix(AFTER) {
            Some(rest) => after(rest.trim_start()).ok_or(BadRule::AfterSession),
            None => LessonRule::parse(text).map(Self::Rule),
        }
    }

    /// A wait that may be too long.
    pub fn after_session(minutes: u32) -> Result<Self, BadRule> {
        match u16::try_from(minutes) {
            Ok(minutes) if minutes <= LONGEST_WAIT => Ok(Self::AfterSession { minutes }),
            Ok(_) | Err(_) => Err(BadRule::AfterSession),
        }
    }

    /// As it is written down: `parse` reads it back.
    #[must_use]
    pub fn expression(&self) -> String {
        match self {
            Self::Rule(rule) => rule.expression().to_owned(),
            Self::AfterSession { minutes: 0 } => AFTER.to_owned(),
            Self::AfterSession { minutes } => format!("{AFTER} + {minutes} min"),
        }
    }

    #[must_use]
    pub const fn rule(&self) -> Option<&LessonRule> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::AfterSession { .. } => None,
        }
    }

    /// At what time of day a lesson goes out that nothing else times. Sessions usually start at `starts` and last
    /// `minutes`.
    #[must_use]
    pub fn time_of_day(&self, starts: NaiveTime, minutes: i64) -> NaiveTime {
        match self {
            Self::Rule(rule) => rule.time(),
            Self::AfterSession { minutes: wait } => starts + TimeDelta::minutes(minutes + i64::from(*wait)),
        }
    }
}

fn after(rest: &str) -> Option<LessonTiming> {
    if rest.is_empty() {
        return Some(LessonTiming::AfterSession { minutes: 0 });
    }
    let wait = rest.strip_prefix('+')?.trim_start();
    let (number, unit) = wait.split_at(wait.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(wait.len()));
    let minutes = match unit.trim() {
        "" | "m" | "min" | "minute" | "minutes" => 1,
        "h" | "hour" | "hours" => 60,
        "d" | "day" | "days" => 24 * 60,
        _ => return None,
    };
    LessonTiming::after_session(number.parse::<u32>().ok()?.checked_mul(minutes)?).ok()
}

impl Default for LessonTiming {
    fn default() -> Self {
        Self::Rule(LessonRule::default())
    }
}

impl From<LessonRule> for LessonTiming {
    fn from(rule: LessonRule) -> Self {
        Self::Rule(rule)
    }
}

impl fmt::Display for LessonTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_both_kinds() {
        let after = |minutes| Ok(LessonTiming::AfterSession { minutes });
        for (text, read) in [
            ("session end", after(0)),
            (" Session  end + 30 min", after(30)),
            ("session end+90", after(90)),
            ("session end + 2 h", after(120)),
            ("SESSION END + 7 days", after(LONGEST_WAIT)),
            ("session end + 1 day", after(24 * 60)),
            ("0 7 * * MON", Ok(LessonTiming::default())),
            ("session end + 8 days", Err(BadRule::AfterSession)),
            ("session end + 10081 min", Err(BadRule::AfterSession)),
            ("session end - 5 min", Err(BadRule::AfterSession)),
            ("session end + min", Err(BadRule::AfterSession)),
            ("session end + 4294967295 days", Err(BadRule::AfterSession)),
            ("session ending", Err(BadRule::AfterSession)),
            ("session start + 5 min", Err(BadRule::Often(0))),
        ] {
            let outcome = LessonTiming::parse(text);
            match read {
                Err(BadRule::Often(_)) => assert!(outcome.is_err(), "{text}"),
                read => assert_eq!(outcome, read, "{text}"),
            }
        }
    }

    #[test]
    fn knows_its_time_of_day() {
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        assert_eq!(LessonTiming::default().time_of_day(time(19, 0), 75), time(7, 0));
        assert_eq!(LessonTiming::AfterSession { minutes: 30 }.time_of_day(time(19, 0), 75), time(20, 45));
        assert_eq!(LessonTiming::AfterSession { minutes: 30 }.time_of_day(time(23, 0), 75), time(0, 45));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn reads_what_it_writes(minutes in 0..=LONGEST_WAIT) {
            let timing = LessonTiming::AfterSession { minutes };
            prop_assert_eq!(LessonTiming::parse(&timing.expression()), Ok(timing));
        }

        #[test]
        fn never_panics(text in "session end[ +0-9a-z-]{0,24}", other in "\\PC{0,40}") {
            let _ = LessonTiming::parse(&text);
            let _ = LessonTiming::parse(&other);
        }
    }
}
