//! How does a person read a time?

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::zone::Zone;

/// A span of time on the clocks of one person's zone: 24 hours, day before month, offset always said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    zone: Zone,
}

/// `Tuesday 3 November 2026`
#[must_use]
pub fn date(on: NaiveDate) -> String {
    on.format("%A %-d %B %Y").to_string()
}

/// `Tue 3 Nov`
#[must_use]
pub fn short_date(on: NaiveDate) -> String {
    on.format("%a %-d %b").to_string()
}

/// `18:30`
#[must_use]
pub fn time_of_day(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// One moment, as precise as a person needs it: `Tuesday 3 November 2026, 18:30 (Berlin time, UTC+01:00)`
#[must_use]
pub fn moment(at: DateTime<Utc>, zone: Zone) -> String {
    let local = zone.local(at);
    format!("{}, {} ({})", date(local.date()), time_of_day(local.time()), clock(zone, at))
}

/// `Today at 20:00`, `Tomorrow at 20:00`, `Friday at 20:00` within six days, `Tue 3 Nov, 20:00` beyond;
/// days are those of the zone.
#[must_use]
pub fn relative(at: DateTime<Utc>, zone: Zone, now: DateTime<Utc>) -> String {
    day_and_time(at, zone, now, ["Yesterday", "Today", "Tomorrow"])
}

/// The same with the cohort's clock beside it, where that shows something else:
/// `Tomorrow at 02:00 (today at 20:00 in New York)`
#[must_use]
pub fn relative_beside(at: DateTime<Utc>, [zone, cohort]: [Zone; 2], now: DateTime<Utc>) -> String {
    let here = relative(at, zone, now);
    if zone.local(at) == cohort.local(at) {
        return here;
    }
    let there = day_and_time(at, cohort, now, ["yesterday", "today", "tomorrow"]);
    format!("{here} ({there} in {})", cohort.city())
}

impl When {
    #[must_use]
    pub const fn new(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, zone: Zone) -> Self {
        Self { starts_at, ends_at, zone }
    }

    /// `Tuesday 3 November 2026, 18:30–20:00 (Berlin time, UTC+01:00)`. Says so if the end is on another
    /// day, or by another offset.
    #[must_use]
    pub fn full(&self) -> String {
        format!("{} ({})", self.span(&date(self.starts().date())), self.clocks())
    }

    /// `Tue 3 Nov 2026, 18:30–20:00 (Berlin time, UTC+01:00)`: one line of a list.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} ({})", self.plain(), self.clocks())
    }

    /// `Tue 3 Nov 2026, 18:30–20:00`: one line of a list that names its clock above.
    #[must_use]
    pub fn plain(&self) -> String {
        self.span(&self.starts().date().format("%a %-d %b %Y").to_string())
    }

    /// `Tue 3 Nov, 18:30`
    #[must_use]
    pub fn short(&self) -> String {
        short(self.starts())
    }

    /// The full text, and what the cohort's clocks show if that is something else:
    /// `Tuesday 3 November 2026, 12:30–14:00 (New York time, UTC-05:00); 18:30–20:00 in Berlin`
    #[must_use]
    pub fn beside(&self, cohort: Zone) -> String {
        let there = Self { zone: cohort, ..*self };
        if (there.starts(), there.ends()) == (self.starts(), self.ends()) {
            return self.full();
        }
        let day =
            if there.starts().date() == self.starts().date() { String::new() } else { date(there.starts().date()) };
        format!("{}; {} in {}", self.full(), there.span(&day), cohort.city())
    }

    /// The start: `Tomorrow at 20:00`
    #[must_use]
    pub fn relative(&self, now: DateTime<Utc>) -> String {
        relative(self.starts_at, self.zone, now)
    }

    fn starts(&self) -> NaiveDateTime {
        self.zone.local(self.starts_at)
    }

    fn ends(&self) -> NaiveDateTime {
        self.zone.local(self.ends_at)
    }

    fn span(&self, day: &str) -> String {
        let (starts, ends) = (self.starts(), self.ends());
        let comma = if day.is_empty() { "" } else { ", " };
        let (from, to) = (time_of_day(starts.time()), time_of_day(ends.time()));
        if starts.date() == ends.date() {
            format!("{day}{comma}{from}–{to}")
        } else {
            format!("{day}{comma}{from} until {}, {to}", date(ends.date()))
        }
    }

    fn clocks(&self) -> String {
        let (before, after) = (self.zone.offset_at(self.starts_at), self.zone.offset_at(self.ends_at));
        if before == after {
            clock(self.zone, self.starts_at)
        } else {
            format!("{} time, {before} at the start, {after} at the end", self.zone.city())
        }
    }
}

fn day_and_time(at: DateTime<Utc>, zone: Zone, now: DateTime<Utc>, words: [&str; 3]) -> String {
    let local = zone.local(at);
    let time = time_of_day(local.time());
    let [yesterday, today, tomorrow] = words;
    match (local.date() - zone.local(now).date()).num_days() {
        -1 => format!("{yesterday} at {time}"),
        0 => format!("{today} at {time}"),
        1 => format!("{tomorrow} at {time}"),
        2..=6 => format!("{} at {time}", local.format("%A")),
        _ => short(local),
    }
}

fn short(local: NaiveDateTime) -> String {
    format!("{}, {}", short_date(local.date()), time_of_day(local.time()))
}

fn clock(zone: Zone, at: DateTime<Utc>) -> String {
    let offset = zone.offset_at(at);
    if zone == Zone::utc() { offset } else { format!("{} time, {offset}", zone.city()) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc()
    }

    fn when(starts_at: &str, minutes: i64, name: &str) -> When {
        let starts_at = utc(starts_at);
        When::new(starts_at, starts_at + TimeDelta::minutes(minutes), zone(name))
    }

    #[test]
    fn says_day_date_time_zone_and_offset() {
        for (starts_at, minutes, name, text) in [
            ("2026-11-03 17:30", 90, "Europe/Berlin", "Tuesday 3 November 2026, 18:30–20:00 (Berlin time, UTC+01:00)"),
            (
                "2026-11-03 17:30",
                90,
                "Asia/Kathmandu",
                "Tuesday 3 November 2026, 23:15 until Wednesday 4 November 2026, 00:45 (Kathmandu time, UTC+05:45)",
            ),
            ("2026-11-03 17:30", 90, "UTC", "Tuesday 3 November 2026, 17:30–19:00 (UTC+00:00)"),
            (
                "2026-10-25 00:30",
                90,
                "Europe/Berlin",
                "Sunday 25 October 2026, 02:30–03:00 (Berlin time, UTC+02:00 at the start, UTC+01:00 at the end)",
            ),
        ] {
            assert_eq!(when(starts_at, minutes, name).full(), text);
        }
        assert_eq!(when("2026-11-03 17:30", 90, "Europe/Berlin").short(), "Tue 3 Nov, 18:30");
        assert_eq!(
            moment(utc("2026-11-03 17:30"), zone("America/New_York")),
            "Tuesday 3 November 2026, 12:30 (New York time, UTC-05:00)"
        );
    }

    #[test]
    fn puts_the_cohorts_clock_beside_where_it_differs() {
        for (starts_at, name, cohort, text) in [
            (
                "2026-11-03 17:30",
                "America/New_York",
                "Europe/Berlin",
                "Tuesday 3 November 2026, 12:30–14:00 (New York time, UTC-05:00); 18:30–20:00 in Berlin",
            ),
            (
                "2026-11-03 17:30",
                "Asia/Tokyo",
                "Europe/Berlin",
                "Wednesday 4 November 2026, 02:30–04:00 (Tokyo time, UTC+09:00); Tuesday 3 November 2026, 18:30–20:00 in Berlin",
            ),
            (
                "2026-11-03 17:30",
                "Europe/Oslo",
                "Europe/Berlin",
                "Tuesday 3 November 2026, 18:30–20:00 (Oslo time, UTC+01:00)",
            ),
        ] {
            assert_eq!(when(starts_at, 90, name).beside(zone(cohort)), text);
        }
    }

    #[test]
    fn tells_days_by_the_readers_clock() {
        let at = utc("2026-11-04 01:00"); // 02:00 in Berlin, 20:00 of the day before in New York
        for (now, berlin, new_york) in [
            ("2026-11-03 22:30", "Tomorrow at 02:00", "Today at 20:00"),
            ("2026-11-03 23:00", "Today at 02:00", "Today at 20:00"),
            ("2026-11-03 04:30", "Tomorrow at 02:00", "Tomorrow at 20:00"),
            ("2026-11-05 05:30", "Yesterday at 02:00", "Tue 3 Nov, 20:00"),
            ("2026-10-29 12:00", "Wednesday at 02:00", "Tuesday at 20:00"),
            ("2026-10-28 12:00", "Wed 4 Nov, 02:00", "Tuesday at 20:00"),
        ] {
            assert_eq!(relative(at, zone("Europe/Berlin"), utc(now)), berlin, "{now}");
            assert_eq!(relative(at, zone("America/New_York"), utc(now)), new_york, "{now}");
        }
        let zones = [zone("Europe/Berlin"), zone("America/New_York")];
        let now = utc("2026-11-03 22:30");
        assert_eq!(relative_beside(at, zones, now), "Tomorrow at 02:00 (today at 20:00 in New York)");
        assert_eq!(relative_beside(at, [zone("Europe/Oslo"), zones[0]], now), "Tomorrow at 02:00");
        assert_eq!(when("2026-11-04 01:00", 60, "Europe/Berlin").relative(now), "Tomorrow at 02:00");
    }
}
