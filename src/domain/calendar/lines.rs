//! How does a list of properties become calendar text that holds these and nothing else?

use icalendar::parser;

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

    /// A text whose property the parser does not know to be one, so that it reads it raw.
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

    /// Appends the line before it is folded. What would end it, or begin another parameter, is refused.
    fn write(&self, text: &mut String) -> Result<(), BadCalendar> {
        text.push_str(self.name);
        for (name, value) in &self.parameters {
            // CN is a person's: always quoted.
            let is_plain = |c: char| if *name == "CN" { c != '"' && !c.is_control() } else { is_token(c) };
            if !value.chars().all(is_plain) {
                return Err(BadCalendar::Uneven);
            }
            let quote = if *name == "CN" { "\"" } else { "" };
            for part in [";", name, "=", quote, value, quote] {
                text.push_str(part);
            }
        }
        text.push(':');
        if !is_text(self.name) {
            text.push_str(&self.value);
            return if self.value.contains(char::is_control) { Err(BadCalendar::Uneven) } else { Ok(()) };
        }
        for c in self.value.chars() {
            match c {
                '\n' => text.push_str("\\n"),
                '\\' | ';' | ',' => text.extend(['\\', c]),
                c if c.is_control() => return Err(BadCalendar::Uneven),
                c => text.push(c),
            }
        }
        Ok(())
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// Whose values are texts (RFC 5545 §3.3.11), and escaped as such; of those that we write.
fn is_text(name: &str) -> bool {
    let texts =
        ["VERSION", "PRODID", "METHOD", "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "CLASS", "TRANSP"];
    texts.contains(&name) || name.starts_with("X-")
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

/// Writes a calendar of events: each property once, as meant, and no other; every line at most 75 octets.
pub(super) fn write(calendar: &[Line], events: &[Vec<Line>]) -> Result<String, BadCalendar> {
    let mut text = String::with_capacity(512 * (events.len() + 1));
    let mut line = String::with_capacity(256);
    let mut add = |one: &Line| -> Result<(), BadCalendar> {
        line.clear();
        one.write(&mut line)?;
        fold(&line, &mut text);
        Ok(())
    };
    add(&Line::new("BEGIN", "VCALENDAR"))?;
    calendar.iter().try_for_each(&mut add)?;
    for event in events {
        let mut sorted: Vec<&Line> = event.iter().collect();
        sorted.sort_by_key(|line| (line.name == "ATTENDEE", line.name));
        add(&Line::new("BEGIN", "VEVENT"))?;
        sorted.into_iter().try_for_each(&mut add)?;
        add(&Line::new("END", "VEVENT"))?;
    }
    add(&Line::new("END", "VCALENDAR"))?;
    debug_assert!(is_as_meant(&text, calendar, events), "it does not read back: {text}");
    Ok(text)
}

/// The same, and reads it back with a parser that is not ours: every property and parameter must be there once, as
/// meant, and no other.
pub(super) fn write_and_read(calendar: &[Line], events: &[Vec<Line>]) -> Result<String, BadCalendar> {
    let text = write(calendar, events)?;
    if is_as_meant(&text, calendar, events) { Ok(text) } else { Err(BadCalendar::Uneven) }
}

/// Folds after at most 75 octets and between characters (RFC 5545 §3.1).
fn fold(line: &str, text: &mut String) {
    let (mut rest, mut most) = (line, 75);
    while rest.len() > most {
        let (now, later) = rest.split_at(rest.floor_char_boundary(most));
        text.push_str(now);
        text.push_str("\r\n ");
        (rest, most) = (later, 74);
    }
    text.push_str(rest);
    text.push_str("\r\n");
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
