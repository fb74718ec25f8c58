//! What is a lesson, and what does one person read of it?

pub(in crate::domain) mod check;
pub mod file;
pub mod prepared;
pub mod template;
#[cfg(test)]
mod tests;
pub(in crate::domain) mod toml_text;

use std::fmt;

use crate::domain::{
    discretion::ForbiddenWords,
    markdown::{self, BadMarkdown, Rendered, Slot},
};
use template::{Template, Variable};

/// The most octets of a lesson's file or body.
pub const LARGEST: usize = 64 * 1024;

/// One weekly mail of a program. [`check`] says whether it may be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lesson {
    /// From 1.
    pub week: u16,
    /// The key of the one track it is for; `None`: for everybody.
    pub track: Option<String>,
    pub title: String,
    /// What the mail says at the level *open*.
    pub subject: String,
    pub discreet_subject: String,
    /// The preview at the level *open*: 40 to 90 characters.
    pub preview: String,
    /// The questions of the week's check-in.
    pub check_in: Vec<String>,
    /// Markdown with variables, without blank lines at either end.
    pub body: String,
}

/// What is wrong with a lesson, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{field}, line {line}: {message}")]
pub struct Finding {
    /// From 1: of the file for [`file::read`], else of the field's own text; for `check_in` the question.
    pub line: usize,
    pub field: &'static str,
    /// A full sentence: what is wrong and what to do.
    pub message: String,
}

impl Finding {
    pub(in crate::domain) fn new(line: usize, field: &'static str, message: impl fmt::Display) -> Self {
        Self { line, field, message: message.to_string() }
    }
}

/// What the variables of a text stand for, for one person. An empty value is nothing: `{% if … %}` is false.
#[derive(Clone, PartialEq, Eq)]
pub struct LessonFacts {
    /// What the person is called.
    pub name: String,
    pub coach: String,
    pub week: u16,
    pub weeks: u16,
    /// In the person's own zone, ready to stand in a sentence: "Thursday, March 4 at 8:00 PM, Berlin time".
    pub session_when: String,
    pub session_title: String,
    /// Links are absolute http(s) URLs of our own.
    pub check_in_link: String,
    pub my_program_link: String,
    pub crisis_line: String,
}

impl fmt::Debug for LessonFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LessonFacts").field("week", &self.week).field("weeks", &self.weeks).finish_non_exhaustive()
    }
}

impl LessonFacts {
    /// Every value, in the order of the variables: lessons with the same values say the same.
    #[must_use]
    pub fn values(&self) -> Vec<String> {
        Variable::ALL.into_iter().map(|variable| self.value(variable)).collect()
    }

    fn value(&self, variable: Variable) -> String {
        match variable {
            Variable::Name => self.name.clone(),
            Variable::Coach => self.coach.clone(),
            Variable::Week => self.week.to_string(),
            Variable::Weeks => self.weeks.to_string(),
            Variable::SessionWhen => self.session_when.clone(),
            Variable::SessionTitle => self.session_title.clone(),
            Variable::CheckInLink => self.check_in_link.clone(),
            Variable::MyProgramLink => self.my_program_link.clone(),
            Variable::CrisisLine => self.crisis_line.clone(),
        }
    }
}

/// Everything that keeps a lesson from being saved, in the order of fields and lines. A lesson without
/// findings renders for any facts.
#[must_use]
pub fn check(lesson: &Lesson, forbidden: &ForbiddenWords) -> Vec<Finding> {
    check::lesson(lesson, forbidden)
}

/// What is wrong with another text that may hold variables: a welcome, an announcement.
#[must_use]
pub fn check_text(source: &str, field: &'static str) -> Vec<Finding> {
    check::text(source, field)
}

/// The same for a text that a mail begins with: what a locked phone may show of it names nothing.
#[must_use]
pub fn check_beginning(source: &str, forbidden: &ForbiddenWords) -> Vec<Finding> {
    check::beginning_of(source, forbidden)
}

/// At most so many octets has this HTML of ours once a mail's inline styles are in it.
#[must_use]
pub fn weight(html: &str) -> usize {
    check::weight(html)
}

/// The lesson's body as one person reads it.
pub fn render(lesson: &Lesson, facts: &LessonFacts) -> Result<Rendered, Vec<Finding>> {
    render_text(&lesson.body, facts)
}

/// Any text with variables as one person reads it. Fails only for what [`check_text`] would have refused, or
/// for a link among the facts that is none.
pub fn render_text(source: &str, facts: &LessonFacts) -> Result<Rendered, Vec<Finding>> {
    let (filled, slots) = readable(source, facts)?;
    markdown::render(&filled, &slots).map_err(finding)
}

/// The Markdown that these facts let stand, with a slot for every variable, and what goes into the slots.
fn readable(source: &str, facts: &LessonFacts) -> Result<(String, Vec<Slot>), Vec<Finding>> {
    let template = Template::parse(source).map_err(|faults| {
        faults.into_iter().map(|bad| Finding::new(bad.line, "body", bad.fault)).collect::<Vec<_>>()
    })?;
    let slots = slots(facts)?;
    Ok((template.expand(|variable| !facts.value(variable).trim().is_empty()), slots))
}

fn finding(faults: Vec<BadMarkdown>) -> Vec<Finding> {
    faults.into_iter().map(|bad| Finding::new(bad.line, "body", bad.fault)).collect()
}

fn slots(facts: &LessonFacts) -> Result<Vec<Slot>, Vec<Finding>> {
    let slot = |variable: Variable| {
        let value = facts.value(variable);
        if !variable.is_link() {
            return Ok(Slot::Text(value));
        }
        let url = value.starts_with("https://") || value.starts_with("http://");
        if url && value.chars().all(|c| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c)) {
            return Ok(Slot::Link(value));
        }
        let message = format!("The value of {{{{ {} }}}} is not a full address; report this as a bug", variable.name());
        Err(vec![Finding::new(1, "body", message)])
    };
    Variable::ALL.into_iter().map(slot).collect()
}
