//! What is a program: the template that cohorts are made from?

mod check;
pub mod file;
pub mod folder;
pub mod intake;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;

use self::intake::IntakeQuestion;
use crate::domain::{
    discretion::{CALENDAR_TITLE, Discretion, ForbiddenWords},
    lesson::toml_text::Step,
};

/// A program as `program.toml` holds it; its lessons are files beside it. It has no dates.
///
/// What is missing from a file is empty here, and [`check`] names it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Program {
    pub title: String,
    /// The short line above the title; may be empty.
    pub eyebrow: String,
    /// One paragraph of plain text for the top of the public page.
    pub lead: String,
    /// Markdown.
    pub description: String,
    pub weeks: u16,
    /// What a calendar calls a session at the level *discreet*.
    pub calendar_title: String,
    pub discretion: Discretion,
    pub forbidden_words: Vec<String>,
    pub session_minutes: u16,
    /// Seats of a new cohort, unless the coach says otherwise.
    pub capacity: u16,
    /// Markdown with variables: the text of the welcome mail.
    pub welcome: String,
    pub consent: Document,
    /// What participants promise each other.
    pub agreement: Document,
    /// How many sessions ahead are invited at a time; 0: all of them at enrollment.
    pub invites_ahead: u16,
    /// Whether somebody may name a partner to come along.
    pub couples: bool,
    /// What the form asks besides; may be empty.
    pub intake: Vec<IntakeQuestion>,
    /// Empty: the program has no tracks and never shows the word.
    pub tracks: Vec<Track>,
    #[serde(rename = "week")]
    pub outline: Vec<WeekOutline>,
    pub faq: Vec<Question>,
}

/// A text people agree to; a new wording is a new version.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Document {
    /// From 1.
    pub version: u32,
    /// Markdown.
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Track {
    /// Small letters, digits and hyphens: it is part of file names.
    pub key: String,
    pub label: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeekOutline {
    /// From 1.
    pub number: u16,
    pub title: String,
    /// Plain text; may be empty.
    pub description: String,
    /// The session's real title, for calendars at the level *open*.
    pub session_title: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    pub question: String,
    /// Markdown.
    pub answer: String,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            title: String::new(),
            eyebrow: String::new(),
            lead: String::new(),
            description: String::new(),
            weeks: 0,
            calendar_title: CALENDAR_TITLE.to_owned(),
            discretion: Discretion::Discreet,
            forbidden_words: Vec::new(),
            session_minutes: 0,
            capacity: 0,
            welcome: String::new(),
            consent: Document::default(),
            agreement: Document::default(),
            invites_ahead: 0,
            couples: false,
            intake: Vec::new(),
            tracks: Vec::new(),
            outline: Vec::new(),
            faq: Vec::new(),
        }
    }
}

impl Document {
    /// The version, as a consent keeps it.
    #[must_use]
    pub fn number(&self) -> i32 {
        i32::try_from(self.version).unwrap_or(i32::MAX)
    }

    /// This text in place of the one `before` it: another wording is a new version, whatever number it came with.
    /// White space around it is no wording.
    #[must_use]
    pub fn in_place_of(self, before: &Self) -> Self {
        if self.text.trim() == before.text.trim() {
            return Self { version: self.version.max(before.version), ..self };
        }
        Self { version: self.version.max(before.version + 1), ..self }
    }
}

impl Program {
    /// The texts people agree to, each under the word their consent to it is kept by.
    #[must_use]
    pub fn agreements(&self) -> [(&'static str, &Document); 2] {
        [("agreement", &self.agreement), ("storage", &self.consent)]
    }

    /// Those that read differently from what somebody agreed to, given the highest version of each.
    #[must_use]
    pub fn not_agreed(&self, agreed: &BTreeMap<String, i32>) -> Vec<(&'static str, &Document)> {
        let is_new =
            |(kind, document): &(&str, &Document)| agreed.get(*kind).is_none_or(|version| *version < document.number());
        self.agreements().into_iter().filter(is_new).collect()
    }

    /// What must not be seen from outside: the topic's words and, unless the program is open, its title.
    #[must_use]
    pub fn forbidden(&self) -> ForbiddenWords {
        let title = match self.discretion {
            Discretion::Open => None,
            Discretion::Discreet | Discretion::Minimal => Some(&self.title),
        };
        ForbiddenWords::new(self.forbidden_words.iter().chain(title))
    }

    /// Everything that keeps the program from being saved.
    #[must_use]
    pub fn check(&self) -> Vec<ProgramFinding> {
        check::program(self)
    }
}

/// What is wrong with a program, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFinding {
    path: Vec<Step>,
    /// From 1, in the value's own text.
    pub line: usize,
    /// A full sentence: what is wrong and what to do.
    pub message: String,
}

impl ProgramFinding {
    /// The field as a form names it: `consent.text`, `week.2.title` (items count from 0).
    #[must_use]
    pub fn field(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => (*key).to_owned(),
            Step::Item(index) => index.to_string(),
        };
        self.path.iter().map(step).collect::<Vec<_>>().join(".")
    }
}
