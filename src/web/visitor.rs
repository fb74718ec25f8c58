//! What do the pages of visitors and participants share?

use chrono::{DateTime, Utc};
use poem::Request;
use serde::Serialize;

use crate::{
    domain::{civil, name::is_unprintable, zone::Zone},
    store::practices::Practice,
    web::{
        chrome::{self, Link},
        error::PageError,
        fields::Fields,
        headers::Robots,
        site::Site,
    },
};

/// The name on pages that belong to no practice.
pub const NOBODY: &str = "Trellis";

/// The frame of a page that names no topic: the practice's neutral name, or none at all.
#[must_use]
pub fn neutral(site: &Site, practice: Option<&Practice>) -> chrome::Public {
    let brand = practice.map_or(NOBODY, |practice| practice.neutral_name.expose());
    chrome::Public { form_token: Some(site.form_token()), ..chrome::Public::plain(brand) }
}

/// The frame of a program's public page: the practice under its own name.
#[must_use]
pub fn branded(site: &Site, practice: &Practice, home: String, robots: Robots) -> chrome::Public {
    let text = practice.name.expose().to_owned();
    chrome::Public { brand: Link { href: home, text: text.clone() }, foot: text, robots, ..neutral(site, None) }
}

/// The fields of the query.
pub fn query(request: &Request) -> Result<Fields, PageError> {
    Fields::parse(request.uri().query().unwrap_or_default().as_bytes())
}

/// One line of a select.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    pub value: String,
    pub text: String,
}

/// Every time zone by its city, with what its clocks show: `Berlin (Europe), 11:41 now`. `now` is real time,
/// so that people recognize their own clock.
#[must_use]
pub fn zones(now: DateTime<Utc>) -> Vec<Choice> {
    let mut zones: Vec<Choice> = Zone::all()
        .map(|zone| {
            let area = zone.name().split_once('/').map(|(area, _)| format!(" ({})", area.replace('_', " ")));
            let clock = civil::time_of_day(zone.local(now).time());
            let text = format!("{}{}, {clock} now", zone.city(), area.unwrap_or_default());
            Choice { value: zone.name().to_owned(), text }
        })
        .collect();
    zones.sort_by(|a, b| a.text.cmp(&b.text));
    zones
}

/// Several lines of a person's own words, of at most `most` characters.
pub fn words(text: &str, most: usize) -> Result<String, String> {
    if text.chars().any(|c| is_unprintable(c) && !matches!(c, '\n' | '\t')) {
        return Err("This holds an invisible control character: delete it, or type the text again".to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("Shorten this to at most {most} characters"));
    }
    Ok(text.to_owned())
}

/// `six` up to twelve, then digits: for a sentence.
#[must_use]
pub fn number(count: usize) -> String {
    let words =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    words.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// The same at the start of a sentence.
#[must_use]
pub fn number_first(count: usize) -> String {
    let word = number(count);
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_can_be_told_from_the_others() {
        let zones = zones(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        assert!(zones.iter().any(|zone| zone.value == "Europe/Berlin" && zone.text == "Berlin (Europe), 09:00 now"));
        assert!(zones.iter().any(|zone| zone.text == "UTC, 08:00 now"));
    }

    #[test]
    fn words_keep_their_lines_and_nothing_hidden() {
        assert_eq!(words("one\ntwo", 10).as_deref(), Ok("one\ntwo"));
        assert!(words("a\u{8}b", 10).is_err() && words("a\u{202E}b", 10).is_err());
        assert_eq!(words(&"é".repeat(10), 10).unwrap().chars().count(), 10);
        assert!(words(&"é".repeat(10_000), 2_000).unwrap_err().contains("2000"));
    }

    #[test]
    fn numbers_stand_in_a_sentence() {
        assert_eq!((number(6), number_first(12), number(13)), ("six".into(), "Twelve".into(), "13".into()));
    }
}
