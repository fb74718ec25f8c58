//! Until which day may somebody do this by themselves?

use chrono::{DateTime, NaiveDate, Utc};

use super::{civil, zone::Zone};

/// Days in a cohort's own zone, both inclusive; an empty end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    pub zone: Zone,
}

impl Window {
    #[must_use]
    pub fn until(until: Option<NaiveDate>, zone: Zone) -> Self {
        Self { from: None, until, zone }
    }

    #[must_use]
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        let today = self.zone.local(now).date();
        self.from.is_none_or(|from| from <= today) && self.until.is_none_or(|until| today <= until)
    }

    /// `until Sunday 8 November 2026 (Berlin time)`; empty while there is no end.
    #[must_use]
    pub fn until_words(&self) -> String {
        self.until.map_or_else(String::new, |until| format!("until {} ({} time)", civil::date(until), self.zone.city()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_counts_to_its_midnight_in_the_cohorts_zone() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 8).unwrap();
        let window = Window::until(Some(day), berlin);
        let at = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc();
        assert!(window.is_open(at("2026-11-08 22:59")) && !window.is_open(at("2026-11-08 23:00")));
        assert_eq!(window.until_words(), "until Sunday 8 November 2026 (Berlin time)");
        assert!(Window::until(None, berlin).is_open(at("2099-01-01 00:00")));
        let opens = Window { from: Some(day), until: None, zone: berlin };
        assert!(!opens.is_open(at("2026-11-07 22:59")) && opens.is_open(at("2026-11-07 23:00")));
    }
}
