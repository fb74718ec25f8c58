//! What are the exact bytes of a message? RFC 5322 and MIME; the same inputs give the same bytes.

use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    message::{
        Mailbox, Mailboxes, MessageBuilder,
        header::{self, HeaderName, HeaderValue, Headers},
    },
};

use super::parts;
use crate::domain::{
    category::Category,
    email_address::EmailAddress,
    name::{Name, is_unprintable},
};

/// A message to be built. One recipient; no Cc and no Bcc exist (H1).
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    pub from: Sender<'a>,
    pub to: &'a EmailAddress,
    /// Left out of calendar mail, whose answers go to the organizer, who is the sender (H11).
    pub reply_to: Option<&'a EmailAddress>,
    /// Fixed when the mail is first sent, like every other input here (H2).
    pub date: DateTime<Utc>,
    /// With its angle brackets.
    pub message_id: &'a str,
    /// Message-IDs with their angle brackets, spaces between them; the last is the one answered (H3).
    pub references: Option<&'a str>,
    pub category: Category,
    /// Subscribed categories must have it, the others must not.
    pub list: Option<ListHeaders<'a>>,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    /// One iTIP object with CRLF line ends, and its method.
    pub calendar: Option<(Method, &'a str)>,
}

#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    pub name: &'a Name,
    pub address: &'a EmailAddress,
}

#[derive(Debug, Clone, Copy)]
pub struct ListHeaders<'a> {
    /// Takes the one-click POST of RFC 8058.
    pub unsubscribe_url: &'a str,
    /// As in `k7f3.lists.example.org`, without brackets (RFC 2919).
    pub list_id: &'a str,
    /// At most four fields between colons, the sender's id last (H10).
    pub feedback_id: &'a str,
}

/// The iTIP methods we mail (C5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Request,
    Cancel,
}

impl Method {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    #[error("The {0} header of a message holds a character that no header may hold, or has the wrong shape")]
    Header(&'static str),
    #[error("An address of the message is not one that mail carries")]
    Address,
    #[error("Mail a person can turn off must carry the one-click unsubscribe headers, and no other mail may")]
    List,
    #[error("Both the text and the HTML of a message must say something")]
    Empty,
}

/// Builds the message; not signed yet.
pub fn build(outgoing: &Outgoing) -> Result<Vec<u8>, BadMessage> {
    if outgoing.category.subscribed() != outgoing.list.is_some() {
        return Err(BadMessage::List);
    }
    if outgoing.text.trim().is_empty() || outgoing.html.trim().is_empty() {
        return Err(BadMessage::Empty);
    }
    let headers = list_headers(automatic_headers(base_headers(outgoing)?), outgoing)?;
    let message = headers.multipart(parts::of(outgoing)).map_err(|_| BadMessage::Address)?;
    Ok(message.formatted())
}

/// The instant a message built here is dated; to the second, as the header has it.
#[must_use]
pub fn written_at(message: &[u8]) -> Option<DateTime<Utc>> {
    let head = message.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty() && *line != b"\r");
    let date = head.into_iter().find_map(|line| line.strip_prefix(b"Date: "))?;
    let date = std::str::from_utf8(date).ok()?;
    DateTime::parse_from_rfc2822(date.trim()).ok().map(|at| at.to_utc())
}

fn base_headers(outgoing: &Outgoing) -> Result<MessageBuilder, BadMessage> {
    let message_id = message_ids("Message-ID", outgoing.message_id)?;
    let mut builder = Message::builder()
        .date(outgoing.date.into())
        .raw_header(from(outgoing.from)?)
        .to(Mailbox::new(None, address(outgoing.to)?))
        .message_id(Some(message_id.to_owned()))
        .subject(printable("Subject", outgoing.subject)?);
    if let (Some(reply_to), None) = (outgoing.reply_to, outgoing.calendar) {
        builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    if let Some(references) = outgoing.references {
        let references = message_ids("References", references)?;
        let answered = references.rsplit(' ').next().unwrap_or(references);
        builder = builder.references(references.to_owned()).in_reply_to(answered.to_owned());
    }
    Ok(builder)
}

/// lettre never folds before the address, and a long name in encoded words would leave a line too long (RFC 2047 §2).
fn from(sender: Sender) -> Result<HeaderValue, BadMessage> {
    let mailbox = Mailbox::new(Some(printable("From", sender.name.expose())?.to_owned()), address(sender.address)?);
    let mut headers = Headers::new();
    headers.set(header::From::from(Mailboxes::from(mailbox.clone())));
    let line = headers.to_string();
    let mut encoded = line.trim_start_matches("From: ").trim_end().to_owned();
    if line.trim_end().rsplit("\r\n").next().is_some_and(|last| last.len() > 76)
        && let Some(at) = encoded.rfind(" <")
    {
        encoded.insert_str(at, "\r\n");
    }
    Ok(HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str("From"), mailbox.to_string(), encoded))
}

/// Keeps out-of-office answers away, and lets bounces come (H7).
fn automatic_headers(builder: MessageBuilder) -> MessageBuilder {
    let builder = raw(builder, "Auto-Submitted", "auto-generated");
    raw(builder, "X-Auto-Response-Suppress", "OOF, AutoReply")
}

fn list_headers(builder: MessageBuilder, outgoing: &Outgoing) -> Result<MessageBuilder, BadMessage> {
    let Some(list) = outgoing.list else { return Ok(builder) };
    let uri = one_word("List-Unsubscribe", list.unsubscribe_url)?;
    let feedback_id = one_word("Feedback-ID", list.feedback_id)?;
    if uri.len() >= 900 || uri.contains(['<', '>', ',']) {
        return Err(BadMessage::Header("List-Unsubscribe"));
    }
    if feedback_id.split(':').count() > 4 {
        return Err(BadMessage::Header("Feedback-ID"));
    }
    let builder = raw(builder, "List-Unsubscribe", &format!("<{uri}>"));
    let builder = raw(builder, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    let builder = raw(builder, "List-Id", &format!("<{}>", one_word("List-Id", list.list_id)?));
    let builder = raw(builder, "Feedback-ID", feedback_id);
    Ok(raw(builder, "Precedence", "bulk"))
}

fn raw(builder: MessageBuilder, name: &'static str, value: &str) -> MessageBuilder {
    builder.raw_header(HeaderValue::new(header::HeaderName::new_from_ascii_str(name), value.to_owned()))
}

fn address(address: &EmailAddress) -> Result<Address, BadMessage> {
    Address::new(address.local(), address.domain()).map_err(|_| BadMessage::Address)
}

fn printable<'a>(header: &'static str, text: &'a str) -> Result<&'a str, BadMessage> {
    if text.trim().is_empty() || text.chars().any(is_unprintable) { Err(BadMessage::Header(header)) } else { Ok(text) }
}

fn one_word<'a>(header: &'static str, text: &'a str) -> Result<&'a str, BadMessage> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err(BadMessage::Header(header))
    } else {
        Ok(text)
    }
}

fn message_ids<'a>(header: &'static str, text: &'a str) -> Result<&'a str, BadMessage> {
    let is_id = |id: &str| {
        id.len() > 4
            && id.len() <= 250
            && id.starts_with('<')
            && id.ends_with('>')
            && id.contains('@')
            && one_word(header, id).is_ok()
    };
    if text.split(' ').all(is_id) { Ok(text) } else { Err(BadMessage::Header(header)) }
}

#[cfg(test)]
mod tests;
