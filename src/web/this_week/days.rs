//! What is in each of the seven days?

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{Week, going_out::Going};
use crate::{
    clock::Now,
    store::{cohorts::Cohort, sessions::SessionRow},
};

#[derive(Debug, Serialize)]
pub(super) struct Day {
    pub(super) name: String,
    pub(super) number: String,
    pub(super) is_today: bool,
    pub(super) events: Vec<Event>,
}

#[derive(Debug, Serialize)]
pub(super) struct Event {
    /// As the style sheet names it: `live`, `bad`, or empty for mail.
    pub(super) kind: &'static str,
    pub(super) text: String,
}

pub(super) fn days(week: Week, meetings: &[SessionRow], cohorts: &[&Cohort], going: &[Going], now: Now) -> Vec<Day> {
    let today = week.zone.local(now.program).date();
    let day = |date: NaiveDate| Day {
        name: date.format("%a").to_string(),
        number: date.format("%-d").to_string(),
        is_today: date == today,
        events: events(week, date, meetings, cohorts, going),
    };
    week.days().map(day).collect()
}

fn events(week: Week, date: NaiveDate, meetings: &[SessionRow], cohorts: &[&Cohort], going: &[Going]) -> Vec<Event> {
    let local = |at: DateTime<Utc>| week.zone.local(at);
    let mut events: Vec<(DateTime<Utc>, Event)> = Vec::new();
    for mail in going.iter().filter(|mail| local(mail.due_at).date() == date) {
        let time = local(mail.due_at).format("%H:%M");
        events.push((mail.due_at, Event { kind: "", text: format!("{time} {}", mail.short) }));
        if mail.lost > 0 {
            let text =
                if mail.lost == 1 { "1 email failed".to_owned() } else { format!("{} emails failed", mail.lost) };
            events.push((mail.due_at, Event { kind: "bad", text }));
        }
    }
    for meeting in meetings.iter().filter(|meeting| local(meeting.starts_at).date() == date) {
        let cohort = cohorts.iter().find(|cohort| cohort.id == meeting.cohort_id);
        let name = cohort.map_or("Session", |cohort| cohort.name.expose());
        let text = format!("{} {name}", local(meeting.starts_at).format("%H:%M"));
        events.push((meeting.starts_at, Event { kind: "live", text }));
    }
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}
