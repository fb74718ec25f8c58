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
    // One or two quotes may stand before the three that close.
    let inside = escaped(text).replace("\"\"\"", "\\\"\\\"\\\"");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_survive() {
        for text in
            ["", "a", "\"", "\n\"", "\n\"\"", "\n\"\"\"", "\n\"\"\"\"\"", "\n\n", "\\\n\\", "a\\n\n", "\r\n\u{7f}\t'''"]
        {
            for written in [string(text), paragraph(text)] {
                let read: toml::Table = toml::from_str(&format!("x = {written}\n")).unwrap();
                assert_eq!(read["x"].as_str(), Some(text), "{written}");
            }
        }
    }

    #[test]
    fn a_value_is_found_on_its_line() {
        let source = "a = 1\n\n[[b]]\nc = \"\"\"\nx\ny\"\"\"\n[[b]]\nc = \"z\"\n";
        let line = |item, line| value_line(source, &[Step::Key("b"), Step::Item(item), Step::Key("c")], line);
        assert_eq!((line(0, 2), line(1, 1)), (6, 8));
        assert_eq!(value_line(source, &[Step::Key("missing")], 1), 1);
        assert_eq!(value_line("not toml", &[Step::Key("a")], 1), 1);
    }
}
