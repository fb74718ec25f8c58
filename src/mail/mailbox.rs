//! What came in? A folder of received mail, with its index in memory: for the demo, where both ends are ours.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use mail_parser::{Message, MessageParser, MimeHeaders};
use serde::{Deserialize, Serialize};

use crate::domain::calendar::reader::{self, ReadEvent};

/// Each message is two files: the bytes as they came (`000042.eml`), and what the envelope said beside them.
#[derive(Debug)]
pub struct Mailbox {
    folder: PathBuf,
    index: Mutex<Vec<Arc<Kept>>>,
}

/// A message as the list shows it; the file beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// From 1, in the order of arrival, without a gap.
    pub seq: u32,
    pub return_path: String,
    pub to: Vec<String>,
    /// Program time: when it arrived in the story that is being rehearsed.
    pub received_at: DateTime<Utc>,
    pub from: String,
    pub subject: String,
    pub has_calendar: bool,
}

/// A message at the door.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub return_path: &'a str,
    pub to: &'a [String],
    pub bytes: &'a [u8],
    pub received_at: DateTime<Utc>,
}

/// A message as it is read.
#[derive(Debug, Clone)]
pub struct Opened {
    pub kept: Arc<Kept>,
    pub html: String,
    pub text: String,
    /// Everything, headers first, as it came.
    pub source: String,
    pub events: Vec<ReadEvent>,
}

impl Mailbox {
    /// Opens the folder, made when missing. A message whose second file was not written yet never came.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut index = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let kept: Kept = serde_json::from_slice(&fs::read(&path)?)?;
                index.push(Arc::new(kept));
            }
        }
        index.sort_by_key(|kept| kept.seq);
        Ok(Self { folder: folder.to_owned(), index: Mutex::new(index) })
    }

    /// Keeps a message. When this returns, the sender may be told that it arrived.
    pub fn take(&self, arrival: Arrival<'_>) -> io::Result<Arc<Kept>> {
        let mut index = held(&self.index);
        let seq = index.last().map_or(1, |last| last.seq + 1);
        let message = MessageParser::default().parse(arrival.bytes).unwrap_or_default();
        let kept = Kept {
            seq,
            return_path: arrival.return_path.to_owned(),
            to: arrival.to.to_vec(),
            received_at: arrival.received_at,
            from: sender(&message),
            subject: message.subject().unwrap_or_default().to_owned(),
            has_calendar: calendars(&message).next().is_some(),
        };
        self.write(&file(seq, "eml"), arrival.bytes)?;
        self.write(&file(seq, "json"), &serde_json::to_vec_pretty(&kept)?)?;
        let kept = Arc::new(kept);
        index.push(kept.clone());
        Ok(kept)
    }

    /// Whole or not at all.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.folder.join(format!("{name}.part"));
        fs::write(&part, bytes)?;
        fs::rename(part, self.folder.join(name))
    }

    /// Everything, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<Kept>> {
        held(&self.index).iter().rev().cloned().collect()
    }

    /// The number of the newest message; 0 when there is none.
    #[must_use]
    pub fn newest(&self) -> u32 {
        held(&self.index).last().map_or(0, |kept| kept.seq)
    }

    /// Reads one message again, from its bytes. `None` when there is none of that number.
    pub fn read(&self, seq: u32) -> io::Result<Option<Opened>> {
        let Some(kept) = held(&self.index).iter().find(|kept| kept.seq == seq).cloned() else {
            return Ok(None);
        };
        let bytes = fs::read(self.folder.join(file(seq, "eml")))?;
        let message = MessageParser::default().parse(&bytes).unwrap_or_default();
        let text_of =
            |body: Option<std::borrow::Cow<'_, str>>| body.map(std::borrow::Cow::into_owned).unwrap_or_default();
        let events = calendars(&message).next().and_then(|text| reader::read(&text).ok()).unwrap_or_default();
        Ok(Some(Opened {
            kept,
            html: text_of(message.body_html(0)),
            text: text_of(message.body_text(0)),
            source: String::from_utf8_lossy(&bytes).replace("\r\n", "\n"),
            events,
        }))
    }

    /// The newest link in mail to this address whose path holds `part`, such as `/confirm/`.
    pub fn newest_link(&self, to: &str, part: &str) -> io::Result<Option<String>> {
        for kept in
            self.list().into_iter().filter(|kept| kept.to.iter().any(|address| address.eq_ignore_ascii_case(to)))
        {
            let Some(opened) = self.read(kept.seq)? else { continue };
            let found = opened.text.split_whitespace().find(|word| word.starts_with("http") && word.contains(part));
            if let Some(link) = found {
                return Ok(Some(link.to_owned()));
            }
        }
        Ok(None)
    }
}

fn file(seq: u32, kind: &str) -> String {
    format!("{seq:06}.{kind}")
}

fn sender(message: &Message<'_>) -> String {
    let Some(from) = message.from().and_then(|from| from.first()) else {
        return String::new();
    };
    match (from.name(), from.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    }
}

fn calendars<'a>(message: &'a Message<'_>) -> impl Iterator<Item = String> + 'a {
    let is_calendar = |part: &&mail_parser::MessagePart<'_>| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("text")
                && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("calendar"))
        })
    };
    message.parts.iter().filter(is_calendar).map(|part| String::from_utf8_lossy(part.contents()).into_owned())
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: \"N. Brandt\" <nadia@brandt.example>\r\nTo: ana@example.org\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
        Hello\r\nhttp://localhost:8080/confirm/v1.a.b\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>\r\n\
        --b\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n\
        BEGIN:VEVENT\r\nUID:u\r\nSEQUENCE:2\r\nSUMMARY:Group session\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n";

    fn arrival<'a>(to: &'a [String], bytes: &'a [u8]) -> Arrival<'a> {
        Arrival { return_path: "nadia@brandt.example", to, bytes, received_at: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn what_came_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let to = ["ana@example.org".to_owned()];
        let mailbox = Mailbox::open(folder.path()).unwrap();
        assert_eq!(mailbox.newest(), 0);
        mailbox.take(arrival(&to, MAIL.as_bytes())).unwrap();
        mailbox.take(arrival(&to, b"not mail at all")).unwrap();

        let again = Mailbox::open(folder.path()).unwrap();
        assert_eq!(again.list(), mailbox.list());
        assert_eq!(again.take(arrival(&to, MAIL.as_bytes())).unwrap().seq, 3);
        let opened = again.read(1).unwrap().unwrap();
        assert_eq!(
            (opened.kept.subject.as_str(), opened.kept.from.as_str()),
            ("Café", "N. Brandt <nadia@brandt.example>")
        );
        assert!(
            opened.text.starts_with("Hello")
                && opened.html.contains("<p>Hello</p>")
                && opened.source.starts_with("From: ")
        );
        assert_eq!((opened.events[0].sequence, opened.events[0].summary.as_str()), (2, "Group session"));
        assert!(again.read(9).unwrap().is_none());
    }

    #[test]
    fn finds_the_newest_link_of_a_person() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::open(folder.path()).unwrap();
        mailbox.take(arrival(&["ana@example.org".to_owned()], MAIL.as_bytes())).unwrap();
        let link = |to| mailbox.newest_link(to, "/confirm/").unwrap();
        assert_eq!(link("Ana@example.org").as_deref(), Some("http://localhost:8080/confirm/v1.a.b"));
        assert_eq!(link("sam@example.org"), None);
    }
}
