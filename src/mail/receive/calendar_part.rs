//! What do calendars answer to our invites? (RFC 5546 §3.2.3, §3.2.6, §3.2.7, in mail by RFC 6047)

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    mime::{Mail, Part},
    words::tidy,
};
use crate::domain::{
    calendar::reader::{self, Answer, ReadEvent, ReadMethod, Unreadable},
    rsvp::Rsvp,
};

/// What one event of one object says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarAnswer {
    /// As it came, at most 255 octets: the one thing that says who and what is meant.
    pub uid: String,
    pub act: Act,
    /// 0 when missing.
    pub sequence: i32,
    /// DTSTAMP; `None` where there is none, or one from the future.
    pub at: Option<DateTime<Utc>>,
    /// COMMENT: for the coach only.
    pub comment: String,
    /// A client that has lost its way speaks of one of a series, which we never send.
    pub instance: Instance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Reply(Rsvp),
    /// Delegated, undecided, or a word of somebody's own: changes nothing.
    NoAnswer,
    /// Another time is wished for.
    Counter {
        starts_at: Option<DateTime<Utc>>,
        ends_at: Option<DateTime<Utc>>,
    },
    /// The invite is asked for once more.
    Refresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instance {
    Whole,
    OneOfSeries,
}

const MOST: usize = 50;
/// Clocks of phones are wrong, but not by more.
const AHEAD: TimeDelta = TimeDelta::hours(1);

/// Every answer, each once, and why a part could not be read if one could not.
pub(super) fn of(mail: &Mail<'_>, now: DateTime<Utc>) -> (Vec<CalendarAnswer>, Option<Unreadable>) {
    let mut answers: Vec<CalendarAnswer> = Vec::new();
    let mut unreadable = None;
    for part in mail.parts.iter().filter(|part| is_calendar(part)) {
        match reader::read(&part.text()) {
            Ok(events) => {
                let method = part.head.kind().parameter("method").map(|word| ReadMethod::parse(&word));
                for answer in events.iter().filter_map(|event| answer(event, method, now)) {
                    if !answers.contains(&answer) && answers.len() < MOST {
                        answers.push(answer);
                    }
                }
            }
            Err(error) => unreadable = Some(error),
        }
    }
    (answers, unreadable)
}

fn is_calendar(part: &Part<'_>) -> bool {
    matches!(part.head.kind().media.as_str(), "text/calendar" | "application/ics")
}

/// `None` for what is no answer: invites and cancellations of others, and copies of ours.
fn answer(event: &ReadEvent, parameter: Option<ReadMethod>, now: DateTime<Utc>) -> Option<CalendarAnswer> {
    let act = match event.method.or(parameter)? {
        ReadMethod::Reply => reply(event),
        ReadMethod::Counter => Act::Counter { starts_at: event.starts_at, ends_at: event.ends_at },
        ReadMethod::Refresh => Act::Refresh,
        ReadMethod::Publish | ReadMethod::Request | ReadMethod::Cancel | ReadMethod::Other => return None,
    };
    let uid = event.uid.trim();
    if uid.is_empty() || uid.len() > 255 {
        return None;
    }
    Some(CalendarAnswer {
        uid: uid.to_owned(),
        act,
        sequence: i32::try_from(event.sequence).unwrap_or(i32::MAX),
        at: event.stamp.filter(|at| *at <= now + AHEAD),
        comment: tidy(event.comment.as_deref().unwrap_or_default()),
        instance: if event.recurrence.is_some() { Instance::OneOfSeries } else { Instance::Whole },
    })
}

/// Whose address it is does not matter: an alias answers as well (R4).
fn reply(event: &ReadEvent) -> Act {
    let answer = event.attendees.iter().map(|attendee| attendee.answer).find(|answer| *answer != Answer::NeedsAction);
    match answer {
        Some(Answer::Accepted) => Act::Reply(Rsvp::Accepted),
        Some(Answer::Declined) => Act::Reply(Rsvp::Declined),
        Some(Answer::Tentative) => Act::Reply(Rsvp::Tentative),
        Some(Answer::NeedsAction | Answer::Other) | None => Act::NoAnswer,
    }
}
