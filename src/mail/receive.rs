//! What is a mail that came in: a bounce, a complaint, a calendar's answer, a person's word, or nothing to us?
//!
//! Pure: bytes in, a verdict out. It believes nobody; who is meant, and whether it is true, is for
//! `actions::take_in` to find out. Whatever is too large, too deep or unreadable is `Junk`, never an error.

mod calendar_part;
mod complaint;
mod head;
mod mime;
mod plain_bounce;
mod report;
#[cfg(test)]
mod tests;
mod words;

use chrono::{DateTime, Utc};

pub use calendar_part::{Act, CalendarAnswer, Instance};
pub use complaint::{Complaint, Feedback};
pub use mime::TooMuch;
pub use report::{Action, Bounce, Fate};

use crate::domain::calendar::reader::Unreadable;
use head::{Head, message_ids};
use mime::{Mail, Place};

/// The largest mail that is read, in octets.
pub const OCTETS: usize = mime::OCTETS;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A report that a mail did not arrive (RFC 3464), or a bounce in plain words.
    Bounce(Bounce),
    /// Somebody pressed *this is spam* (RFC 5965).
    Complaint(Complaint),
    /// REPLY, COUNTER and REFRESH of calendars (RFC 6047).
    Calendar(Calendar),
    /// Out of office, read receipts, lists: never answered, changes nothing.
    Automatic,
    /// A person wrote, in answer to a mail.
    Personal(Personal),
    Junk(Why),
}

/// What calendars answered, each event on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Never empty.
    pub answers: Vec<CalendarAnswer>,
    /// What the person wrote round it, where a client puts it there instead of into COMMENT.
    pub note: String,
    pub by: By,
    pub dmarc: Dmarc,
}

/// Who pressed send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Person,
    Machine,
}

/// What our own mail server found of the sender; a failure is noted, not acted upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dmarc {
    Failed,
    NotFailed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal {
    /// Message-IDs with their brackets, the one answered first.
    pub about: Vec<String>,
    /// Without what was quoted and without a signature.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("it is {0}")]
    TooMuch(#[from] TooMuch),
    #[error("its calendar part cannot be read: {0}")]
    Calendar(#[from] Unreadable),
    #[error("it is about nothing of ours")]
    Unrelated,
}

/// What in a mail may name one of ours: nothing here is trusted before it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// The token of a return path of ours, `b+TOKEN@…`, in lower case. The mail's own recipient comes first.
    pub tokens: Vec<String>,
    /// Message-IDs of the mail that is spoken of, with their brackets.
    pub message_ids: Vec<String>,
}

/// Reads a mail. `now` is when it came in: no calendar answers from the future.
#[must_use]
pub fn receive(bytes: &[u8], now: DateTime<Utc>) -> Received {
    let mail = match mime::open(bytes) {
        Ok(mail) => mail,
        Err(too_much) => return Received::Junk(too_much.into()),
    };
    if let Some(complaint) = complaint::of(&mail) {
        return Received::Complaint(complaint);
    }
    if let Some(bounce) = report::of(&mail) {
        return Received::Bounce(bounce);
    }
    let (answers, unreadable) = calendar_part::of(&mail, now);
    let by = by(&mail.head);
    if !answers.is_empty() {
        let dmarc = dmarc(&mail.head);
        return Received::Calendar(Calendar { answers, note: words::note(&mail), by, dmarc });
    }
    if let Some(bounce) = plain_bounce::of(&mail) {
        return Received::Bounce(bounce);
    }
    match by {
        By::Machine => Received::Automatic,
        By::Person => personal(&mail)
            .map_or_else(|| Received::Junk(unreadable.map_or(Why::Unrelated, Why::Calendar)), Received::Personal),
    }
}

fn personal(mail: &Mail<'_>) -> Option<Personal> {
    let about = about(&mail.head);
    (!about.is_empty()).then(|| Personal { about, text: words::written(mail) })
}

/// In-Reply-To, then References from the newest to the oldest (RFC 5322 §3.6.4).
fn about(head: &Head) -> Vec<String> {
    let answered = head.value("in-reply-to").map(message_ids).unwrap_or_default();
    let before = head.value("references").map(message_ids).unwrap_or_default();
    let mut about: Vec<String> = Vec::new();
    for id in answered.into_iter().chain(before.into_iter().rev()) {
        if !about.contains(&id) {
            about.push(id);
        }
    }
    about
}

/// RFC 3834 §5, and what came before it.
fn by(head: &Head) -> By {
    let word = |name| head.value(name).unwrap_or_default().trim().to_ascii_lowercase();
    let submitted = word("auto-submitted");
    let is_submitted = !submitted.is_empty() && submitted.split([';', ' ']).next() != Some("no");
    let is_bulk = matches!(word("precedence").as_str(), "bulk" | "junk" | "list" | "auto_reply");
    let is_nobody = head.value("return-path").is_some_and(|path| path.split_whitespace().collect::<String>() == "<>");
    let names = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "list-id", "list-unsubscribe"];
    if is_submitted || is_bulk || is_nobody || names.into_iter().any(|name| head.has(name)) || is_daemon(head) {
        By::Machine
    } else {
        By::Person
    }
}

/// Whether a mail system writes in its own name.
fn is_daemon(head: &Head) -> bool {
    let from = head.value("from").unwrap_or_default().to_ascii_lowercase();
    let address = from.rsplit('<').next().unwrap_or_default();
    let local = address.split('@').next().unwrap_or_default().trim();
    ["mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mdaemon"].contains(&local)
}

fn dmarc(head: &Head) -> Dmarc {
    // Ours is the topmost; those below may be anybody's.
    let result = head.value("authentication-results").unwrap_or_default().to_ascii_lowercase();
    if result.contains("dmarc=fail") { Dmarc::Failed } else { Dmarc::NotFailed }
}

/// Where our mail server says a mail was delivered to.
const RECIPIENT: [&str; 6] = ["x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "to"];

impl Clues {
    /// From the mail itself, then from the mail it encloses.
    fn of(mail: &Mail<'_>) -> Self {
        let mut clues = Self::default();
        for name in RECIPIENT {
            mail.head.values(name).for_each(|value| clues.add_tokens(value));
        }
        for part in &mail.parts {
            if part.place == Place::Enclosed {
                clues.add_head(&part.head);
            } else if holds_a_head(&part.head)
                && let Ok((head, _)) = Head::read(&part.bytes())
            {
                clues.add_head(&head);
            }
        }
        clues
    }

    /// The header of a mail that may be one of ours.
    fn add_head(&mut self, head: &Head) {
        for name in ["return-path", "x-original-from", "errors-to"] {
            head.values(name).for_each(|value| self.add_tokens(value));
        }
        head.values("message-id").for_each(|value| self.add_ids(value));
    }

    fn add_ids(&mut self, text: &str) {
        for id in message_ids(text) {
            if !self.message_ids.contains(&id) && self.message_ids.len() < MOST {
                self.message_ids.push(id);
            }
        }
    }

    /// `b+`, 42 letters and digits of base32, `@`; relays fold the case.
    fn add_tokens(&mut self, text: &str) {
        let text = text.to_ascii_lowercase();
        for rest in text.split("b+").skip(1) {
            let Some((token, _)) = rest.split_once('@') else { continue };
            let is_token = token.len() == TOKEN && token.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
            if is_token && !self.tokens.iter().any(|known| known == token) && self.tokens.len() < MOST {
                self.tokens.push(token.to_owned());
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.message_ids.is_empty()
    }
}

/// A part that is a mail, or the header of one.
fn holds_a_head(head: &Head) -> bool {
    let media = head.kind().media;
    let kinds = ["text/rfc822-headers", "message/rfc822", "message/rfc822-headers", "message/global-headers"];
    kinds.contains(&media.as_str())
}

const TOKEN: usize = 42;
/// A bounce speaks of one mail.
const MOST: usize = 10;
