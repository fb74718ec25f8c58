//! How does a list of properties become calendar text that holds these and nothing else?

use std::fmt::Write;

use icalendar::{Component as _, Parameter, Property, parser};

use super::{BadCalendar, reader};
use crate::domain::name::is_unprintable;

/// One property: what is meant, before escaping and folding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    name: &'static str,
    value: String,
    parameters: Vec<(&'static str, String)>,
}

impl Line {
    pub(super) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), parameters: Vec::new() }
    }

    /// A text whose property `icalendar` does not know to be one, so that it would write it raw.
    pub(super) fn escaped(name: &'static str, text: &str) -> Self {
        let mut value = String::with_capacity(text.len());
        for c in text.chars() {
            if matches!(c, '\\' | ';' | ',') {
                value.push('\\');
            }
            value.push(c);
        }
        Self::new(name, value)
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.parameters.push((name, value.to_owned()));
        self.parameters.sort_unstable();
        self
    }

    pub(super) fn with_all(self, parameters: &[(&'static str, &str)]) -> Self {
        parameters.iter().fold(self, |line, (name, value)| line.with(name, value))
    }

    fn property(&self) -> Property {
        let mut property = Property::new(self.name, self.value.as_str());
        for (name, value) in &self.parameters {
            // CN is a person's: always quoted, for `icalendar` looks only for `: ; ,`.
            let value = if *name == "CN" { format!("\"{value}\"") } else { value.clone() };
            property.append_parameter(Parameter::new(name, &value));
        }
        property
    }
}

/// One line of text: control characters, separators and runs of white space become single spaces.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines of clean text, parted by `\n`, without blank ones at either end.
pub(super) fn many_lines(text: &str) -> String {
    let lines: Vec<String> = text.replace("\r\n", "\n").split(['\n', '\r']).map(one_line).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// What may stand between the quotes of a parameter (RFC 5545 §3.2). `^` goes too: RFC 6868 reads `^n` as
/// a line break.
pub(super) fn quotable(text: &str) -> String {
    one_line(&one_line(text).replace(['"', '^'], ""))
}

/// Writes a calendar of events and reads it back: every property and parameter must be there once, as
/// meant, and no other; every line at most 75 octets.
pub(super) fn write(calendar: &[Line], events: &[Vec<Line>]) -> Result<String, BadCalendar> {
    let mut written = icalendar::Calendar::empty();
    for line in calendar {
        written.append_property(line.property());
    }
    for event in events {
        let mut component = icalendar::Event::new();
        for line in event {
            if line.name == "ATTENDEE" {
                component.append_multi_property(line.property());
            } else {
                component.append_property(line.property());
            }
        }
        written.push(component.done());
    }
    let mut text = String::new();
    write!(text, "{written}").map_err(|_| BadCalendar::Uneven)?;
    let text = fold(&parser::unfold(&text));
    if is_as_meant(&text, calendar, events) { Ok(text) } else { Err(BadCalendar::Uneven) }
}

/// Folds after at most 75 octets and between characters (RFC 5545 §3.1); `icalendar` now and then leaves a
/// last line of 76.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + text.len() / 24);
    for line in text.lines() {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > 75 {
                folded.push_str("\r\n ");
                octets = 1;
            }
            folded.push(c);
            octets += c.len_utf8();
        }
        folded.push_str("\r\n");
    }
    folded
}

fn is_as_meant(text: &str, calendar: &[Line], events: &[Vec<Line>]) -> bool {
    let folded = text.strip_suffix("\r\n").is_some_and(|text| {
        text.split("\r\n").all(|line| !line.is_empty() && line.len() <= 75 && !line.contains(['\r', '\n']))
    });
    let Ok(root) = reader::parse(text, reader::Limits::OURS) else {
        return false;
    };
    folded
        && root.name == "VCALENDAR"
        && holds(&root, calendar)
        && root.components.len() == events.len()
        && root.components.iter().zip(events).all(|(component, event)| {
            component.name == "VEVENT" && component.components.is_empty() && holds(component, event)
        })
}

fn holds(component: &parser::Component<'_>, expected: &[Line]) -> bool {
    let mut read: Vec<_> = component.properties.iter().map(plain).collect();
    let mut meant: Vec<_> = expected.iter().map(|line| line_parts(line)).collect();
    read.sort_unstable();
    meant.sort_unstable();
    read == meant
}

type Parts<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);

fn plain<'a>(property: &'a parser::Property<'_>) -> Parts<'a> {
    let mut parameters: Vec<_> = property
        .params
        .iter()
        .map(|parameter| (parameter.key.as_str(), parameter.val.as_ref().map_or("", |value| value.as_str())))
        .collect();
    parameters.sort_unstable();
    (property.name.as_str(), property.val.as_str(), parameters)
}

fn line_parts(line: &Line) -> Parts<'_> {
    let parameters = line.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (line.name, &line.value, parameters)
}
