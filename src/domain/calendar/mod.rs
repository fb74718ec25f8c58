//! What do we tell a calendar?
//!
//! One session is one VEVENT in UTC. A mail carries one of them (`request`, `cancel`), a feed carries a
//! person's all (`feed`). The pen refuses whatever could end a line or a parameter early. No mail leaves this file
//! that was not parsed again, and found to hold exactly what was meant; feeds are asked for all day long, and are
//! parsed again wherever debug assertions are on, which is in every test.

mod lines;
pub mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, SubsecRound, Utc};

use crate::domain::email_address::EmailAddress;
use lines::{Line, many_lines, one_line, quotable};

/// Names no subject and no product: it is in every invite (RFC 5545 §3.7.3).
const PRODUCT: &str = "-//Calendar//EN";

/// What a calendar is told about one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `opaque@own-domain`, ASCII, at most 255 octets (RFC 7986 §5.3); the same for the life of the entry.
    pub uid: String,
    /// Rises with every changed send (RFC 5546 §2.1.4).
    pub sequence: u32,
    /// When this version was made: DTSTAMP and LAST-MODIFIED, never the time of a request or a retry.
    pub stamp: DateTime<Utc>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Neutral at the person's level of discretion.
    pub title: String,
    /// May have several lines; the link is added when it is not in it.
    pub description: String,
    /// The join page, an absolute http(s) URL; never the meeting itself.
    pub link: String,
    pub state: EntryState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    Confirmed,
    Canceled,
}

/// A name and an address as a calendar shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Empty: the address stands in for it.
    pub name: String,
    pub address: EmailAddress,
}

/// What a calendar object asks of its reader (RFC 5546 §1.4); the mail's `method=` says the same word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Request,
    Cancel,
    /// Feeds and downloads only: Outlook does not take it for an invite.
    Publish,
}

impl Method {
    /// Upper case: some clients fail on anything else.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
            Self::Publish => "PUBLISH",
        }
    }
}

/// Why no calendar text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCalendar {
    #[error("A calendar entry's id must be 1 to 255 plain characters with an @ sign in it")]
    Uid,
    #[error("Two entries of one calendar have the same id; give each session its own")]
    SameUid,
    #[error("A session must end at least one second after it starts")]
    Ends,
    #[error("A calendar entry's times must lie between the years 1970 and 9999")]
    Year,
    #[error("A calendar entry needs a title")]
    Title,
    #[error("A calendar needs a name")]
    CalendarName,
    #[error("A calendar entry's link must be a full http or https address without spaces, of at most 900 characters")]
    Link,
    #[error(
        "The organizer's address is the participant's own, and calendars refuse such an invite; use another sender address"
    )]
    OwnInvite,
    #[error("A canceled session cannot be announced as an invite; send the cancellation")]
    Canceled,
    #[error("The calendar text does not read back as it was meant, so it was not used")]
    Uneven,
}

/// The invite for one session to one person, who is its only attendee. An update is the same call with a
/// higher sequence and a later stamp (RFC 5546 §3.2.2).
pub fn request(entry: &Entry, organizer: &Party, attendee: &Party) -> Result<String, BadCalendar> {
    match entry.state {
        EntryState::Confirmed => {}
        EntryState::Canceled => return Err(BadCalendar::Canceled),
    }
    let invited = [("PARTSTAT", "NEEDS-ACTION"), ("RSVP", "TRUE")];
    let mut event = event_lines(entry, organizer)?;
    event.push(attendee_line(organizer, attendee)?.with_all(&invited));
    lines::write_and_read(&head(Method::Request), &[event])
}

/// Takes one session out of one person's calendar (RFC 5546 §3.2.5), whatever the entry's own state is.
pub fn cancel(entry: &Entry, organizer: &Party, attendee: &Party) -> Result<String, BadCalendar> {
    let entry = Entry { state: EntryState::Canceled, ..entry.clone() };
    let mut event = event_lines(&entry, organizer)?;
    event.push(attendee_line(organizer, attendee)?);
    lines::write_and_read(&head(Method::Cancel), &[event])
}

/// A subscribed calendar: every entry, canceled ones too, and no attendee. The same entries give the same
/// bytes, so that an ETag over it holds. `organizer` is the practice's neutral face (RFC 5546 §3.2.1).
pub fn feed(name: &str, organizer: &Party, entries: &[Entry]) -> Result<String, BadCalendar> {
    let name = one_line(name);
    if name.is_empty() {
        return Err(BadCalendar::CalendarName);
    }
    let distinct: BTreeSet<&str> = entries.iter().map(|entry| entry.uid.as_str()).collect();
    if distinct.len() != entries.len() {
        return Err(BadCalendar::SameUid);
    }
    let mut calendar = head(Method::Publish);
    calendar.push(Line::escaped("NAME", &name));
    calendar.push(Line::new("X-WR-CALNAME", name));
    calendar.push(Line::new("X-WR-TIMEZONE", "UTC"));
    calendar.push(Line::new("REFRESH-INTERVAL", "PT1H").with("VALUE", "DURATION"));
    calendar.push(Line::new("X-PUBLISHED-TTL", "PT1H"));
    let events = entries.iter().map(|entry| event_lines(entry, organizer)).collect::<Result<Vec<_>, _>>()?;
    lines::write(&calendar, &events)
}

fn head(method: Method) -> Vec<Line> {
    vec![Line::new("VERSION", "2.0"), Line::new("PRODID", PRODUCT), Line::new("METHOD", method.as_str())]
}

fn event_lines(entry: &Entry, organizer: &Party) -> Result<Vec<Line>, BadCalendar> {
    let (starts_at, ends_at) = (entry.starts_at.trunc_subsecs(0), entry.ends_at.trunc_subsecs(0));
    if ends_at <= starts_at {
        return Err(BadCalendar::Ends);
    }
    let title = one_line(&entry.title);
    if title.is_empty() {
        return Err(BadCalendar::Title);
    }
    let status = match entry.state {
        EntryState::Confirmed => "CONFIRMED",
        EntryState::Canceled => "CANCELLED",
    };
    let link = checked_link(&entry.link)?;
    let stamp = utc(entry.stamp)?;
    Ok(vec![
        Line::new("UID", checked_uid(&entry.uid)?),
        Line::new("SEQUENCE", entry.sequence.to_string()),
        Line::new("DTSTAMP", stamp.clone()),
        Line::new("LAST-MODIFIED", stamp),
        Line::new("DTSTART", utc(starts_at)?),
        Line::new("DTEND", utc(ends_at)?),
        Line::new("SUMMARY", title),
        Line::new("DESCRIPTION", description(&entry.description, link)),
        // Outlook and Apple show a place, few show a URL: both, and in the text besides.
        Line::new("LOCATION", link),
        Line::new("URL", link),
        Line::new("STATUS", status),
        Line::new("CLASS", "PRIVATE"),
        Line::new("TRANSP", "OPAQUE"),
        party_line("ORGANIZER", organizer),
    ])
}

fn attendee_line(organizer: &Party, attendee: &Party) -> Result<Line, BadCalendar> {
    if organizer.address.key() == attendee.address.key() {
        return Err(BadCalendar::OwnInvite);
    }
    Ok(party_line("ATTENDEE", attendee).with_all(&[("CUTYPE", "INDIVIDUAL"), ("ROLE", "REQ-PARTICIPANT")]))
}

fn party_line(property: &'static str, party: &Party) -> Line {
    let name = quotable(&party.name);
    let address = party.address.expose();
    let shown = if name.is_empty() { address } else { &name };
    // A bare mailbox: a formatted sender here broke updates in Gmail.
    Line::new(property, format!("mailto:{address}")).with("CN", shown)
}

fn description(text: &str, link: &str) -> String {
    let text = many_lines(text);
    if text.contains(link) {
        text
    } else if text.is_empty() {
        link.to_owned()
    } else {
        format!("{text}\n{link}")
    }
}

/// `20261103T173000Z`: the one form no client misreads (RFC 5545 §3.3.5, form 2).
fn utc(at: DateTime<Utc>) -> Result<String, BadCalendar> {
    if !(1970..=9999).contains(&at.year()) {
        return Err(BadCalendar::Year);
    }
    Ok(at.format("%Y%m%dT%H%M%SZ").to_string())
}

fn checked_uid(uid: &str) -> Result<&str, BadCalendar> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._+=@".contains(c);
    if uid.len() > 255 || !uid.contains('@') || !uid.chars().all(plain) {
        return Err(BadCalendar::Uid);
    }
    Ok(uid)
}

fn checked_link(link: &str) -> Result<&str, BadCalendar> {
    let host = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    if host.is_none_or(str::is_empty) || link.len() > 900 || !link.chars().all(plain) {
        return Err(BadCalendar::Link);
    }
    Ok(link)
}
