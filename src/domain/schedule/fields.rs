//! Can each cron field be read by itself, and only one way?

use std::str::FromStr;

use chrono::Weekday;
use cron::Schedule;

use super::BadRule;

/// Is this one cron field by itself? The crate would read `7*` as two fields, and `* 2030` as a year.
pub(super) fn check(field: &'static str, text: &str) -> Result<(), BadRule> {
    let number = |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let month = |text: &str| field == "month" && !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic());
    let value = |text: &str| number(text) || month(text);
    let item = |text: &str| {
        let (range, step) = text.split_once('/').unwrap_or((text, "1"));
        let (from, to) = range.split_once('-').unwrap_or((range, "0"));
        number(step) && (range == "*" || value(from) && value(to))
    };
    let any = field == "day" && text == "?";
    if any || text.split(',').all(item) { Ok(()) } else { Err(unreadable(field, text)) }
}

/// Weekdays as a list of names that the crate reads: ranges are written out, so that SAT-SUN and FRI-MON work.
pub(super) fn weekdays(text: &str) -> Result<String, BadRule> {
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(BadRule::NumberedWeekday);
    }
    if text == "*" || text == "?" {
        return Ok("*".to_owned());
    }
    let weekday = |name: &str| Weekday::from_str(name).map_err(|_| unreadable("weekday", text));
    let mut names = Vec::new();
    for item in text.split(',') {
        let (from, to) = item.split_once('-').unwrap_or((item, item));
        let (mut day, last) = (weekday(from)?, weekday(to)?);
        names.push(name(day));
        while day != last {
            day = day.succ();
            names.push(name(day));
        }
    }
    Ok(names.join(","))
}

/// As every cron writes it.
pub(super) const fn name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "MON",
        Weekday::Tue => "TUE",
        Weekday::Wed => "WED",
        Weekday::Thu => "THU",
        Weekday::Fri => "FRI",
        Weekday::Sat => "SAT",
        Weekday::Sun => "SUN",
    }
}

pub(super) fn unreadable(field: &'static str, text: &str) -> BadRule {
    BadRule::Field { field, text: text.chars().filter(|c| !c.is_control()).take(40).collect() }
}

/// Which field is out of range? The first that does not parse among four stars.
pub(super) fn out_of_range(fields: [&str; 4]) -> BadRule {
    let names = ["minute", "hour", "day", "month"];
    for (position, text) in fields.into_iter().enumerate() {
        let mut alone = ["*"; 4];
        alone[position] = text;
        if Schedule::from_str(&format!("0 {} *", alone.join(" "))).is_err() {
            return unreadable(names[position], text);
        }
    }
    unreadable("text", &fields.join(" "))
}
