//! How long is a pause, when does it end, and when do the lessons after it come?

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::zone::Zone;

/// A pause that has an end has it within this many days.
pub const LONGEST: u64 = 182;

/// Days by the calendar between two instants, as the clock that times the lessons counts them; never negative.
#[must_use]
pub fn days_between(paused_at: DateTime<Utc>, resumed_at: DateTime<Utc>, clock: Zone) -> i32 {
    let days = (clock.local(resumed_at).date() - clock.local(paused_at).date()).num_days();
    i32::try_from(days.max(0)).unwrap_or(i32::MAX)
}

/// The same time of day so many days later, whatever the clocks did between.
#[must_use]
pub fn shifted(at: DateTime<Utc>, days: i32, clock: Zone) -> DateTime<Utc> {
    clock.resolve(clock.local(at) + TimeDelta::days(i64::from(days)))
}

/// The first and the last day on which a pause that is asked for now may end.
#[must_use]
pub fn ends_between(now: DateTime<Utc>, zone: Zone) -> (NaiveDate, NaiveDate) {
    let today = zone.local(now).date();
    (today + Days::new(1), today + Days::new(LONGEST))
}

/// When a pause ends by itself: at seven in the morning of that day, where the person is.
#[must_use]
pub fn ends_at(resume_on: NaiveDate, zone: Zone) -> DateTime<Utc> {
    zone.resolve(resume_on.and_time(NaiveTime::from_hms_opt(7, 0, 0).expect("every day has a seventh hour")))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
    }

    #[test]
    fn a_lesson_keeps_its_hour_over_the_end_of_summer_time() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(shifted(utc("2026-10-19 05:00"), 14, berlin), utc("2026-11-02 06:00"));
        assert_eq!(shifted(utc("2026-10-19 05:00"), 0, berlin), utc("2026-10-19 05:00"));
    }

    #[test]
    fn days_are_those_of_the_clock() {
        let (tokyo, utc_clock) = (Zone::parse("Asia/Tokyo").unwrap(), Zone::utc());
        let (from, to) = (utc("2026-10-19 14:00"), utc("2026-10-19 16:00"));
        assert_eq!((days_between(from, to, tokyo), days_between(from, to, utc_clock)), (1, 0));
        assert_eq!(days_between(to, from, tokyo), 0);
    }

    proptest! {
        /// Two pauses put off a lesson as one of both lengths does.
        #[test]
        fn pauses_add_up(minutes in 0_i64..1_000_000, first in 0_i32..200, second in 0_i32..200) {
            let clock = Zone::parse("America/New_York").unwrap();
            // By day, so that neither stop falls into the hour that clocks skip or repeat.
            let due = clock.resolve(clock.local(utc("2026-01-01 00:00") + TimeDelta::minutes(minutes)).date().and_hms_opt(7, 30, 0).unwrap());
            prop_assert_eq!(shifted(shifted(due, first, clock), second, clock), shifted(due, first + second, clock));
        }
    }
}
