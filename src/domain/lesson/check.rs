//! Is a lesson fit to be saved, so that nothing can fail when it is sent?

use std::collections::BTreeSet;

use super::{
    Finding, LARGEST, Lesson,
    template::{Template, Variable},
};
use crate::domain::{
    discretion::ForbiddenWords,
    markdown::{self, Slot},
    name::is_unprintable,
};

/// How much of the body a notification may show (P1 of the mail sheet).
const SEEN_OUTSIDE: usize = 200;
const MOST_QUESTIONS: usize = 10;

pub(super) fn lesson(lesson: &Lesson, forbidden: &ForbiddenWords) -> Vec<Finding> {
    let mut findings = Vec::new();
    if lesson.week == 0 {
        findings.push(Finding::new(
            1,
            "week",
            "A lesson needs its week, a number from 1; write for example `week = 1`",
        ));
    }
    if lesson.track.as_deref().is_some_and(|track| !is_key(track)) {
        let message =
            "A track's key is one word of at most 32 small letters, digits and hyphens; use the key from the program";
        findings.push(Finding::new(1, "track", message));
    }
    let lines = [
        ("title", &lesson.title, 1..=120),
        ("subject", &lesson.subject, 1..=120),
        ("discreet_subject", &lesson.discreet_subject, 1..=120),
        ("preview", &lesson.preview, 40..=90),
    ];
    for (field, text, length) in lines {
        findings.extend(line(text, length).map(|message| Finding::new(1, field, message)));
        // The subject is for the level *open*, which may name the topic.
        if field != "subject" {
            findings.extend(word(text, forbidden).map(|message| Finding::new(1, field, message)));
        }
    }
    findings.extend(questions(&lesson.check_in, forbidden));
    findings.extend(text(&lesson.body, "body"));
    if findings.iter().all(|finding| finding.field != "body") {
        findings.extend(seen_outside(&lesson.body, forbidden));
    }
    findings
}

/// A text with variables that is a mail's body.
pub(super) fn beginning_of(source: &str, forbidden: &ForbiddenWords) -> Vec<Finding> {
    let findings = text(source, "body");
    if findings.is_empty() { seen_outside(source, forbidden) } else { findings }
}

/// A key for tracks and other things named in files.
pub(in crate::domain) fn is_key(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=32).contains(&text.len()) && text.chars().all(plain)
}

/// What keeps a text from being one line of the wanted length.
pub(in crate::domain) fn line(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<String> {
    let characters = text.chars().count();
    if text.trim().is_empty() {
        Some("This is missing; write at least a word".to_owned())
    } else if text.chars().any(is_unprintable) {
        Some("This holds a line break or an invisible control character; type it again on one line".to_owned())
    } else if ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
        Some("Variables can be used in the body only; write this without them".to_owned())
    } else if characters > *length.end() {
        Some(format!("This has {characters} characters; use at most {}", length.end()))
    } else if characters < *length.start() {
        Some(format!("This has {characters} characters; use at least {}", length.start()))
    } else {
        None
    }
}

/// What to say about a forbidden word in a text that is seen from outside.
pub(in crate::domain) fn word(text: &str, forbidden: &ForbiddenWords) -> Option<String> {
    let word = forbidden.find_in(text)?;
    Some(format!("\"{word}\" is a forbidden word of this program, and this is seen from outside; use a neutral one"))
}

fn questions(questions: &[String], forbidden: &ForbiddenWords) -> Vec<Finding> {
    let mut findings = Vec::new();
    if questions.len() > MOST_QUESTIONS {
        let message = format!("A check-in has at most {MOST_QUESTIONS} questions; remove some");
        findings.push(Finding::new(MOST_QUESTIONS + 1, "check_in", message));
    }
    for (index, question) in questions.iter().enumerate() {
        let messages = line(question, 1..=300).into_iter().chain(word(question, forbidden));
        findings.extend(messages.map(|message| Finding::new(index + 1, "check_in", message)));
    }
    findings
}

/// Whatever keeps a text with variables from rendering, for anybody.
pub(super) fn text(source: &str, field: &'static str) -> Vec<Finding> {
    if source.trim().is_empty() {
        return vec![Finding::new(1, field, "This is empty; write at least a sentence")];
    }
    if source.len() > LARGEST {
        return vec![Finding::new(1, field, "This is longer than 64 kB; shorten it or make two of it")];
    }
    let template = match Template::parse(source) {
        Ok(template) => template,
        Err(faults) => return faults.into_iter().map(|bad| Finding::new(bad.line, field, bad.fault)).collect(),
    };
    let mut findings = BTreeSet::new();
    for version in versions(&template) {
        match markdown::render(&version, &samples()) {
            Ok(rendered) if weight(&rendered.html) > HEAVIEST => {
                let message = "As a mail this would be larger than 102 kB, and mail programs cut such mails off; shorten it or make two of it";
                findings.insert(Finding::new(1, field, message));
            }
            Ok(_) => {}
            Err(faults) => findings.extend(faults.into_iter().map(|bad| Finding::new(bad.line, field, bad.fault))),
        }
    }
    findings.into_iter().collect()
}

/// What is left of 102 kB (H14 of the mail sheet) for the text itself, when what stands around it is there.
const HEAVIEST: usize = 88 * 1_000;

/// At most so many octets has a text as HTML once a mail's inline styles are in it.
pub(super) fn weight(html: &str) -> usize {
    let styles = html.split('<').skip(1).map(|tag| {
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        match name {
            "p" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "li" | "blockquote" | "hr" | "div" | "pre" => 330,
            "code" => 100,
            "a" => 60,
            _ => 30,
        }
    });
    html.len() + styles.sum::<usize>()
}

/// The text for everybody: once for every way its conditions can fall out.
fn versions(template: &Template<'_>) -> Vec<String> {
    let conditions: Vec<Variable> = template.conditions().into_iter().collect();
    let version = |bits: usize| {
        let falls = |variable| conditions.iter().position(|c| *c == variable).is_none_or(|at| bits >> at & 1 == 0);
        template.expand(falls)
    };
    (0..1 << conditions.len()).map(version).collect()
}

/// Values that take no room, so that as much as can ever be seen outside is looked at.
fn samples() -> Vec<Slot> {
    let sample = |variable: Variable| {
        if variable.is_link() { Slot::Link("https://a.example".to_owned()) } else { Slot::Text(String::new()) }
    };
    Variable::ALL.into_iter().map(sample).collect()
}

fn seen_outside(body: &str, forbidden: &ForbiddenWords) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    for (line, title) in markdown::exercise_titles(body) {
        findings.extend(word(&title, forbidden).map(|message| Finding::new(line, "body", message)));
    }
    let Ok(template) = Template::parse(body) else {
        return Vec::new();
    };
    for version in versions(&template) {
        let Ok(rendered) = markdown::render(&version, &samples()) else {
            continue;
        };
        if let Some(word) = forbidden.find_in(beginning(&rendered.text)) {
            let line = first_line_with(&version, forbidden);
            let message = format!(
                "\"{word}\" is a forbidden word of this program, and the first {SEEN_OUTSIDE} characters can be seen on a locked phone; move it further down"
            );
            findings.insert(Finding::new(line, "body", message));
        }
    }
    findings.into_iter().collect()
}

/// The line on which the first forbidden word ends; emphasis may stand inside it, a line break in a phrase.
fn first_line_with(source: &str, forbidden: &ForbiddenWords) -> usize {
    let mut read = String::new();
    let ends = |line: &str| {
        read.push_str(&line.replace(['*', '_', '`'], ""));
        read.push(' ');
        forbidden.find_in(&read).is_some()
    };
    source.lines().position(ends).map_or(1, |index| index + 1)
}

/// The first characters of a text, to the end of the word that stands there.
fn beginning(text: &str) -> &str {
    let mut characters = text.char_indices().skip(SEEN_OUTSIDE).skip_while(|(_, c)| c.is_alphanumeric());
    characters.next().map_or(text, |(end, _)| &text[..end])
}
