//! How much may a person's mail and calendar say?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// From the most to the least that is said: the greater level is the more careful one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Discretion {
    Open,
    Discreet,
    Minimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Choose how discreet mail should be: open, discreet or minimal")]
pub struct BadDiscretion;

impl Discretion {
    pub const ALL: [Self; 3] = [Self::Open, Self::Discreet, Self::Minimal];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Discreet => "discreet",
            Self::Minimal => "minimal",
        }
    }

    pub fn parse(text: &str) -> Result<Self, BadDiscretion> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(BadDiscretion)
    }
}

impl fmt::Display for Discretion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Discretion {
    type Err = BadDiscretion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The level that holds for one person in one program: they may raise the program's, never lower it.
#[must_use]
pub fn at_least(program: Discretion, person: Discretion) -> Discretion {
    program.max(person)
}

/// Says each thing about a program as one person wants it said.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'a> {
    pub level: Discretion,
    pub practice: &'a str,
    /// The practice's name that gives nothing away.
    pub neutral_name: &'a str,
    /// The coach's first name.
    pub first_name: &'a str,
    /// The program's neutral word for a session, by default "Group session".
    pub calendar_title: &'a str,
}

/// What of a lesson is in the mail itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Full,
    /// A link; the content is behind a sign-in.
    LinkOnly,
}

/// The subject of every lesson at `minimal`.
pub const MINIMAL_SUBJECT: &str = "Your weekly note";
/// The subject of every announcement at `minimal`.
pub const MINIMAL_NOTE_SUBJECT: &str = "A note for you";
/// The preview of every mail above `open`: 40 to 90 characters, true of any letter.
pub const NEUTRAL_PREVIEW: &str = "A short note for you. Open it whenever you have a quiet moment.";
/// The default of a program's calendar title.
pub const CALENDAR_TITLE: &str = "Group session";
/// The title of every calendar entry at `minimal`.
pub const MINIMAL_CALENDAR_TITLE: &str = "Appointment";

impl<'a> Voice<'a> {
    #[must_use]
    pub fn lesson_subject(&self, open: &'a str, discreet: &'a str) -> &'a str {
        match self.level {
            Discretion::Open => open,
            Discretion::Discreet => discreet,
            Discretion::Minimal => MINIMAL_SUBJECT,
        }
    }

    #[must_use]
    pub fn note_subject(&self, open: &'a str, discreet: &'a str) -> &'a str {
        match self.level {
            Discretion::Open => open,
            Discretion::Discreet => discreet,
            Discretion::Minimal => MINIMAL_NOTE_SUBJECT,
        }
    }

    #[must_use]
    pub fn sender_name(&self) -> &'a str {
        match self.level {
            Discretion::Open => self.practice,
            Discretion::Discreet => self.neutral_name,
            Discretion::Minimal => self.first_name,
        }
    }

    #[must_use]
    pub fn preview(&self, open: &'a str) -> &'a str {
        match self.level {
            Discretion::Open => open,
            Discretion::Discreet | Discretion::Minimal => NEUTRAL_PREVIEW,
        }
    }

    #[must_use]
    pub fn body(&self) -> Body {
        match self.level {
            Discretion::Open | Discretion::Discreet => Body::Full,
            Discretion::Minimal => Body::LinkOnly,
        }
    }

    /// The title of a session in a calendar; `open` is its real one.
    #[must_use]
    pub fn calendar_title(&self, open: &'a str) -> &'a str {
        match self.level {
            Discretion::Open => open,
            Discretion::Discreet => self.calendar_title,
            Discretion::Minimal => MINIMAL_CALENDAR_TITLE,
        }
    }
}

/// Words and phrases that must not be seen from outside. A word is found in any case, at the start of a
/// word, across any punctuation: `affair` is in "Affairs" and in "an-affair", not in "unaffaired".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForbiddenWords {
    /// As given, and as searched for.
    words: Vec<(String, String)>,
}

impl ForbiddenWords {
    pub fn new<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Self {
        let searched = |word: W| {
            let folded = fold(word.as_ref());
            // Scripts without spaces have no word starts to look for.
            let unspaced = folded.trim_start().starts_with(is_unspaced);
            let pattern = if unspaced { folded.trim_start().to_owned() } else { folded };
            (word.as_ref().to_owned(), pattern)
        };
        Self { words: words.into_iter().map(searched).filter(|(_, pattern)| !pattern.trim().is_empty()).collect() }
    }

    /// The first forbidden word, as it was given, that `text` holds.
    #[must_use]
    pub fn find_in(&self, text: &str) -> Option<&str> {
        let text = fold(text);
        self.words.iter().find(|(_, pattern)| text.contains(pattern.as_str())).map(|(word, _)| word.as_str())
    }
}

/// Lower case, a space before every word and nothing else between; what is invisible is not there.
fn fold(text: &str) -> String {
    let visible = |c: &char| !matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}');
    let mut folded = String::with_capacity(text.len() + 1);
    let mut between = true;
    for c in text.chars().filter(visible).flat_map(char::to_lowercase) {
        // Combining marks (an `i` that lost its Turkish capital's dot) belong to the word they are in.
        let in_word = c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36F}');
        if in_word {
            if between {
                folded.push(' ');
            }
            folded.push(c);
        }
        between = !in_word;
    }
    folded
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn voice(level: Discretion) -> Voice<'static> {
        Voice {
            level,
            practice: "Nadia Brandt Coaching",
            neutral_name: "Camden Row",
            first_name: "Nadia",
            calendar_title: CALENDAR_TITLE,
        }
    }

    #[test]
    fn a_person_raises_the_level_and_never_lowers_it() {
        use Discretion::{Discreet, Minimal, Open};
        assert_eq!(at_least(Open, Open), Open);
        assert_eq!(at_least(Open, Minimal), Minimal);
        assert_eq!(at_least(Discreet, Open), Discreet);
        assert_eq!(at_least(Minimal, Discreet), Minimal);
    }

    #[test]
    fn each_level_says_what_the_table_allows() {
        let said = |level| {
            let voice = voice(level);
            let subject = voice.lesson_subject("Week 4: Grief", "Weekly course, part 4");
            (subject, voice.sender_name(), voice.preview("Waves."), voice.body(), voice.calendar_title("Grief"))
        };
        let discreet = ("Weekly course, part 4", "Camden Row", NEUTRAL_PREVIEW, Body::Full, "Group session");
        assert_eq!(said(Discretion::Open), ("Week 4: Grief", "Nadia Brandt Coaching", "Waves.", Body::Full, "Grief"));
        assert_eq!(said(Discretion::Discreet), discreet);
        let minimal = ("Your weekly note", "Nadia", NEUTRAL_PREVIEW, Body::LinkOnly, "Appointment");
        assert_eq!(said(Discretion::Minimal), minimal);
        assert!((40..=90).contains(&NEUTRAL_PREVIEW.len()));
    }

    #[test]
    fn every_level_has_one_spelling() {
        for level in Discretion::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
            assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{level}\""));
        }
        assert_eq!(Discretion::parse("Open"), Err(BadDiscretion));
    }

    #[test]
    fn finds_words_where_they_start() {
        let words = ForbiddenWords::new(["affair", "Rebuilding Trust", "Untreue", "婚外情", "", " - "]);
        for (text, found) in [
            ("The AFFAIR.", Some("affair")),
            ("state affairs", Some("affair")),
            ("an_affair", Some("affair")),
            ("af\u{AD}fair", Some("affair")),
            ("unaffaired", None),
            ("a fair", None),
            ("rebuilding\r\n trust", Some("Rebuilding Trust")),
            ("/p/rebuilding-trust.ics", Some("Rebuilding Trust")),
            ("rebuilding the trust", None),
            ("UNTREUE", Some("Untreue")),
            ("关于婚外情的课程", Some("婚外情")),
            ("", None),
        ] {
            assert_eq!(words.find_in(text), found, "{text}");
        }
        assert_eq!(ForbiddenWords::default().find_in("affair"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_word_is_found_in_any_company(before in "\\PC{0,20}", after in "\\PC{0,20}", word in "[a-zà-ö]{3,10}") {
            let words = ForbiddenWords::new([&word]);
            let text = format!("{before} {}{after}", word.to_uppercase());
            prop_assert_eq!(words.find_in(&text), Some(word.as_str()));
            prop_assert_eq!(words.find_in(&format!("x{word}")), None);
        }
    }
}
