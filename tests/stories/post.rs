//! What arrived, as a reader and a calendar see it?

use chrono::{DateTime, Utc};
use mail_parser::{MessageParser, MimeHeaders};
use trellis::demo::smtp_server::Received;

/// One mail as it arrived, and when, on the program's clock.
#[derive(Debug, Clone)]
pub struct Mail {
    pub at: DateTime<Utc>,
    pub envelope_from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub calendar: Option<String>,
    pub raw: Vec<u8>,
}

pub fn read(at: DateTime<Utc>, received: &Received) -> Mail {
    let message = MessageParser::default().parse(&received.bytes).expect("a message we wrote can be read");
    let calendar = message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| kind.ctype() == "text" && kind.subtype() == Some("calendar"))
    });
    Mail {
        at,
        envelope_from: received.from.clone(),
        to: received.to.join(","),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: message.body_html(0).unwrap_or_default().into_owned(),
        calendar: calendar.and_then(|part| part.text_contents()).map(str::to_owned),
        raw: received.bytes.clone(),
    }
}

/// A header's value, unfolded; empty when it is not there.
pub fn header(raw: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(raw);
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let prefix = format!("{}:", name.to_ascii_lowercase());
    head.split("\r\n")
        .find(|line| line.to_ascii_lowercase().starts_with(&prefix))
        .map(|line| line[prefix.len()..].trim().to_owned())
        .unwrap_or_default()
}

impl Mail {
    /// The first link of ours whose path begins so.
    pub fn link(&self, path: &str) -> String {
        self.text
            .split_whitespace()
            .find(|word| word.starts_with("http") && word.contains(path))
            .unwrap_or_else(|| panic!("no link to {path} in {}", self.text))
            .to_owned()
    }

    /// One property of the calendar part, unfolded.
    /// The six digits of a sign-in mail.
    pub fn code(&self) -> String {
        let words: Vec<_> = self.text.split_whitespace().collect();
        let is_half = |word: &&str| word.len() == 3 && word.chars().all(|digit| digit.is_ascii_digit());
        words.windows(2).find(|pair| pair.iter().all(is_half)).map(|pair| pair.concat()).unwrap()
    }

    pub fn property(&self, name: &str) -> String {
        let calendar = self.calendar.as_deref().unwrap_or_default().replace("\r\n ", "");
        calendar
            .lines()
            .find(|line| line.starts_with(&format!("{name}:")) || line.starts_with(&format!("{name};")))
            .map(|line| line[name.len() + 1..].to_owned())
            .unwrap_or_default()
    }
}
