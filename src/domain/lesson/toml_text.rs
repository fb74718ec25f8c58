//! How is TOML written for people, and on which line does something in it stand?

use std::fmt::Write;

use toml::de::{DeTable, DeValue};

/// One step from a TOML document towards a value in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain) enum Step {
    Key(&'static str),
    /// From 0.
    Item(usize),
}

/// A string on one line.
pub(in crate::domain) fn string(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('\n', "\\n").replace('"', "\\\""))
}

/// A string over as many lines as it has.
pub(in crate::domain) fn paragraph(text: &str) -> String {
    if !text.contains('\n') {
        return string(text);
    }
    let mut inside = escaped(text).replace("\"\"\"", "\\\"\\\"\\\"");
    if inside.ends_with('"') {
        inside.pop();
        inside.push_str("\\\"");
    }
    format!("\"\"\"\n{inside}\"\"\"")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{:04X}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// The line of an error of the TOML parser, from 1.
pub(in crate::domain) fn error_line(source: &str, error: &toml::de::Error) -> usize {
    line_at(source, error.span().map_or(0, |span| span.start))
}

/// Where a value stands, from 1; of its nearest table when it is not there. `line` counts in the value's own
/// text, from 1.
pub(in crate::domain) fn value_line(source: &str, path: &[Step], line: usize) -> usize {
    let Ok(document) = DeTable::parse(source) else {
        return 1;
    };
    let mut found = document.span().start;
    let document = DeValue::Table(document.into_inner());
    let mut value = &document;
    for step in path {
        let next = match step {
            Step::Key(key) => value.get(*key),
            Step::Item(index) => value.get(*index),
        };
        let Some(next) = next else {
            return line_at(source, found);
        };
        found = next.span().start;
        value = next.get_ref();
    }
    let text = &source[found..];
    let several = text.starts_with("\"\"\"\n") || text.starts_with("'''\n");
    line_at(source, found) + line - usize::from(!several)
}

fn line_at(source: &str, offset: usize) -> usize {
    let offset = source.floor_char_boundary(offset);
    1 + source[..offset].matches('\n').count()
}
