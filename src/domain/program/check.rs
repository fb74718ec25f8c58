//! Is a program fit to be saved?

use std::{collections::BTreeSet, fmt::Display, ops::RangeInclusive};

use super::{
    Document, Program, ProgramFinding,
    intake::{IntakeKind, IntakeQuestion, MOST_QUESTIONS},
};
use crate::domain::{
    lesson::{
        self,
        check::{is_key, line, word},
        toml_text::Step,
    },
    markdown,
};

const LONGEST_LEAD: usize = 600;

pub(super) fn program(program: &Program) -> Vec<ProgramFinding> {
    let mut checking = Checking::default();
    checking.line(&["title"], &program.title, 1..=120);
    if !program.eyebrow.is_empty() {
        checking.line(&["eyebrow"], &program.eyebrow, 1..=120);
    }
    checking.line(&["lead"], &program.lead, 1..=LONGEST_LEAD);
    checking.markdown(&path(&["description"]), &program.description);
    checking.number("weeks", program.weeks, 1..=104);
    checking.number("session_minutes", program.session_minutes, 5..=1_440);
    checking.number("capacity", program.capacity, 1..=10_000);
    checking.number("invites_ahead", program.invites_ahead, 0..=104);
    checking.line(&["calendar_title"], &program.calendar_title, 1..=120);
    if let Some(message) = word(&program.calendar_title, &program.forbidden()) {
        checking.add(&path(&["calendar_title"]), 1, message);
    }
    for (index, forbidden) in program.forbidden_words.iter().enumerate() {
        if !forbidden.contains(char::is_alphanumeric) {
            let path = [Step::Key("forbidden_words"), Step::Item(index)];
            checking.add(&path, 1, "A forbidden word needs at least one letter; write it or remove it");
        }
    }
    for finding in lesson::check_text(&program.welcome, "welcome") {
        checking.add(&path(&["welcome"]), finding.line, finding.message);
    }
    checking.document("consent", &program.consent);
    checking.document("agreement", &program.agreement);
    checking.intake(program);
    checking.tracks(program);
    checking.outline(program);
    for (index, item) in program.faq.iter().enumerate() {
        let at = |key| [Step::Key("faq"), Step::Item(index), Step::Key(key)];
        checking.line_at(&at("question"), &item.question, 1..=200);
        checking.markdown(&at("answer"), &item.answer);
    }
    checking.findings
}

#[derive(Default)]
struct Checking {
    findings: Vec<ProgramFinding>,
}

impl Checking {
    fn add(&mut self, path: &[Step], line: usize, message: impl Display) {
        self.findings.push(ProgramFinding { path: path.to_vec(), line, message: message.to_string() });
    }

    fn line(&mut self, keys: &[&'static str], text: &str, length: RangeInclusive<usize>) {
        self.line_at(&path(keys), text, length);
    }

    fn line_at(&mut self, path: &[Step], text: &str, length: RangeInclusive<usize>) {
        if let Some(message) = line(text, length) {
            self.add(path, 1, message);
        }
    }

    fn number(&mut self, key: &'static str, number: u16, allowed: RangeInclusive<u16>) {
        if !allowed.contains(&number) {
            let message = format!("Write a number from {} to {}", allowed.start(), allowed.end());
            self.add(&[Step::Key(key)], 1, message);
        }
    }

    fn markdown(&mut self, path: &[Step], text: &str) {
        if text.trim().is_empty() {
            self.add(path, 1, "This is missing; write at least a sentence");
        } else if text.len() > lesson::LARGEST {
            self.add(path, 1, "This is longer than 64 kB; shorten it");
        }
        for bad in markdown::render(text, &[]).err().unwrap_or_default() {
            self.add(path, bad.line, bad.fault);
        }
    }

    fn document(&mut self, key: &'static str, document: &Document) {
        if document.version == 0 {
            self.add(&path(&[key, "version"]), 1, "A text people agree to needs a version, a number from 1");
        }
        self.markdown(&path(&[key, "text"]), &document.text);
    }

    fn intake(&mut self, program: &Program) {
        let mut seen = BTreeSet::new();
        for (index, question) in program.intake.iter().enumerate() {
            let at = |key| [Step::Key("intake"), Step::Item(index), Step::Key(key)];
            if index == MOST_QUESTIONS {
                self.add(&at("question"), 1, format!("Ask at most {MOST_QUESTIONS} questions; remove the others"));
            }
            if !is_key(&question.key) {
                let message = "A question's key is one word of at most 32 small letters, digits and hyphens; write for example `key = \"hope\"`";
                self.add(&at("key"), 1, message);
            } else if !seen.insert(&question.key) {
                self.add(&at("key"), 1, "Another question has this key; give each its own");
            }
            self.line_at(&at("question"), &question.question, 1..=300);
            if !question.help.is_empty() {
                self.line_at(&at("help"), &question.help, 1..=300);
            }
            self.answers(question, &at);
        }
    }

    /// What there is to choose from, and nothing where nothing is chosen.
    fn answers(&mut self, question: &IntakeQuestion, at: &impl Fn(&'static str) -> [Step; 3]) {
        if question.kind == IntakeKind::Choice {
            let different: BTreeSet<&String> = question.options.iter().collect();
            if question.options.len() < 2 || different.len() < question.options.len() {
                self.add(&at("options"), 1, "A choice needs at least two different options");
            }
            if let Some(message) = question.options.iter().find_map(|option| line(option, 1..=200)) {
                self.add(&at("options"), 1, message);
            }
        } else if !question.options.is_empty() {
            self.add(&at("options"), 1, "Only a choice has options; remove them, or make it a choice");
        }
        for (key, label) in [("least", &question.least), ("most", &question.most)] {
            if question.kind == IntakeKind::Scale {
                self.line_at(&at(key), label, 1..=60);
            } else if !label.is_empty() {
                self.add(&at(key), 1, "Only a scale has words at its ends; remove this, or make it a scale");
            }
        }
    }

    fn tracks(&mut self, program: &Program) {
        let mut seen = BTreeSet::new();
        for (index, track) in program.tracks.iter().enumerate() {
            let at = |key| [Step::Key("tracks"), Step::Item(index), Step::Key(key)];
            if !is_key(&track.key) {
                let message = "A track's key is one word of at most 32 small letters, digits and hyphens; write for example `key = \"first\"`";
                self.add(&at("key"), 1, message);
            } else if !seen.insert(&track.key) {
                self.add(&at("key"), 1, "Another track has this key; give each its own");
            }
            self.line_at(&at("label"), &track.label, 1..=120);
        }
    }

    fn outline(&mut self, program: &Program) {
        let forbidden = program.forbidden();
        let mut seen = BTreeSet::new();
        for (index, week) in program.outline.iter().enumerate() {
            let at = |key| [Step::Key("week"), Step::Item(index), Step::Key(key)];
            if !(1..=program.weeks).contains(&week.number) {
                let message = format!("There is no week {}; number the weeks from 1 to {}", week.number, program.weeks);
                self.add(&at("number"), 1, message);
            } else if !seen.insert(week.number) {
                self.add(&at("number"), 1, format!("Week {} is there twice; give each its own number", week.number));
            }
            self.line_at(&at("title"), &week.title, 1..=120);
            if !week.description.is_empty() {
                self.line_at(&at("description"), &week.description, 1..=LONGEST_LEAD);
            }
            self.line_at(&at("session_title"), &week.session_title, 1..=120);
            if let Some(message) = word(&week.session_title, &forbidden) {
                self.add(&at("session_title"), 1, message);
            }
        }
        for missing in (1..=program.weeks.min(104)).filter(|number| !seen.contains(number)) {
            self.add(
                &[Step::Key("weeks")],
                1,
                format!("Week {missing} is missing; add a [[week]] with `number = {missing}`"),
            );
        }
    }
}

fn path(keys: &[&'static str]) -> Vec<Step> {
    keys.iter().map(|key| Step::Key(key)).collect()
}
