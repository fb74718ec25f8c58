//! Is this day a public holiday? Only ever a warning: no date is changed because of it.

use std::{fmt, sync::LazyLock};

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::zone::Zone;

/// The years whose holidays are known; in others nothing is warned of.
pub const FIRST_YEAR: i32 = 2025;
pub const LAST_YEAR: i32 = 2040;

/// A country whose holidays we know, by its two letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Country(&'static Entry);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Choose one of the countries of the list")]
pub struct UnknownCountry;

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    code: &'static str,
    name: &'static str,
    zones: Vec<Zone>,
    holidays: Vec<(&'static str, Vec<Day>)>,
}

/// When a holiday is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    EveryYear { month: u32, day: u32 },
    FromEaster(i64),
    Once(NaiveDate),
}

static COUNTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| read(include_str!("holidays.txt")));

/// What is celebrated in that country on that day, if anything: `Easter Monday`.
#[must_use]
pub fn on(country: Country, date: NaiveDate) -> Option<&'static str> {
    let is_known = (FIRST_YEAR..=LAST_YEAR).contains(&date.year());
    let mut holidays = country.0.holidays.iter().filter(|_| is_known);
    holidays.find(|(_, days)| days.iter().any(|day| day.is(date))).map(|(name, _)| *name)
}

impl Country {
    /// All that are known, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTRIES.iter().map(Self)
    }

    /// `DE`. An empty text is no country: see `chosen`.
    pub fn parse(text: &str) -> Result<Self, UnknownCountry> {
        Self::all().find(|country| country.code() == text).ok_or(UnknownCountry)
    }

    /// As a cohort keeps it: empty where nobody wants to be warned.
    #[must_use]
    pub fn chosen(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// Where these clocks are used: a guess, for a person to confirm.
    #[must_use]
    pub fn of_zone(zone: Zone) -> Option<Self> {
        Self::all().find(|country| country.0.zones.contains(&zone))
    }

    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0.code
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Day {
    fn is(self, date: NaiveDate) -> bool {
        match self {
            Self::EveryYear { month, day } => (date.month(), date.day()) == (month, day),
            Self::FromEaster(days) => easter(date.year()).is_some_and(|sunday| sunday + TimeDelta::days(days) == date),
            Self::Once(on) => on == date,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(days) = text.strip_prefix("easter") {
            return days.parse().ok().map(Self::FromEaster);
        }
        match text.strip_prefix("*-").and_then(|day| day.split_once('-')) {
            Some((month, day)) => Some(Self::EveryYear { month: month.parse().ok()?, day: day.parse().ok()? }),
            None => text.parse().ok().map(Self::Once),
        }
    }
}

/// Easter Sunday of the Gregorian calendar, by the anonymous algorithm (Meeus, Jones, Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4) % 7;
    let late = (golden + 11 * moon + 22 * weekday) / 451;
    let sum = moon + weekday - 7 * late + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(sum / 31).ok()?, u32::try_from(sum % 31 + 1).ok()?)
}

fn read(text: &'static str) -> Vec<Entry> {
    let mut countries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((head, rest)) = line.split_once(": ") else { continue };
        match (head.strip_prefix('\t'), countries.last_mut()) {
            (Some(name), Some(country)) => {
                country.holidays.push((name, rest.split(' ').filter_map(Day::parse).collect()));
            }
            _ => {
                let (code, name) = head.split_once(' ').unwrap_or((head, head));
                let zones = rest.split(' ').filter_map(|name| Zone::parse(name).ok()).collect();
                countries.push(Entry { code, name, zones, holidays: Vec::new() });
            }
        }
    }
    countries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn knows_fixed_days_days_around_easter_and_days_of_their_own() {
        for (code, day, name) in [
            ("DE", "2027-03-29", Some("Easter Monday")),
            ("DE", "2027-10-03", Some("German Unity Day")),
            ("DE", "2027-03-30", None),
            ("IE", "2027-03-17", Some("Saint Patrick's Day")),
            ("IE", "2027-02-01", Some("Saint Brigid's Day")),
            ("GB", "2027-12-27", Some("Christmas Day (observed)")),
            ("US", "2026-11-26", Some("Thanksgiving Day")),
            ("US", "2026-12-26", None),
            ("GR", "2027-05-03", Some("Easter Monday")),
            ("DE", "2041-12-25", None),
            ("DE", "2024-12-25", None),
        ] {
            assert_eq!(on(Country::parse(code).unwrap(), date(day)), name, "{code} {day}");
        }
    }

    #[test]
    fn reads_every_line_of_its_list() {
        assert_eq!(COUNTRIES.len(), 30);
        for country in COUNTRIES.iter() {
            assert!(country.code.len() == 2 && !country.zones.is_empty(), "{country:?}");
            assert!(country.holidays.len() > 3, "{country:?}");
        }
        let days = |line: &&str| line.split(": ").nth(1).map_or(0, |days| days.split(' ').count());
        let lines = include_str!("holidays.txt").lines().filter(|line| !line.starts_with('#'));
        let (holidays, countries): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with('\t'));
        let read = |number: fn(&Entry) -> usize| COUNTRIES.iter().map(number).sum::<usize>();
        let written = |lines: &[&str]| lines.iter().map(days).sum::<usize>();
        assert_eq!(read(|country| country.holidays.iter().map(|(_, days)| days.len()).sum()), written(&holidays));
        assert_eq!(read(|country| country.zones.len()), written(&countries));
    }

    #[test]
    fn guesses_the_country_of_a_zone() {
        let guess = |name| Country::of_zone(Zone::parse(name).unwrap()).map(Country::code);
        assert_eq!(guess("Europe/Berlin"), Some("DE"));
        assert_eq!(guess("Europe/Dublin"), Some("IE"));
        assert_eq!(guess("America/New_York"), Some("US"));
        assert_eq!(guess("Asia/Kathmandu"), None);
        assert_eq!(Country::chosen(""), None);
        assert_eq!(Country::parse("XX"), Err(UnknownCountry));
    }

    #[test]
    fn easter_is_when_it_is() {
        for day in ["2025-04-20", "2027-03-28", "2038-04-25", "2035-03-25", "2000-04-23"] {
            assert_eq!(easter(date(day).year()), Some(date(day)));
        }
    }
}
