//! How does a mail client show a calendar entry?

use serde::Serialize;

use crate::{
    domain::{
        calendar::reader::{ReadEvent, ReadMethod},
        civil::When,
        email_address::EmailAddress,
        zone::Zone,
    },
    web::chrome::Tone,
};

/// A calendar entry as a client shows it.
#[derive(Debug, Serialize)]
pub(super) struct Card {
    word: String,
    tone: Tone,
    month: String,
    day: String,
    weekday: String,
    title: String,
    when: String,
    location: String,
    organizer: String,
    attendee: String,
    description: String,
    uid: String,
    sequence: u32,
    method: &'static str,
    status: String,
    stamp: String,
}

impl Card {
    /// On the clock of whoever reads it.
    pub(super) fn of(event: &ReadEvent, zone: Zone) -> Self {
        let (word, tone, method) = match (event.method, event.sequence) {
            (Some(ReadMethod::Request), 0) => ("Invitation".to_owned(), Tone::Ok, "REQUEST"),
            (Some(ReadMethod::Request), change) => (format!("Updated, change {change}"), Tone::Warn, "REQUEST"),
            (Some(ReadMethod::Cancel), _) => ("Canceled".to_owned(), Tone::Bad, "CANCEL"),
            (
                Some(
                    ReadMethod::Publish
                    | ReadMethod::Reply
                    | ReadMethod::Counter
                    | ReadMethod::Refresh
                    | ReadMethod::Other,
                )
                | None,
                _,
            ) => ("Calendar entry".to_owned(), Tone::Info, "other"),
        };
        let local = event.starts_at.map(|at| zone.local(at));
        let part = |format: &str| local.map(|at| at.format(format).to_string()).unwrap_or_default();
        let when =
            event.starts_at.zip(event.ends_at).map(|(starts_at, ends_at)| When::new(starts_at, ends_at, zone).full());
        let address =
            |address: Option<&EmailAddress>| address.map(|address| address.expose().to_owned()).unwrap_or_default();
        Self {
            word,
            tone,
            month: part("%b"),
            day: part("%-d"),
            weekday: part("%a"),
            title: event.summary.clone(),
            when: when.unwrap_or_else(|| "No time given".to_owned()),
            location: event.location.clone(),
            organizer: address(event.organizer.as_ref()),
            attendee: address(event.attendees.first().and_then(|attendee| attendee.address.as_ref())),
            description: event.description.clone(),
            uid: event.uid.clone(),
            sequence: event.sequence,
            method,
            status: event.status.clone().unwrap_or_default(),
            stamp: event.stamp.map(|at| at.to_string()).unwrap_or_default(),
        }
    }

    pub(super) fn sample() -> Self {
        Self {
            word: "Invitation".into(),
            tone: Tone::Ok,
            month: "Dec".into(),
            day: "10".into(),
            weekday: "Thu".into(),
            title: "Group session".into(),
            when: "Thursday 10 December 2026, 18:00–19:15 (Lisbon time, UTC+00:00)".into(),
            location: "Online".into(),
            organizer: "nadia@brandt.example".into(),
            attendee: "ana@lisbon.example".into(),
            description: "Join here".into(),
            uid: "7f3kq@localhost".into(),
            sequence: 0,
            method: "REQUEST",
            status: "CONFIRMED".into(),
            stamp: "2026-12-01 10:00:00 UTC".into(),
        }
    }
}
