//! Which clock does somebody live by, and what instant does it show a given time?

use std::{cmp::Ordering, collections::HashMap, fmt, str::FromStr, sync::LazyLock};

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An IANA time zone by its present name: `Asia/Kathmandu`, never `Asia/Katmandu`. No abbreviation and
/// no fixed offset but `UTC`, since neither says what the clocks will do next season.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a time zone we know. Choose a city near you, for example Europe/Berlin")]
pub struct BadZone(String);

/// Former names, in lower case, and what the zone is called now.
static LINKS: LazyLock<HashMap<String, Tz>> = LazyLock::new(|| {
    include_str!("zone_links.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(target, name)| Some((name.to_lowercase(), Tz::from_str(target).ok()?)))
        .collect()
});

impl Zone {
    /// Parses a name as a browser, a phone or a person gives it, in any case.
    pub fn parse(text: &str) -> Result<Self, BadZone> {
        let text = text.trim();
        let known = Tz::from_str_insensitive(text).map_err(|_| BadZone::naming(text))?;
        let zone = Self(LINKS.get(&known.name().to_lowercase()).copied().unwrap_or(known));
        if zone.is_place() || zone == Self::utc() { Ok(zone) } else { Err(BadZone::naming(text)) }
    }

    #[must_use]
    pub const fn utc() -> Self {
        Self(Tz::UTC)
    }

    /// Of when our data is, such as `2026b`: later ones sort behind earlier ones.
    #[must_use]
    pub const fn version() -> &'static str {
        chrono_tz::IANA_TZDB_VERSION
    }

    /// The zones of a select, each once, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        let former = |zone: &Self| LINKS.contains_key(&zone.name().to_lowercase());
        let mut zones: Vec<_> =
            TZ_VARIANTS.iter().map(|tz| Self(*tz)).filter(|zone| zone.is_place() && !former(zone)).collect();
        zones.push(Self::utc());
        zones.sort_unstable();
        zones.into_iter()
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The city that gives the zone its name: `New York`, `Lord Howe`; `UTC` for itself.
    #[must_use]
    pub fn city(self) -> String {
        self.name().rsplit('/').next().unwrap_or(self.name()).replace('_', " ")
    }

    /// The instant at which clocks here show this time. A time that does not exist is the first instant
    /// after the gap; a time that exists twice is the first.
    #[must_use]
    pub fn resolve(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.to_utc(),
            LocalResult::None => {
                let (begins_at, offset) = GapInfo::new(&local, &self.0)
                    .and_then(|gap| gap.begin)
                    .expect("a gap has a last time before it, the oldest offset being open to the past");
                (begins_at - offset.fix()).and_utc()
            }
        }
    }

    /// What clocks here show at an instant.
    #[must_use]
    pub fn local(self, instant: DateTime<Utc>) -> NaiveDateTime {
        instant.with_timezone(&self.0).naive_local()
    }

    /// How far clocks here are from UTC at an instant, `UTC+05:45`; none at all is `UTC+00:00`.
    #[must_use]
    pub fn offset_at(self, instant: DateTime<Utc>) -> String {
        let minutes = (self.local(instant) - instant.naive_utc()).num_minutes();
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    /// A place with a history of its own, as opposed to an abbreviation or an offset.
    fn is_place(self) -> bool {
        self.name().split_once('/').is_some_and(|(area, _)| area != "Etc")
    }
}

impl BadZone {
    fn naming(text: &str) -> Self {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        let cut = if text.chars().count() > 40 { "…" } else { "" };
        Self(shown + cut)
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl FromStr for Zone {
    type Err = BadZone;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    #[test]
    fn keeps_the_present_name() {
        for (given, kept) in [
            ("Asia/Katmandu", "Asia/Kathmandu"),
            (" asia/katmandu ", "Asia/Kathmandu"),
            ("Asia/Kathmandu", "Asia/Kathmandu"),
            ("US/Eastern", "America/New_York"),
            ("Asia/Calcutta", "Asia/Kolkata"),
            ("Europe/Kiev", "Europe/Kyiv"),
            ("EUROPE/OSLO", "Europe/Oslo"),
            ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("Iceland", "Atlantic/Reykjavik"),
            ("Japan", "Asia/Tokyo"),
            ("utc", "UTC"),
            ("Etc/UTC", "UTC"),
            ("Zulu", "UTC"),
        ] {
            assert_eq!(zone(given).name(), kept, "{given}");
        }
    }

    #[test]
    fn refuses_what_is_no_place() {
        let refused = ["EST", "CET", "EST5EDT", "PST8PDT", "GMT", "Etc/GMT", "Etc/GMT+5", "+01:00", ""];
        for text in refused.into_iter().chain(["Europe/Atlantis", "Berlin", "Europe/Berlin\r\nX: y"]) {
            assert!(Zone::parse(text).is_err(), "{text}");
        }
        let message = Zone::parse(&"x\n".repeat(10_000)).unwrap_err().to_string();
        assert!(message.contains("xxx…”") && message.contains("Europe/Berlin"), "{message}");
        assert!(message.len() < 200 && !message.contains('\n'));
    }

    #[test]
    fn a_former_name_shows_the_same_time_as_the_present_one() {
        let instants = (2000..2050).flat_map(|year| [1, 4, 7, 10].map(|month| (year, month)));
        let instants: Vec<_> = instants.map(|(y, m)| Utc.with_ymd_and_hms(y, m, 15, 12, 0, 0).unwrap()).collect();
        let lines = include_str!("zone_links.txt").lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (target, name) = line.split_once(' ').unwrap();
            assert_eq!(zone(name).name(), target);
            assert_eq!(zone(target).name(), target, "a target is final");
            let former = Zone(Tz::from_str(name).unwrap());
            for instant in &instants {
                assert_eq!(former.local(*instant), zone(name).local(*instant), "{name} {instant}");
            }
        }
    }

    #[test]
    fn offers_every_place_once() {
        let all: Vec<_> = Zone::all().collect();
        assert!(all.is_sorted_by(|a, b| a < b));
        assert!((400..450).contains(&all.len()), "{}", all.len());
        for zone in &all {
            assert_eq!(Zone::parse(zone.name()).as_ref(), Ok(zone));
        }
        for name in ["Europe/Oslo", "UTC", "Asia/Kathmandu"] {
            assert!(all.contains(&zone(name)), "{name}");
        }
        assert!(all.iter().all(|zone| !zone.name().contains("Katmandu") && !zone.name().contains("Etc/")));
    }

    #[test]
    fn names_the_city() {
        for (name, city) in [
            ("Asia/Kathmandu", "Kathmandu"),
            ("America/New_York", "New York"),
            ("Australia/Lord_Howe", "Lord Howe"),
            ("America/Argentina/Buenos_Aires", "Buenos Aires"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(zone(name).city(), city);
        }
    }

    #[test]
    fn resolves_gaps_to_the_first_instant_after_and_folds_to_the_first() {
        for (name, local, instant) in [
            // ordinary days
            ("Asia/Kathmandu", "2026-11-03T18:30", "2026-11-03T12:45Z"),
            ("Europe/Berlin", "2026-11-03T18:30", "2026-11-03T17:30Z"),
            // Berlin: 02:00 to 03:00 is missing in March and comes twice in October
            ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59Z"),
            ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00Z"),
            ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00Z"),
            ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"),
            ("Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00Z"),
            ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30Z"),
            ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"),
            ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00Z"),
            ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z"),
            // Lord Howe moves by half an hour
            ("Australia/Lord_Howe", "2026-10-04T02:00", "2026-10-03T15:30Z"),
            ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30Z"),
            ("Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30Z"),
            ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z"),
            // São Paulo had no midnight on this day, and two 23:30 on the other
            ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00Z"),
            ("America/Sao_Paulo", "2018-11-04T00:30", "2018-11-04T03:00Z"),
            ("America/Sao_Paulo", "2018-02-17T23:30", "2018-02-18T01:30Z"),
            // Apia skipped a whole day
            ("Pacific/Apia", "2011-12-29T23:59", "2011-12-30T09:59Z"),
            ("Pacific/Apia", "2011-12-30T07:00", "2011-12-30T10:00Z"),
            ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00Z"),
        ] {
            let time = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M").unwrap();
            let resolved = zone(name).resolve(time).format("%Y-%m-%dT%H:%MZ").to_string();
            assert_eq!(resolved, instant, "{name} {local}");
        }
    }

    /// The instants at which clocks change between two instants, looked for twice a day.
    fn changes(zone: Zone, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let ahead = |at| zone.local(at) - at.naive_utc();
        let mut found = Vec::new();
        let mut at = from;
        while at < to {
            let (mut before, mut after) = (at, at + TimeDelta::hours(12));
            at = after;
            while ahead(before) != ahead(after) && after - before > TimeDelta::seconds(1) {
                let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
                if ahead(middle) == ahead(before) { before = middle } else { after = middle }
            }
            if ahead(before) != ahead(after) {
                found.push(after);
            }
        }
        found
    }

    #[test]
    fn resolves_times_round_every_change_of_clocks() {
        let [from, to] = [2026, 2027].map(|year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap());
        let mut seen = [0, 0];
        for (zone, at) in Zone::all().flat_map(|zone| changes(zone, from, to).into_iter().map(move |at| (zone, at))) {
            let (minute, second) = (TimeDelta::minutes(1), TimeDelta::seconds(1));
            let (reached, shown) = (zone.local(at - second) + second, zone.local(at));
            if reached < shown {
                seen[0] += 1;
                for local in [reached, reached + minute, shown - minute, shown] {
                    assert_eq!(zone.resolve(local), at, "the gap of {zone} holds {local}");
                }
            } else {
                seen[1] += 1;
                let first = at - (reached - shown);
                assert_eq!(zone.resolve(shown), first, "the fold of {zone} begins");
                assert_eq!(zone.resolve(reached - minute), at - minute, "the fold of {zone} ends");
            }
            assert_eq!(zone.resolve(reached - (reached - shown).abs() - minute), at - (reached - shown).abs() - minute);
            assert_eq!(zone.resolve(reached.max(shown)), at + (reached.max(shown) - shown), "{zone} afterwards");
        }
        assert!(seen[0] > 100 && seen[1] > 100, "{seen:?}");
    }

    #[test]
    fn tells_the_offset() {
        let winter = Utc.with_ymd_and_hms(2026, 1, 15, 12, 0, 0).unwrap();
        for (name, offset) in [
            ("Asia/Kathmandu", "UTC+05:45"),
            ("America/St_Johns", "UTC-03:30"),
            ("Europe/London", "UTC+00:00"),
            ("UTC", "UTC+00:00"),
            ("Australia/Lord_Howe", "UTC+11:00"),
        ] {
            assert_eq!(zone(name).offset_at(winter), offset, "{name}");
        }
    }

    #[test]
    fn travels_as_its_name() {
        let json = serde_json::to_string(&zone("US/Pacific")).unwrap();
        assert_eq!(json, "\"America/Los_Angeles\"");
        assert_eq!(serde_json::from_str::<Zone>("\"us/pacific\"").unwrap(), zone("America/Los_Angeles"));
        assert!(serde_json::from_str::<Zone>("\"EST\"").is_err());
    }
}
