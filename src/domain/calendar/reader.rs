//! What does a calendar object say that came from outside, or from ourselves?
//!
//! The parser of `icalendar` recurses, and overflows the stack at a depth of about 200: size, depth and
//! counts are checked before it sees a byte.

use chrono::{DateTime, NaiveDateTime, Utc};
use icalendar::parser;

use crate::domain::email_address::EmailAddress;

/// How much of a calendar object we are ready to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    octets: usize,
    depth: usize,
    /// Of one component.
    properties: usize,
    components: usize,
}

impl Limits {
    /// For what came by mail (R10 of the mail sheet).
    const FOREIGN: Self = Self { octets: 1 << 20, depth: 16, properties: 200, components: 1_000 };
    /// For what we wrote ourselves: a coach's feed of years.
    pub(super) const OURS: Self = Self { octets: 16 << 20, depth: 2, properties: 32, components: 20_000 };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("The calendar object is larger than one megabyte, so it was not read")]
    Size,
    #[error("The calendar object is nested too deeply or has too many parts, so it was not read")]
    Shape,
    #[error("This is not a calendar object that we can read")]
    Syntax,
}

/// One VEVENT as read. Texts are unescaped; what is missing is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEvent {
    /// The calendar's METHOD; `None`: look at the mail's `method=`.
    pub method: Option<ReadMethod>,
    pub uid: String,
    /// 0 when missing (RFC 5545 §3.8.7.4).
    pub sequence: u32,
    /// Instants are read in the UTC form only, which is what we write; any other form is `None`.
    pub stamp: Option<DateTime<Utc>>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub summary: String,
    pub description: String,
    pub location: String,
    /// As written, in upper case.
    pub status: Option<String>,
    /// Exchange strips it from replies.
    pub organizer: Option<EmailAddress>,
    pub attendees: Vec<ReadAttendee>,
    /// Present when the event speaks of one instance of a series, which we never send.
    pub recurrence: Option<String>,
    /// What the person wrote beside the answer: for the coach only.
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMethod {
    Publish,
    Request,
    Reply,
    Cancel,
    Counter,
    Refresh,
    /// A word we have no use for.
    Other,
}

impl ReadMethod {
    /// The value of METHOD or of a mail's `method=`, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word.trim().to_ascii_uppercase().as_str() {
            "PUBLISH" => Self::Publish,
            "REQUEST" => Self::Request,
            "REPLY" => Self::Reply,
            "CANCEL" => Self::Cancel,
            "COUNTER" => Self::Counter,
            "REFRESH" => Self::Refresh,
            _ => Self::Other,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAttendee {
    /// `None` when it is not an address we would write to; it is never written to in any case.
    pub address: Option<EmailAddress>,
    pub name: String,
    pub answer: Answer,
}

/// PARTSTAT (RFC 5545 §3.2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    NeedsAction,
    Accepted,
    Declined,
    Tentative,
    /// Delegated, in process, or a word of somebody's own: no answer.
    Other,
}

/// Every VEVENT of one calendar object, in order.
pub fn read(text: &str) -> Result<Vec<ReadEvent>, Unreadable> {
    let root = parse(text, Limits::FOREIGN)?;
    if !root.name.as_str().eq_ignore_ascii_case("VCALENDAR") {
        return Err(Unreadable::Syntax);
    }
    let method = value(&root, "METHOD").map(|word| ReadMethod::parse(&word));
    let events = root.components.iter().filter(|component| component.name.as_str().eq_ignore_ascii_case("VEVENT"));
    Ok(events.map(|event| read_event(event, method)).collect())
}

/// The one component that `text` is, owned.
pub(super) fn parse(text: &str, limits: Limits) -> Result<parser::Component<'static>, Unreadable> {
    if text.len() > limits.octets {
        return Err(Unreadable::Size);
    }
    let text = parser::unfold(&even_lines(text));
    check_shape(&text, limits)?;
    let components = parser::read_components(&text).map_err(|_| Unreadable::Syntax)?;
    match <[parser::Component<'_>; 1]>::try_from(components) {
        Ok([root]) => Ok(owned(root)),
        Err(_) => Err(Unreadable::Syntax),
    }
}

/// CRLF everywhere and no other control character: the parser takes a lone LF for text wherever a CRLF
/// follows somewhere, and searches the whole rest of the object for each line when none does.
fn even_lines(text: &str) -> String {
    let mut even = String::with_capacity(text.len() + text.len() / 16);
    for line in text.trim_start_matches('\u{feff}').trim().split('\n') {
        even.extend(line.chars().filter(|c| !c.is_control() || *c == '\t'));
        even.push_str("\r\n");
    }
    even
}

fn check_shape(text: &str, limits: Limits) -> Result<(), Unreadable> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut components = 0;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = after(line, "BEGIN:") {
            components += 1;
            open.push((name, 0));
            if open.len() > limits.depth || components > limits.components {
                return Err(Unreadable::Shape);
            }
        } else if let Some(name) = after(line, "END:") {
            // The parser must see the nesting that was counted here.
            if open.pop().is_none_or(|(begun, _)| begun != name) {
                return Err(Unreadable::Syntax);
            }
        } else {
            let (_, properties) = open.last_mut().ok_or(Unreadable::Syntax)?;
            *properties += 1;
            if *properties > limits.properties {
                return Err(Unreadable::Shape);
            }
        }
    }
    if open.is_empty() { Ok(()) } else { Err(Unreadable::Syntax) }
}

fn after<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = line.split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then_some(rest)
}

fn owned(component: parser::Component<'_>) -> parser::Component<'static> {
    let property = |property: parser::Property<'_>| parser::Property {
        name: property.name.into_owned(),
        val: property.val.into_owned(),
        params: property.params.into_iter().map(parameter).collect(),
    };
    parser::Component {
        name: component.name.into_owned(),
        properties: component.properties.into_iter().map(property).collect(),
        components: component.components.into_iter().map(owned).collect(),
    }
}

fn parameter(parameter: parser::Parameter<'_>) -> parser::Parameter<'static> {
    parser::Parameter { key: parameter.key.into_owned(), val: parameter.val.map(parser::ParseString::into_owned) }
}

fn read_event(event: &parser::Component<'_>, method: Option<ReadMethod>) -> ReadEvent {
    let text = |name| value(event, name).unwrap_or_default();
    let at = |name| value(event, name).and_then(|text| instant(&text));
    ReadEvent {
        method,
        uid: text("UID"),
        sequence: text("SEQUENCE").trim().parse().unwrap_or(0),
        stamp: at("DTSTAMP"),
        starts_at: at("DTSTART"),
        ends_at: at("DTEND"),
        summary: text("SUMMARY"),
        description: text("DESCRIPTION"),
        location: text("LOCATION"),
        status: value(event, "STATUS").map(|status| status.trim().to_ascii_uppercase()),
        organizer: value(event, "ORGANIZER").and_then(|uri| address(&uri)),
        attendees: properties(event, "ATTENDEE").map(attendee).collect(),
        recurrence: value(event, "RECURRENCE-ID"),
        comment: value(event, "COMMENT"),
    }
}

fn attendee(property: &parser::Property<'_>) -> ReadAttendee {
    let parameter = |name: &str| {
        let found = property.params.iter().find(|parameter| parameter.key.as_str().eq_ignore_ascii_case(name));
        found.and_then(|parameter| parameter.val.as_ref()).map_or("", |value| value.as_str())
    };
    ReadAttendee {
        address: address(property.val.as_str()),
        name: parameter("CN").to_owned(),
        answer: match parameter("PARTSTAT").to_ascii_uppercase().as_str() {
            "" | "NEEDS-ACTION" => Answer::NeedsAction,
            "ACCEPTED" => Answer::Accepted,
            "DECLINED" => Answer::Declined,
            "TENTATIVE" => Answer::Tentative,
            _ => Answer::Other,
        },
    }
}

fn properties<'a>(
    component: &'a parser::Component<'_>,
    name: &'a str,
) -> impl Iterator<Item = &'a parser::Property<'a>> {
    component.properties.iter().filter(move |property| property.name.as_str().eq_ignore_ascii_case(name))
}

fn value(component: &parser::Component<'_>, name: &str) -> Option<String> {
    let found = component.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name))?;
    Some(found.val.as_str().to_owned())
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    Some(NaiveDateTime::parse_from_str(text.trim(), "%Y%m%dT%H%M%SZ").ok()?.and_utc())
}

fn address(uri: &str) -> Option<EmailAddress> {
    EmailAddress::parse(after(uri.trim(), "mailto:").unwrap_or(uri)).ok()
}
