//! How is a program kept in `program.toml`?

use super::{Document, Program, ProgramFinding, intake::IntakeQuestion};
use crate::domain::lesson::toml_text::{self, paragraph, string};

/// Why a file is no program at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Unreadable {
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// Reads `program.toml`; what it says is not checked yet.
pub fn read(source: &str) -> Result<Program, Unreadable> {
    let source = even(source);
    toml::from_str(&source).map_err(|error| Unreadable {
        line: toml_text::error_line(&source, &error),
        message: format!("This cannot be read: {}; correct it", error.message().trim_end_matches('.')),
    })
}

/// Where in the file a finding of the check stands.
#[must_use]
pub fn line_of(source: &str, finding: &ProgramFinding) -> usize {
    toml_text::value_line(&even(source), &finding.path, finding.line)
}

/// The file of a program. Reading it gives the same program.
#[must_use]
pub fn write(program: &Program) -> String {
    let words: Vec<String> = program.forbidden_words.iter().map(|word| string(word)).collect();
    let mut file = lines(&[
        ("title", string(&program.title)),
        ("eyebrow", string(&program.eyebrow)),
        ("lead", string(&program.lead)),
        ("description", paragraph(&program.description)),
        ("weeks", program.weeks.to_string()),
        ("calendar_title", string(&program.calendar_title)),
        ("discretion", string(program.discretion.as_str())),
        ("forbidden_words", format!("[{}]", words.join(", "))),
        ("session_minutes", program.session_minutes.to_string()),
        ("capacity", program.capacity.to_string()),
        ("welcome", paragraph(&program.welcome)),
    ]);
    if program.invites_ahead > 0 {
        file += &format!("invites_ahead = {}\n", program.invites_ahead);
    }
    if program.couples {
        file += "couples = true\n";
    }
    let document =
        |document: &Document| lines(&[("version", document.version.to_string()), ("text", paragraph(&document.text))]);
    file += &format!("\n[consent]\n{}", document(&program.consent));
    file += &format!("\n[agreement]\n{}", document(&program.agreement));
    for question in &program.intake {
        file += &format!("\n[[intake]]\n{}", lines(&intake(question)));
    }
    for track in &program.tracks {
        let track = lines(&[("key", string(&track.key)), ("label", string(&track.label))]);
        file += &format!("\n[[tracks]]\n{track}");
    }
    for week in &program.outline {
        let week = lines(&[
            ("number", week.number.to_string()),
            ("title", string(&week.title)),
            ("description", string(&week.description)),
            ("session_title", string(&week.session_title)),
        ]);
        file += &format!("\n[[week]]\n{week}");
    }
    for item in &program.faq {
        let item = lines(&[("question", string(&item.question)), ("answer", paragraph(&item.answer))]);
        file += &format!("\n[[faq]]\n{item}");
    }
    file
}

/// What is empty is left out: most questions need only a few of these.
fn intake(question: &IntakeQuestion) -> Vec<(&'static str, String)> {
    let options: Vec<String> = question.options.iter().map(|option| string(option)).collect();
    let mut pairs = vec![
        ("key", string(&question.key)),
        ("kind", string(question.kind.as_str())),
        ("question", string(&question.question)),
    ];
    let texts = [("help", &question.help), ("least", &question.least), ("most", &question.most)];
    pairs.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key, string(text))));
    if question.required {
        pairs.push(("required", "true".to_owned()));
    }
    if !options.is_empty() {
        pairs.push(("options", format!("[{}]", options.join(", "))));
    }
    pairs
}

fn lines(pairs: &[(&str, String)]) -> String {
    pairs.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
}

fn even(source: &str) -> String {
    source.trim_start_matches('\u{FEFF}').replace("\r\n", "\n")
}
