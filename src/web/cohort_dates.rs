//! When does a cohort meet, on a visitor's own clock?

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{
    domain::{
        civil::{When, time_of_day},
        session::SessionState,
        week::Kind,
        zone::Zone,
    },
    store::{cohorts::WeekRow, sessions::SessionRow},
};

/// The dates of a cohort as a card and a form show them.
#[derive(Debug, Clone, Serialize)]
pub struct CohortDates {
    /// `Monday 8 March`
    pub first: String,
    /// For machines.
    pub first_iso: String,
    /// `19 April`
    pub last: String,
    /// `Mondays, 20:00–21:15`, and what differs.
    pub weekly: String,
    /// `Berlin time, UTC+01:00`
    pub clock: String,
    /// `19:00 in Dublin`, where the cohort's own clock shows something else.
    pub beside: Option<String>,
    /// `No session in the week of 29 March`
    pub breaks: Option<String>,
    /// Every session in full.
    pub sessions: Vec<String>,
}

/// `Monday 8 March`, with the year where it is not this one.
#[must_use]
pub fn day(on: NaiveDate, today: NaiveDate) -> String {
    let year = if year_of(on) == year_of(today) { "" } else { " %Y" };
    on.format(&format!("%A %-d %B{year}")).to_string()
}

fn year_of(on: NaiveDate) -> String {
    on.format("%Y").to_string()
}

impl CohortDates {
    /// None when nothing is left to meet for: no session is planned, or the last one is over. `clocks` are the
    /// visitor's and the cohort's.
    #[must_use]
    pub fn of(meetings: &[SessionRow], weeks: &[WeekRow], clocks: [Zone; 2], now: DateTime<Utc>) -> Option<Self> {
        let [zone, own] = clocks;
        let planned: Vec<_> = meetings.iter().filter(|meeting| meeting.state == SessionState::Planned).collect();
        let (first, last) = (planned.first()?, planned.iter().max_by_key(|meeting| meeting.ends_at)?);
        if last.ends_at <= now {
            return None;
        }
        let today = zone.local(now).date();
        let spans: Vec<_> = planned.iter().map(|m| (zone.local(m.starts_at), zone.local(m.ends_at))).collect();
        let starts_there = own.local(first.starts_at);
        let last_on = zone.local(last.starts_at).date();
        let year = if year_of(last_on) == year_of(today) { "" } else { " %Y" };
        Some(Self {
            first: day(spans.first()?.0.date(), today),
            first_iso: first.starts_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            last: last_on.format(&format!("%-d %B{year}")).to_string(),
            weekly: weekly(&spans),
            clock: clock(zone, first.starts_at),
            beside: (starts_there != spans.first()?.0)
                .then(|| format!("{} in {}", time_of_day(starts_there.time()), own.city())),
            breaks: breaks(weeks),
            sessions: planned.iter().map(|m| When::new(m.starts_at, m.ends_at, zone).full()).collect(),
        })
    }
}

/// `Berlin time, UTC+01:00`
#[must_use]
pub fn clock(zone: Zone, at: DateTime<Utc>) -> String {
    if zone == Zone::utc() { "UTC".to_owned() } else { format!("{} time, {}", zone.city(), zone.offset_at(at)) }
}

/// The weekday and time most sessions share; the others are named, since a change of clocks in the cohort's
/// zone moves them for a visitor elsewhere.
fn weekly(spans: &[(NaiveDateTime, NaiveDateTime)]) -> String {
    let pattern = |(from, to): &(NaiveDateTime, NaiveDateTime)| {
        format!("{}, {}–{}", from.format("%As"), time_of_day(from.time()), time_of_day(to.time()))
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for span in spans {
        *counts.entry(pattern(span)).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or_default();
    let usual = spans.iter().map(pattern).find(|text| counts[text] == most).unwrap_or_default();
    let others: Vec<_> = spans.iter().filter(|span| pattern(span) != usual).collect();
    let named = |from: &NaiveDateTime| from.format("%-d %B at %H:%M").to_string();
    // The clocks change once: from then on it is another hour.
    let is_end = spans.iter().rev().zip(others.iter().rev()).all(|(span, other)| span == *other);
    let one_hour = others.windows(2).all(|pair| pattern(pair[0]) == pattern(pair[1]));
    match others.as_slice() {
        [] => usual,
        [first, _, ..] if is_end && one_hour => format!("{usual}; from {}", named(&first.0)),
        few @ ([_] | [_, _]) => {
            format!("{usual}; on {}", few.iter().map(|(from, _)| named(from)).collect::<Vec<_>>().join(" and "))
        }
        _ => format!("{usual}; other hours on some dates"),
    }
}

fn breaks(weeks: &[WeekRow]) -> Option<String> {
    let free: Vec<String> = weeks
        .iter()
        .filter(|week| week.kind == Kind::Break)
        .map(|week| week.first_day.format("%-d %B").to_string())
        .collect();
    (!free.is_empty()).then(|| format!("No session in the week of {}", free.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn names_the_hour_that_most_sessions_share_and_those_that_differ() {
        let span = |from: &str, to: &str| (at(from), at(to));
        let even = [span("2027-03-08 20:00", "2027-03-08 21:15"), span("2027-03-15 20:00", "2027-03-15 21:15")];
        assert_eq!(weekly(&even), "Mondays, 20:00–21:15");
        let mut odd = even.to_vec();
        odd.push(span("2027-03-22 19:00", "2027-03-22 20:15"));
        assert_eq!(weekly(&odd), "Mondays, 20:00–21:15; on 22 March at 19:00");
        odd.splice(0..0, [span("2027-02-22 20:00", "2027-02-22 21:15"), span("2027-03-01 20:00", "2027-03-01 21:15")]);
        odd.push(span("2027-03-29 19:00", "2027-03-29 20:15"));
        assert_eq!(weekly(&odd), "Mondays, 20:00–21:15; from 22 March at 19:00");
    }

    #[test]
    fn a_year_is_said_where_it_is_another_one() {
        let on = |year| NaiveDate::from_ymd_opt(year, 3, 8).unwrap();
        assert_eq!(day(on(2027), on(2027)), "Monday 8 March");
        assert_eq!(day(on(2027), on(2026)), "Monday 8 March 2027");
    }
}
