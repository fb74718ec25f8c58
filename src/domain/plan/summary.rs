//! What did the coach do, in a few words?

use super::{Change, Schedule};
use crate::domain::{civil, session::Slot};

/// As it follows `You `, with the names a coach knows.
pub(super) fn summary(before: &Schedule, after: &Schedule, change: &Change) -> String {
    match change {
        Change::MoveStart { to } => {
            format!("moved the start from {} to {}", civil::date(before.starts_on), civil::date(*to))
        }
        Change::Reslot { from_week, weekday, time, zone, .. } => {
            let day = day_name(*weekday);
            let time = civil::time_of_day(*time);
            format!("set the sessions from week {from_week} on to {day}s at {time}, {} time", zone.city())
        }
        Change::InsertBreak { before: week } => {
            let first_day = after.weeks.iter().find(|other| other.number == *week).map(|week| week.first_day);
            format!("made the week of {} a break", first_day.map(civil::date).unwrap_or_default())
        }
        Change::RemoveBreak { week } => {
            let first_day = before.weeks.iter().find(|other| other.number == *week).map(|week| week.first_day);
            format!("took out the break in the week of {}", first_day.map(civil::date).unwrap_or_default())
        }
        Change::MoveSession { session, .. } => {
            let (was, is) = (before.session(*session), after.session(*session));
            let when = is.map(|session| moment(session.slot)).unwrap_or_default();
            format!("moved {} to {when}", was.map(name).unwrap_or_default())
        }
        Change::CancelSession { session } => {
            format!("canceled {}", before.session(*session).map(dated).unwrap_or_default())
        }
        Change::RestoreSession { session } => {
            format!("restored {}", before.session(*session).map(dated).unwrap_or_default())
        }
        Change::AddSession { .. } => {
            let added = after.sessions.last().map(|session| moment(session.slot)).unwrap_or_default();
            format!("added a session on {added}")
        }
        Change::Extend { weeks } => format!("added {} at the end", count(*weeks)),
        Change::Shorten { weeks } => format!("took {} off the end", count(*weeks)),
    }
}

fn name(session: &super::Session) -> String {
    match session.ordinal {
        0 => "the extra session".to_owned(),
        ordinal => format!("session {ordinal}"),
    }
}

fn dated(session: &super::Session) -> String {
    format!("{} on {}", name(session), moment(session.slot))
}

fn moment(slot: Slot) -> String {
    format!("{}, {} ({} time)", civil::date(slot.date), civil::time_of_day(slot.time), slot.zone.city())
}

fn count(weeks: u16) -> String {
    if weeks == 1 { "one week".to_owned() } else { format!("{weeks} weeks") }
}

fn day_name(weekday: chrono::Weekday) -> &'static str {
    match weekday {
        chrono::Weekday::Mon => "Monday",
        chrono::Weekday::Tue => "Tuesday",
        chrono::Weekday::Wed => "Wednesday",
        chrono::Weekday::Thu => "Thursday",
        chrono::Weekday::Fri => "Friday",
        chrono::Weekday::Sat => "Saturday",
        chrono::Weekday::Sun => "Sunday",
    }
}
