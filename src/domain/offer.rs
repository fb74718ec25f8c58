//! Until when is an offered place held, and when is the person reminded of it?
//!
//! Nobody loses a place in their sleep: no hold ends, and no reminder comes, while it is night where they are.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::zone::Zone;

/// The most hours a coach may hold an offered place, or one for an accepted applicant.
pub const MOST_HOURS: u16 = 336;

/// The night, on the recipient's clock: from this hour in the evening until that one in the morning.
const EVENING: u32 = 21;
const MORNING: u32 = 8;
/// A reminder that leaves less time than this is of no use.
const WORTH_IT: TimeDelta = TimeDelta::hours(1);

/// When a place that is offered at `now` for so many hours goes on to the next person. At night it waits for
/// the morning.
#[must_use]
pub fn held_until(now: DateTime<Utc>, hours: i32, zone: Zone) -> DateTime<Utc> {
    let until = now + TimeDelta::hours(i64::from(hours.clamp(1, i32::from(MOST_HOURS))));
    if is_night(until, zone) { morning_after(until, zone) } else { until }
}

/// When to remind somebody: at half time, by day, and while there is time left to answer. `None`: not at all.
#[must_use]
pub fn remind_at(offered_at: DateTime<Utc>, until: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let half = offered_at + (until - offered_at) / 2;
    if !is_night(half, zone) {
        return Some(half);
    }
    let morning = morning_after(half, zone);
    if until - morning >= WORTH_IT {
        return Some(morning);
    }
    let evening = evening_before(half, zone);
    (evening - offered_at >= WORTH_IT).then_some(evening)
}

/// Whether people are asleep there, or should be left alone.
#[must_use]
pub fn is_night(at: DateTime<Utc>, zone: Zone) -> bool {
    !(MORNING..EVENING).contains(&zone.local(at).hour())
}

/// When people are up again: eight in the morning after this instant.
#[must_use]
pub fn morning_after(at: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
    let local = zone.local(at);
    let days = u64::from(local.hour() >= EVENING);
    // Where clocks go back over the morning, the first eight o'clock may lie behind.
    zone.resolve(at_hour(local + Days::new(days), MORNING)).max(at)
}

/// An hour before the night, so that nobody is woken.
fn evening_before(at: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
    let local = zone.local(at);
    let days = u64::from(local.hour() < MORNING);
    zone.resolve(at_hour(local - Days::new(days), EVENING - 1))
}

fn at_hour(day: NaiveDateTime, hour: u32) -> NaiveDateTime {
    day.date().and_time(NaiveTime::from_hms_opt(hour, 0, 0).expect("every day has this hour"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
    }

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    #[test]
    fn no_hold_ends_in_the_night() {
        for (offered, hours, name, until) in [
            // By day it is what it says.
            ("2027-03-02 12:00", 24, "Europe/Dublin", "2027-03-03 12:00"),
            ("2027-03-02 20:59", 24, "Europe/Dublin", "2027-03-03 20:59"),
            // From nine in the evening it waits until eight; midnight makes no difference.
            ("2027-03-02 21:00", 24, "Europe/Dublin", "2027-03-04 08:00"),
            ("2027-03-02 23:59", 24, "Europe/Dublin", "2027-03-04 08:00"),
            ("2027-03-02 00:00", 24, "Europe/Dublin", "2027-03-03 08:00"),
            ("2027-03-02 07:59", 24, "Europe/Dublin", "2027-03-03 08:00"),
            ("2027-03-02 08:00", 24, "Europe/Dublin", "2027-03-03 08:00"),
            // The recipient's night, not the coach's.
            ("2027-03-02 12:00", 24, "Pacific/Auckland", "2027-03-03 19:00"),
            ("2027-03-02 02:00", 24, "America/New_York", "2027-03-03 13:00"),
            ("2027-03-02 18:30", 24, "Asia/Kathmandu", "2027-03-04 02:15"),
            // A short hold over the night.
            ("2027-03-02 20:30", 1, "Europe/Dublin", "2027-03-03 08:00"),
            // Over the change of clocks: 28 March is a short night in Berlin, 31 October a long one.
            ("2027-03-27 21:00", 24, "Europe/Berlin", "2027-03-29 06:00"),
            ("2027-03-27 01:30", 24, "Europe/Berlin", "2027-03-28 06:00"),
            ("2027-10-30 01:30", 24, "Europe/Berlin", "2027-10-31 07:00"),
            ("2027-10-30 18:30", 24, "Europe/Berlin", "2027-10-31 18:30"),
            ("2027-10-30 20:30", 24, "Europe/Berlin", "2027-11-01 07:00"),
            // Nonsense is held within bounds.
            ("2027-03-02 12:00", 0, "Europe/Dublin", "2027-03-02 13:00"),
            ("2027-03-02 12:00", i32::MAX, "Europe/Dublin", "2027-03-16 12:00"),
        ] {
            assert_eq!(held_until(utc(offered), hours, zone(name)), utc(until), "{offered} {hours} {name}");
        }
    }

    #[test]
    fn reminds_once_at_half_time_by_day() {
        for (offered, until, name, at) in [
            ("2027-03-02 09:00", "2027-03-03 17:00", "Europe/Dublin", Some("2027-03-03 08:00")),
            ("2027-03-02 06:00", "2027-03-03 18:00", "UTC", Some("2027-03-03 08:00")),
            ("2027-03-02 12:00", "2027-03-03 12:00", "Europe/Dublin", Some("2027-03-03 08:00")),
            ("2027-03-02 08:00", "2027-03-03 08:00", "Europe/Dublin", Some("2027-03-02 20:00")),
            ("2027-03-02 10:00", "2027-03-05 10:00", "Europe/Dublin", Some("2027-03-04 08:00")),
            ("2027-03-02 02:00", "2027-03-03 13:00", "America/New_York", Some("2027-03-02 19:30")),
            // Half of a short hold is by day.
            ("2027-03-02 12:00", "2027-03-02 14:00", "Europe/Dublin", Some("2027-03-02 13:00")),
            // It ends at eight in the morning, and was offered in the evening: no hour to remind anybody.
            ("2027-03-02 20:30", "2027-03-03 08:00", "Europe/Dublin", None),
            // The clocks go forward in this night.
            ("2027-03-27 12:00", "2027-03-28 12:00", "Europe/Berlin", Some("2027-03-28 06:00")),
        ] {
            assert_eq!(remind_at(utc(offered), utc(until), zone(name)), at.map(utc), "{offered} {until} {name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_hour_and_the_zone(at in 1_700_000_000_i64..1_900_000_000, hours in 1..400_i32, pick in 0..600_usize) {
            let zones: Vec<Zone> = Zone::all().collect();
            let zone = zones[pick % zones.len()];
            let now = DateTime::from_timestamp(at, 0).unwrap();
            let until = held_until(now, hours, zone);
            let wished = now + TimeDelta::hours(i64::from(hours.min(i32::from(MOST_HOURS))));
            prop_assert!(until >= wished, "never shorter than promised");
            prop_assert!(until - wished <= TimeDelta::hours(12), "and longer by a night at most");
            prop_assert!(!is_night(until, zone), "{zone} {until}");
            if let Some(reminded) = remind_at(now, until, zone) {
                prop_assert!(now < reminded && reminded < until);
                prop_assert!(!is_night(reminded, zone), "{zone} {reminded}");
            }
        }
    }
}
