//! What is a letter, and what surrounds every one of them?

use serde::Serialize;

use crate::domain::{
    category::Category,
    discretion::{Discretion, NEUTRAL_PREVIEW, Voice},
    reading::{Direction, Reader},
};

/// One kind of letter: what its templates may say, and who stands for its readers in tests and the gallery.
///
/// Every time in a letter is a finished string in the reader's own zone, with zone and UTC offset;
/// every url is complete. What must be discreet is decided before a letter is made.
pub trait Letter: Serialize + Sized {
    /// The folder under `email-templates/` that holds `subject.txt`, `body.txt` and `body.html`.
    const FOLDER: &'static str;

    /// Who reads it.
    const READER: Reader = Reader::Participant;

    fn category(&self) -> Category;

    /// One of each shape the letter can take at one level of discretion; none where another letter goes in its place.
    fn samples(voice: &Voice<'_>) -> Vec<Self>;
}

/// What stands round the letter: who writes, to whom, and the foot.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    /// The name above the letter: the practice's, its neutral one, or a first name.
    pub sender_name: String,
    /// What the reader wants to be called.
    pub recipient_name: String,
    /// The reader's language as a BCP 47 tag, as in `en-US`.
    pub language: String,
    pub direction: Direction,
    /// What a lock screen shows after the subject, 40 to 90 characters (H17).
    pub preview: String,
    pub footer: Footer,
}

#[derive(Debug, Clone, Serialize)]
pub struct Footer {
    /// Why the reader gets this and until when, a full sentence.
    pub reason: String,
    /// Subscribed mail only (U11).
    pub unsubscribe: Option<Unsubscribe>,
    pub settings_url: Option<String>,
    pub privacy_url: String,
    /// Name and postal address on one line.
    pub address_line: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Unsubscribe {
    /// As in `Stop reminders`.
    pub label: String,
    /// Opens a page with one button; the one-click address is in the header.
    pub url: String,
}

/// What the link that stops a category is called; `None` where it cannot be stopped.
#[must_use]
pub fn unsubscribe_label(category: Category) -> Option<&'static str> {
    match category {
        Category::Security | Category::Service => None,
        Category::Reminder => Some("Stop reminders"),
        Category::Lesson => Some("Stop these emails"),
        Category::Announcement => Some("Stop announcements"),
    }
}

impl Frame {
    /// As an invented reader sees it, who at the middle level has a long name, at the last one a name that attacks,
    /// and from right to left an Arabic one.
    #[must_use]
    pub fn sample(category: Category, reader: Reader, voice: &Voice<'_>, direction: Direction) -> Self {
        let (name, language) = match (direction, voice.level) {
            (Direction::RightToLeft, _) => ("أحمد بن محمد", "ar"),
            (Direction::LeftToRight, Discretion::Open) => ("Sam", "en-US"),
            (Direction::LeftToRight, Discretion::Discreet) => {
                ("Maximiliane Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh", "en-GB")
            }
            (Direction::LeftToRight, Discretion::Minimal) => ("🌱 Zoë <O'Neil> & Co", "pt-BR"),
        };
        let preview = match category {
            Category::Lesson => voice.preview("A short read, and one page to write before we meet."),
            Category::Security | Category::Service | Category::Reminder | Category::Announcement => NEUTRAL_PREVIEW,
        };
        Self {
            sender_name: voice.sender_name().to_owned(),
            recipient_name: name.to_owned(),
            language: language.to_owned(),
            direction,
            preview: preview.to_owned(),
            footer: Footer {
                reason: reason(category, reader, voice.level),
                unsubscribe: unsubscribe_label(category).map(|label| Unsubscribe {
                    label: label.to_owned(),
                    url: "https://trellis.example/u/9f2c".to_owned(),
                }),
                settings_url: (reader == Reader::Participant).then(|| "https://trellis.example/p#settings".to_owned()),
                privacy_url: "https://trellis.example/privacy".to_owned(),
                address_line: format!("{}, 14 Camden Row, Dublin 8", voice.sender_name()),
            },
        }
    }
}

/// Why the invented reader gets this.
fn reason(category: Category, reader: Reader, level: Discretion) -> String {
    let course = match level {
        Discretion::Open => "Rebuilding Trust",
        Discretion::Discreet | Discretion::Minimal => "a weekly course",
    };
    let rest = match (reader, category) {
        (Reader::Coach, _) => return "You receive this because you run groups here.".to_owned(),
        (Reader::Stranger, _) => {
            return "You receive this because this address was entered on our site.".to_owned();
        }
        (Reader::Participant, Category::Lesson) => "One a week until it ends.",
        (Reader::Participant, Category::Announcement) => "It is a note from its coach.",
        (Reader::Participant, Category::Reminder) => "Two reminders a session.",
        (Reader::Participant, Category::Security | Category::Service) => {
            "It is about your place or your dates, so it always arrives."
        }
    };
    format!("You receive this because you signed up for {course}. {rest}")
}
