//! What did the coach decide for a new cohort, and what of it cannot be?

use chrono::{NaiveDate, NaiveTime};
use poem::http::Uri;

use crate::{
    actions::{open_cohort::NewCohort, save_admission::AdmissionSettings},
    domain::{
        cohort::LateJoiners,
        discretion::Discretion,
        holiday::Country,
        ids::ProgramId,
        name::{Name, is_unprintable},
        session,
        week::{BadWeeks, MOST_WEEKS, weeks},
        zone::Zone,
    },
    store::programs::ProgramRow,
    web::{
        cohorts::admission,
        fields::Fields,
        form::{Checked, Entered},
        labels::WEEKDAYS,
    },
};

use super::timing::{clock, timing};

/// The most seats a cohort may have.
pub(crate) const MOST_SEATS: u16 = 1_000;

/// Reads the form; every fault stands at its field.
pub(super) fn read(fields: &Fields, programs: &[ProgramRow]) -> Result<(NewCohort, AdmissionSettings), Entered> {
    let mut checked = Checked::new(fields);
    let program = program(&mut checked, fields, programs);
    let name = checked.parse("name", Name::parse);
    let starts_on = date(&mut checked, "starts_on");
    let zone = checked.parse("zone", Zone::parse);
    let weekday = checked.choice("weekday", &WEEKDAYS, "Choose the weekday of the session");
    let time = time(&mut checked, "time");
    let minutes = minutes(&mut checked);
    let breaks = checked.parse("breaks", read_breaks);
    let capacity = seats(&mut checked);
    let rule = timing(&mut checked, fields);
    let lesson_clock = clock(&mut checked, fields);
    let holiday_country = country(&mut checked);
    let late_joiners = late_joiners(&mut checked, fields);
    let discretion = checked.parse("discretion", Discretion::parse);
    let room_url = room(&mut checked, "room_url");
    let crisis_line = one_line(&mut checked, "crisis_line", 300);
    let enrollment = admission::read(&mut checked, fields, zone.unwrap_or(Zone::utc()));
    if let (Some(program), Some(starts_on), Some(breaks)) = (program, starts_on, &breaks) {
        check_weeks(&mut checked, (program, starts_on, breaks));
    }
    checked.finish(|| {
        let new = NewCohort {
            program: program?.id,
            name: name?,
            zone: zone?,
            starts_on: starts_on?,
            weekday: weekday?,
            time: time?,
            minutes: minutes?,
            breaks: breaks?,
            capacity: capacity?,
            rule: rule?,
            lesson_clock: lesson_clock?,
            discretion: discretion?,
            holiday_country: holiday_country?,
            late_joiners: late_joiners?,
            room_url: room_url?,
            crisis_line: crisis_line?,
        };
        Some((new, enrollment?))
    })
}

fn program<'a>(checked: &mut Checked<'_>, fields: &Fields, programs: &'a [ProgramRow]) -> Option<&'a ProgramRow> {
    let wanted: Option<ProgramId> = fields.text("program").parse().ok();
    let known = programs.iter().find(|program| Some(program.id) == wanted);
    known.or_else(|| checked.refuse("program", "Choose one of your programs"))
}

/// A date that the calendar has.
pub(crate) fn date(checked: &mut Checked<'_>, field: &str) -> Option<NaiveDate> {
    checked.parse(field, |text| match text {
        "" => Err("Choose a date"),
        text => text
            .parse::<NaiveDate>()
            .map_err(|_| "There is no such date. Write year, month and day, such as 2027-03-08"),
    })
}

/// Hours and minutes of a clock.
pub(crate) fn time(checked: &mut Checked<'_>, field: &str) -> Option<NaiveTime> {
    checked.parse_or(field, "Enter a time of day, such as 19:00", |text| {
        NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:00"))
    })
}

/// The length of a session.
pub(crate) fn minutes(checked: &mut Checked<'_>) -> Option<u16> {
    let number = checked.parse_or("minutes", "Enter the length in minutes, such as 75", str::parse::<u16>)?;
    session::length(number).map_or_else(|bad| checked.refuse("minutes", bad.to_string()), Some)
}

fn read_breaks(text: &str) -> Result<Vec<u16>, String> {
    let numbers = text.split([',', ' ', ';']).filter(|number| !number.is_empty());
    let number = |text: &str| {
        text.parse().ok().filter(|number| (1..=MOST_WEEKS).contains(number)).ok_or_else(|| {
            "Write the numbers of the weeks without lesson and session, such as 3, 5. The first week is 1".to_owned()
        })
    };
    numbers.map(number).collect()
}

/// The number of seats.
pub(crate) fn seats(checked: &mut Checked<'_>) -> Option<u16> {
    let message = format!("Enter the number of places, from 1 to {MOST_SEATS}");
    checked.parse("capacity", |text| text.parse().ok().filter(|seats| (1..=MOST_SEATS).contains(seats)).ok_or(message))
}

/// Whose holidays are warned of; empty: nobody's.
pub(crate) fn country(checked: &mut Checked<'_>) -> Option<Option<Country>> {
    checked.optional("holiday_country", Country::parse)
}

/// How those who come late get what went out before: in one mail, unless the form says otherwise.
pub(crate) fn late_joiners(checked: &mut Checked<'_>, fields: &Fields) -> Option<LateJoiners> {
    match fields.text("late_joiners") {
        "" => Some(LateJoiners::Digest),
        _ => checked.parse_or("late_joiners", "Choose how people who come late catch up", str::parse),
    }
}

/// Where the session is held: an https link, or nothing yet.
pub(crate) fn room(checked: &mut Checked<'_>, field: &str) -> Option<String> {
    checked.parse(field, |text| {
        let message = "Enter the full link of the room, beginning with https://";
        if text.is_empty() {
            return Ok(String::new());
        }
        let uri: Uri = text.parse().map_err(|_| message)?;
        let is_safe = uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| host.contains('.'));
        if is_safe && text.len() <= 1_000 { Ok(text.to_owned()) } else { Err(message) }
    })
}

/// Perhaps empty text of one line.
pub(crate) fn one_line(checked: &mut Checked<'_>, field: &str, most: usize) -> Option<String> {
    let text = checked.text(field, most)?;
    if text.chars().any(is_unprintable) {
        return checked.refuse(field, "Use one line of ordinary characters");
    }
    Some(text)
}

fn check_weeks(checked: &mut Checked<'_>, of: (&ProgramRow, NaiveDate, &[u16])) {
    let (program, starts_on, breaks) = of;
    if let Err(bad) = weeks(starts_on, program.content.0.weeks, breaks) {
        let field = match bad {
            BadWeeks::None => "program",
            BadWeeks::Year(_) => "starts_on",
            BadWeeks::Many(_) | BadWeeks::BreakOutside { .. } => "breaks",
        };
        checked.refuse::<()>(field, bad.to_string());
    }
}
