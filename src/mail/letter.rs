//! What is a letter, and what surrounds every one of them?

use serde::Serialize;

use crate::domain::category::Category;

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

    /// At least one of each shape the letter can take, open and discreet.
    fn samples() -> Vec<Self>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Participant,
    Coach,
    /// Somebody whose address was typed into a form, perhaps not by them.
    Stranger,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Direction {
    #[serde(rename = "ltr")]
    LeftToRight,
    #[serde(rename = "rtl")]
    RightToLeft,
}

impl Direction {
    /// The direction of a BCP 47 language.
    #[must_use]
    pub fn of(language: &str) -> Self {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        match primary.as_str() {
            "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "ks" | "ps" | "sd" | "ug" | "ur" | "yi" => Self::RightToLeft,
            _ => Self::LeftToRight,
        }
    }
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
    /// Four readers: open, discreet with a long name, one who reads from right to left, and a plant.
    #[must_use]
    pub fn samples(category: Category, reader: Reader) -> Vec<Self> {
        let frame = |sender: &str, recipient: &str, language: &str, reason: &str| Self {
            sender_name: sender.to_owned(),
            recipient_name: recipient.to_owned(),
            language: language.to_owned(),
            direction: Direction::of(language),
            preview: "A short note for you. Open it whenever you have a quiet minute.".to_owned(),
            footer: Footer {
                reason: reason.to_owned(),
                unsubscribe: unsubscribe_label(category).map(|label| Unsubscribe {
                    label: label.to_owned(),
                    url: "https://trellis.example/u/9f2c".to_owned(),
                }),
                settings_url: category.subscribed().then(|| "https://trellis.example/p/9f2c/settings".to_owned()),
                privacy_url: "https://trellis.example/privacy".to_owned(),
                address_line: format!("{sender}, 14 Camden Row, Dublin 8"),
            },
        };
        let (open, neutral) = match reader {
            Reader::Participant => (
                "You receive this because you enrolled in Rebuilding Trust on February 2.",
                "You receive this because you signed up for a weekly course.",
            ),
            Reader::Coach => {
                ("You receive this because you run groups here.", "You receive this because you run groups here.")
            }
            Reader::Stranger => (
                "You receive this because this address was entered on a form of ours.",
                "You receive this because this address was entered on a form of ours.",
            ),
        };
        vec![
            frame("Nadia Brandt", "Sam", "en-US", open),
            frame("N. Brandt", "Maximiliane Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh", "en-GB", neutral),
            frame("N. Brandt", "أحمد بن محمد", "ar", neutral),
            frame("Nadia", "🌱 Zoë <O'Neil> & Co", "pt-BR", neutral),
        ]
    }
}
