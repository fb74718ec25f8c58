//! How is a mail that many get written once, and each person's own words put in where their places are?
//!
//! The letter is written for a mark in place of the name, and a link of marks. Lines without a mark are encoded once; a
//! line with one is a hole: it is broken and encoded for each person, because where it breaks depends on how long their
//! name is. What comes out is the same to the byte as if it had been made for one.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    message::{self, BadMessage, Outgoing},
    parts, plain_text,
};
use crate::domain::markdown::{self, NAME, SHOUTED, Slot};

/// Stands for one character of the link that stops this mail.
const LINK: char = '\u{F0201}';

/// A message with holes, as it is kept: text as it is sent, and numbers of what goes into the holes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stencil(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Piece {
    Text(String),
    Hole(usize),
}

/// What goes into a stencil's holes for one mail, encoded: the headers, the boundary, then lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fills(pub Vec<String>);

impl Fills {
    /// As they are kept.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As [`Self::to_json`] wrote them.
    pub fn parse(json: &str) -> Result<Self, Broken> {
        serde_json::from_str(json).map_err(|_| Broken)
    }

    /// With these headers before the others, as signatures are.
    #[must_use]
    pub fn headed(mut self, headers: &str) -> Self {
        if let Some(head) = self.0.first_mut() {
            head.insert_str(0, headers);
        }
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message with holes cannot be put together from what was kept of it")]
pub struct Broken;

impl Stencil {
    /// As it is kept.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As [`Self::to_json`] wrote it.
    pub fn parse(json: &str) -> Result<Self, Broken> {
        serde_json::from_str(json).map_err(|_| Broken)
    }

    /// The message.
    pub fn fill(&self, fills: &Fills) -> Result<Vec<u8>, Broken> {
        let mut message = Vec::with_capacity(self.0.len() * 64 + 24_000);
        for piece in &self.0 {
            message.extend_from_slice(match piece {
                Piece::Text(text) => text.as_bytes(),
                Piece::Hole(number) => fills.0.get(*number).ok_or(Broken)?.as_bytes(),
            });
        }
        Ok(message)
    }
}

/// Where the headers and the boundary of a mail stand among its fills.
const HEAD: usize = 0;
const BOUNDARY: usize = 1;

/// One person, as far as the words of a mail differ for them.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    pub name: &'a str,
    /// Stops this kind of mail; only ASCII that no HTML escapes.
    pub link: &'a str,
}

impl Person<'_> {
    /// Whether the name says nothing but a name: one that is a link, or might end one, is written differently.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        !self.name.contains(|c: char| markdown::is_mark(c) || matches!(c, ':' | '/' | '@'))
    }

    /// What stands for the name, and for the link of as many characters.
    #[must_use]
    pub fn marks(&self) -> (String, String) {
        (NAME.to_string(), LINK.to_string().repeat(self.link.chars().count()))
    }
}

/// A letter that was written for marks, ready for everybody who reads it alike.
#[derive(Debug)]
pub struct Master {
    pub subject: String,
    /// With what goes into its holes, it is the message.
    pub stencil: Stencil,
    lines: Vec<Line>,
    uses: AtomicU32,
    kept: OnceLock<AsKept>,
}

/// A stencil as it is kept, and what tells it from others.
#[derive(Debug)]
pub struct AsKept {
    pub json: Arc<str>,
    pub digest: [u8; 32],
}

/// Kept once beside the mails, a stencil is worth its place when so many were made with it.
const WORTH_KEEPING: u32 = 3;

/// Letters that were written for marks, by all that went into them. `None`: has to be written for each.
#[derive(Debug, Default)]
pub struct Masters(Mutex<HashMap<[u8; 32], Option<Arc<Master>>>>);

/// So many are kept in a process; a lesson has one for each language, zone and level of its readers.
const MOST: usize = 512;

impl Masters {
    #[must_use]
    pub fn known(&self, made_of: &[u8; 32]) -> Option<Option<Arc<Master>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(made_of).cloned()
    }

    pub fn keep(&self, made_of: [u8; 32], master: Option<Arc<Master>>) {
        let mut masters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if masters.len() >= MOST {
            masters.clear();
        }
        masters.insert(made_of, master);
    }
}

/// A line with a mark.
#[derive(Debug)]
struct Line {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Html,
}

impl Master {
    /// From a message whose text and HTML are written for this person's marks. `None`: its marks cannot be told apart
    /// from its words, or it would be encoded another way; then every mail is written by itself.
    pub fn cut(outgoing: &Outgoing, person: &Person) -> Result<Option<Self>, BadMessage> {
        let is_foreign = |text: &str| parts::is_foreign(&text.replace(markdown::is_mark, "x"));
        if outgoing.calendar.is_some() || is_foreign(outgoing.text) || is_foreign(outgoing.html) {
            return Ok(None);
        }
        // Its frame is made by the one who makes all messages; words that stand alone show where the parts begin.
        let framed = String::from_utf8(message::build(&Outgoing { text: "TEXT", html: "HTML", ..outgoing.clone() })?)
            .map_err(|_| BadMessage::Empty)?;
        let boundary = parts::boundary(outgoing.message_id, 'a');
        let Some((_, body)) = framed.split_once("\r\n\r\n") else { return Ok(None) };
        let cut = body.split_once("\r\n\r\nTEXT\r\n").and_then(|(before, rest)| {
            let (between, after) = rest.split_once("\r\n\r\nHTML\r\n")?;
            Some((before, between, after))
        });
        let Some((before, between, after)) = cut else { return Ok(None) };
        let mut pieces = Pieces { pieces: vec![Piece::Hole(HEAD)], lines: Vec::new(), person: *person };
        pieces.scaffold(&format!("{before}\r\n\r\n"), &boundary);
        let fits = pieces.part(outgoing.text, Kind::Text);
        pieces.scaffold(&format!("\r\n{between}\r\n\r\n"), &boundary);
        let fits = pieces.part(outgoing.html, Kind::Html) && fits;
        pieces.scaffold(&format!("\r\n{after}"), &boundary);
        let subject = outgoing.subject.to_owned();
        Ok(fits.then_some(Self {
            subject,
            stencil: Stencil(pieces.pieces),
            lines: pieces.lines,
            uses: AtomicU32::new(0),
            kept: OnceLock::new(),
        }))
    }

    /// Counts one mail that is made with it, and says whether there are so many that it should be kept for them all;
    /// of the few others each is kept whole.
    pub fn is_worth_keeping(&self) -> bool {
        self.uses.fetch_add(1, Ordering::Relaxed) >= WORTH_KEEPING
    }

    /// Made when the first mail is kept by it, and once.
    pub fn as_kept(&self) -> &AsKept {
        self.kept.get_or_init(|| {
            let json = self.stencil.to_json();
            let digest = Sha256::digest(json.as_bytes()).into();
            AsKept { json: json.into(), digest }
        })
    }

    /// What goes into the holes for one of those whose marks it was written for. Only the headers of `outgoing` count.
    pub fn fills(&self, outgoing: &Outgoing, person: &Person) -> Result<Fills, BadMessage> {
        let mut fills = Vec::with_capacity(self.lines.len() + 2);
        let head = message::build(&Outgoing { text: "-", html: "-", ..outgoing.clone() })?;
        let end = head.windows(4).position(|four| four == b"\r\n\r\n").ok_or(BadMessage::Empty)?;
        fills.push(String::from_utf8_lossy(&head[..end + 4]).into_owned());
        fills.push(parts::boundary(outgoing.message_id, 'a'));
        fills.extend(self.lines.iter().map(|line| line.filled(person)));
        Ok(Fills(fills))
    }
}

impl Line {
    /// With the person's words in it, encoded; a line of text may have become several.
    fn filled(&self, person: &Person) -> String {
        let mut filled = String::with_capacity(self.text.len() + 64);
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find([NAME, SHOUTED, LINK]) {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let mark = rest.chars().next().unwrap_or(NAME);
            let word = match mark {
                LINK => person.link.to_owned(),
                SHOUTED => person.name.to_uppercase(),
                _ => person.name.to_owned(),
            };
            rest = match mark {
                LINK => rest.trim_start_matches(LINK),
                _ => &rest[mark.len_utf8()..],
            };
            match self.kind {
                Kind::Html if mark != LINK => filled.push_str(&markdown::escaped(&Slot::Text(word))),
                Kind::Html | Kind::Text => filled.push_str(&word),
            }
        }
        filled.push_str(rest);
        match self.kind {
            Kind::Html => parts::quoted(&filled),
            Kind::Text => {
                let lines: Vec<String> = plain_text::wrap_filled(&filled).split('\n').map(parts::quoted).collect();
                lines.join("\r\n")
            }
        }
    }
}

struct Pieces<'a> {
    pieces: Vec<Piece>,
    lines: Vec<Line>,
    person: Person<'a>,
}

impl Pieces<'_> {
    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            Some(Piece::Hole(_)) | None => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn scaffold(&mut self, text: &str, boundary: &str) {
        for (number, between) in text.split(boundary).enumerate() {
            if number > 0 {
                self.pieces.push(Piece::Hole(BOUNDARY));
            }
            self.text(between);
        }
    }

    /// Line by line, as quoted-printable is. `false`: its marks do not stand for the person's words.
    fn part(&mut self, text: &str, kind: Kind) -> bool {
        let link = self.person.link.chars().count();
        let mut fits = true;
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.text("\r\n");
            }
            if !line.contains(markdown::is_mark) {
                self.text(&parts::quoted(line));
                continue;
            }
            fits &= line.split(|c| c != LINK).all(|links| links.is_empty() || links.chars().count() == link);
            self.pieces.push(Piece::Hole(BOUNDARY + 1 + self.lines.len()));
            self.lines.push(Line { text: line.to_owned(), kind });
        }
        fits
    }
}

/// The text part of a message of ours, as it is read.
#[must_use]
pub fn text_of(message: &[u8]) -> Option<String> {
    let message = mail_parser::MessageParser::default().parse(message)?;
    Some(message.body_text(0)?.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests;
