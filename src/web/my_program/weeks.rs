//! How do the weeks of a group look, done and to come?

use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;

use super::place::Place;
use crate::{
    domain::{
        civil::time_of_day,
        session::SessionState,
        week::{Kind, Week},
        zone::Zone,
    },
    store::{cohorts::WeekRow, sessions::SessionRow},
    web::{chrome::Tone, cohort_dates::day},
};

/// One leaf of the vine.
#[derive(Debug, Serialize)]
pub(super) struct VineWeek {
    /// `done`, `now`, `skip` or empty: to come.
    pub(super) state: &'static str,
    pub(super) leaf: String,
    pub(super) title: String,
    /// The lesson, once it is out.
    pub(super) href: Option<String>,
    pub(super) when: String,
    pub(super) chip: Option<(&'static str, Tone)>,
}

/// Every week of the cohort; titles of lessons that are not out come from the public outline.
pub(super) fn vine(place: &Place, zone: Zone, now: DateTime<Utc>) -> Vec<VineWeek> {
    let mut position = 0;
    let mut current = true;
    let mut vine = Vec::new();
    for week in &place.weeks {
        if week.kind == Kind::Break {
            vine.push(off(week, zone, now));
            continue;
        }
        position += 1;
        let meeting = place.meetings.iter().find(|meeting| meeting.week == week.number);
        let state = state(place, (week, meeting), now, &mut current);
        vine.push(leaf(place, (position, week, meeting), state, zone, now));
    }
    // A cohort may have more lessons than weeks.
    vine.extend(place.beyond(position).into_iter().map(|position| extra(place, position, zone, now)));
    vine
}

fn off(week: &WeekRow, zone: Zone, now: DateTime<Utc>) -> VineWeek {
    let today = zone.local(now).date();
    VineWeek {
        state: "skip",
        leaf: String::new(),
        title: "A week off".to_owned(),
        href: None,
        when: format!("From {}", day(week.first_day, today)),
        chip: None,
    }
}

fn extra(place: &Place, position: i32, zone: Zone, now: DateTime<Utc>) -> VineWeek {
    let out = place.out(position, now).first().map(|lesson| lesson.content.0.title.clone());
    let today = zone.local(now).date();
    let arrives = place.arrives(position).map(|due| format!("From {}", day(zone.local(due).date(), today)));
    VineWeek {
        state: if out.is_some() { "done" } else { "" },
        leaf: position.to_string(),
        href: out.as_ref().map(|_| format!("/p/lesson/{position}?enrollment={}", place.enrollment.id)),
        title: out.unwrap_or_else(|| format!("Week {position}")),
        when: arrives.unwrap_or_default(),
        chip: None,
    }
}

/// Done when its session is over, else when its seven days are; `now` is the first that is not.
fn state(place: &Place, of: (&WeekRow, Option<&SessionRow>), now: DateTime<Utc>, current: &mut bool) -> &'static str {
    let (week, meeting) = of;
    let planned = meeting.filter(|meeting| meeting.state == SessionState::Planned);
    let today = place.cohort.zone.local(now).date();
    let done = match planned {
        Some(meeting) => meeting.ends_at <= now,
        None => (today - week.first_day).num_days() >= 7,
    };
    if done {
        return "done";
    }
    let begun = week.first_day <= today;
    if std::mem::take(current) && begun { "now" } else { "" }
}

fn leaf(
    place: &Place,
    of: (i32, &WeekRow, Option<&SessionRow>),
    state: &'static str,
    zone: Zone,
    now: DateTime<Utc>,
) -> VineWeek {
    let (position, week, meeting) = of;
    let out = place.out(position, now).first().map(|lesson| lesson.content.0.title.clone());
    let outline = place.program.content.0.outline.iter().find(|week| i32::from(week.number) == position);
    let href = out.as_ref().map(|_| format!("/p/lesson/{position}?enrollment={}", place.enrollment.id));
    let title = out.or_else(|| outline.map(|week| week.title.clone()));
    let today = zone.local(now).date();
    let when = meeting.map(|meeting| {
        let local = zone.local(meeting.starts_at);
        format!("{}, {}", day(local.date(), today), time_of_day(local.time()))
    });
    VineWeek {
        state,
        leaf: position.to_string(),
        title: title.unwrap_or_else(|| format!("Week {position}")),
        href,
        when: when.unwrap_or_else(|| format!("From {}", day(week.first_day, today))),
        chip: meeting.and_then(|meeting| chip(place, week, meeting, now)),
    }
}

/// What is not as usual about a session that is not over.
fn chip(place: &Place, week: &WeekRow, meeting: &SessionRow, now: DateTime<Utc>) -> Option<(&'static str, Tone)> {
    match meeting.state {
        SessionState::Canceled => Some(("Canceled", Tone::Bad)),
        SessionState::Planned if meeting.ends_at <= now || is_usual(place, week, meeting) => None,
        SessionState::Planned => Some(("Moved", Tone::Warn)),
    }
}

/// On the group's weekday and time, or on one that it has in other weeks too: those before a change of weekday
/// were not moved.
fn is_usual(place: &Place, week: &WeekRow, meeting: &SessionRow) -> bool {
    let days = Week { number: 0, first_day: week.first_day, kind: week.kind };
    let weekday = meeting.local_date.format("%a").to_string().to_lowercase();
    let slot = |row: &SessionRow| (row.local_date.weekday(), row.local_time, row.zone);
    let by_rule = meeting.local_time == place.cohort.session_time && weekday == place.cohort.weekday;
    let by_others = place.meetings.iter().any(|other| other.id != meeting.id && slot(other) == slot(meeting));
    (by_rule || by_others) && days.contains(meeting.local_date)
}

/// Whether a session is not where the group usually meets.
pub(in crate::web) fn is_moved(place: &Place, meeting: &SessionRow) -> bool {
    place.weeks.iter().any(|week| week.number == meeting.week && !is_usual(place, week, meeting))
}
