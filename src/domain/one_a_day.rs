//! How is it kept that a person gets at most one lesson or announcement of a program a day?
//!
//! A day is one of the person's own clock. The sender asks at the last moment; what plans asks before.

use std::{collections::BTreeSet, ops::Range};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::zone::Zone;

/// What a lesson that had to wait has at least, from its new time on.
const STILL_USEFUL: TimeDelta = TimeDelta::hours(24);

/// Why a mail waits, for the ledger.
pub const WAITS: &str = "waits for the next day: one lesson a day and person";

/// The same for an announcement.
pub const WAITS_BY_DAY: &str = "waits for its turn: one a day and person, and none at night";

/// The person's day that holds this instant.
#[must_use]
pub fn day_of(at: DateTime<Utc>, zone: Zone) -> Range<DateTime<Utc>> {
    let today = zone.local(at).date();
    let midnight = |date: NaiveDate| zone.resolve(date.and_time(NaiveTime::MIN));
    midnight(today)..midnight(today + Days::new(1))
}

/// When a mail that was due at `due_at` has its turn, if the person had today's: the next day at the same time of
/// their day.
#[must_use]
pub fn next_turn(due_at: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
    let tomorrow = zone.local(now).date() + Days::new(1);
    zone.resolve(tomorrow.and_time(zone.local(due_at).time()))
}

/// Until when it is useful then: never lost only because it had to wait.
#[must_use]
pub fn useful_until(before: Option<DateTime<Utc>>, turn: DateTime<Utc>) -> Option<DateTime<Utc>> {
    before.map(|until| until.max(turn + STILL_USEFUL))
}

/// The hour at which lessons go out one by one, and the clocks that show it.
#[derive(Debug, Clone, Copy)]
pub struct Hour {
    pub time: NaiveTime,
    pub clock: Zone,
    /// Whose days count: those of the person.
    pub own: Zone,
}

/// The next `count` instants at that hour, one a day, on none of the person's days in `taken`.
#[must_use]
pub fn spaced(count: usize, hour: Hour, taken: &BTreeSet<NaiveDate>, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let today = hour.clock.local(now).date();
    let days = today.iter_days().map(|date| hour.clock.resolve(date.and_time(hour.time)));
    let mut used = taken.clone();
    days.filter(|at| *at > now).filter(|at| used.insert(hour.own.local(*at).date())).take(count).collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
    }

    fn seven() -> NaiveTime {
        NaiveTime::from_hms_opt(7, 0, 0).unwrap()
    }

    #[test]
    fn a_day_is_the_persons_own_also_when_clocks_change() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(day_of(utc("2026-10-25 12:00"), berlin), utc("2026-10-24 22:00")..utc("2026-10-25 23:00"));
        assert_eq!(day_of(utc("2026-10-24 22:00"), berlin).start, utc("2026-10-24 22:00"));
        assert_eq!(next_turn(utc("2026-10-24 05:00"), utc("2026-10-24 05:01"), berlin), utc("2026-10-25 06:00"));
        assert_eq!(next_turn(utc("2026-10-20 05:00"), utc("2026-10-24 23:30"), berlin), utc("2026-10-26 06:00"));
    }

    #[test]
    fn one_a_day_beside_what_is_planned() {
        let own = zone("Europe/Berlin");
        let hour = Hour { time: seven(), clock: own, own };
        let taken = BTreeSet::from(["2026-10-26".parse().unwrap()]);
        assert_eq!(
            spaced(3, hour, &taken, utc("2026-10-24 05:00")),
            [utc("2026-10-25 06:00"), utc("2026-10-27 06:00"), utc("2026-10-28 06:00")]
        );
        assert_eq!(spaced(1, hour, &BTreeSet::new(), utc("2026-10-24 04:59")), [utc("2026-10-24 05:00")]);
        // By the cohort's clocks, on the person's days.
        let hour = Hour { own: zone("Asia/Tokyo"), clock: zone("America/New_York"), time: seven() };
        let taken = BTreeSet::from(["2026-11-03".parse().unwrap()]);
        assert_eq!(
            spaced(2, hour, &taken, utc("2026-11-02 15:00")),
            [utc("2026-11-04 12:00"), utc("2026-11-05 12:00")]
        );
    }

    #[test]
    fn waiting_never_makes_it_useless() {
        let turn = utc("2026-10-26 06:00");
        assert_eq!(useful_until(Some(utc("2026-10-26 05:00")), turn), Some(utc("2026-10-27 06:00")));
        assert_eq!(useful_until(Some(utc("2026-10-28 05:00")), turn), Some(utc("2026-10-28 05:00")));
        assert_eq!(useful_until(None, turn), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_next_turn_is_on_the_next_day_and_never_today(
            minutes in 0_i64..40_000_000, late in 0_i64..10_000, index in 0_usize..400,
        ) {
            let zones: Vec<Zone> = Zone::all().collect();
            let own = zones[index % zones.len()];
            let due_at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
            let now = due_at + TimeDelta::minutes(late);
            let (today, turn) = (day_of(now, own), next_turn(due_at, now, own));
            prop_assert!(today.contains(&now));
            prop_assert!(turn >= today.end && turn > now, "{} {} {:?}", own, turn, today);
            // A zone may skip a whole day.
            prop_assert!(turn <= today.end + TimeDelta::hours(50));
            let spaced = spaced(4, Hour { time: own.local(due_at).time(), clock: own, own }, &BTreeSet::new(), now);
            let days: BTreeSet<_> = spaced.iter().map(|at| own.local(*at).date()).collect();
            prop_assert_eq!(days.len(), 4);
            prop_assert!(spaced.iter().all(|at| *at > now) && spaced.is_sorted());
        }
    }
}
