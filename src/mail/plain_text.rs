//! How does a text part keep to 72 columns?

use crate::domain::markdown;

/// The widest line of a text part, in characters.
pub const COLUMNS: usize = 72;

/// Wraps every longer line at a space, keeps the indent of lists, and lets no two blank lines follow each
/// other. A word longer than a line, such as a link, stays whole. Ends with one line feed.
#[must_use]
pub fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / 32);
    let mut blank = true;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            if !blank {
                wrapped.push('\n');
            }
            blank = true;
        } else if line.contains(markdown::is_mark) {
            // Its length is not known yet.
            wrapped.push_str(line);
            wrapped.push('\n');
            blank = false;
        } else {
            wrap_line(line, &mut wrapped);
            blank = false;
        }
    }
    let end = wrapped.trim_end().len();
    wrapped.truncate(end);
    wrapped.push('\n');
    wrapped
}

/// The lines of one that had marks, now that words stand in their place; parted by line feeds, without one at the end.
#[must_use]
pub fn wrap_filled(line: &str) -> String {
    let mut wrapped = String::with_capacity(line.len() + 8);
    for line in markdown::lines_of(line) {
        wrap_line(line.trim_end(), &mut wrapped);
    }
    wrapped.pop();
    wrapped
}

fn wrap_line(line: &str, wrapped: &mut String) {
    if line.chars().count() <= COLUMNS {
        wrapped.push_str(line);
        wrapped.push('\n');
        return;
    }
    let indent = hanging_indent(line);
    let lead = line.len() - line.trim_start().len();
    wrapped.push_str(&line[..lead]);
    let mut column = lead;
    let mut first = true;
    for word in line[lead..].split(' ') {
        let width = word.chars().count();
        if !first && column + 1 + width > COLUMNS && !word.is_empty() {
            let end = wrapped.trim_end_matches(' ').len();
            wrapped.truncate(end);
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !first {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += width;
        first = false;
    }
    wrapped.push('\n');
}

/// Where the second line of a wrapped line starts: under the words of a list item, after a column of facts.
fn hanging_indent(line: &str) -> usize {
    let lead = line.len() - line.trim_start().len();
    let rest = &line[lead..];
    let marker = rest.split(' ').next().unwrap_or_default();
    let is_number =
        marker.len() > 1 && marker.ends_with('.') && marker[..marker.len() - 1].bytes().all(|b| b.is_ascii_digit());
    if matches!(marker, "*" | "-" | ">") || is_number {
        return lead + marker.len() + 1;
    }
    match rest.find("  ") {
        Some(gap) if rest[..gap].chars().count() < 16 => {
            let padding = rest[gap..].len() - rest[gap..].trim_start().len();
            lead + rest[..gap].chars().count() + padding
        }
        Some(_) | None => lead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_and_lists_keep_their_indent() {
        let words = "word ".repeat(30);
        for line in wrap(&format!("{words}\n* {words}\n12. {words}\nWhen:   {words}")).lines() {
            assert!(line.chars().count() <= COLUMNS, "{line}");
            assert_eq!(line, line.trim_end());
        }
        let list = wrap(&format!("* {words}"));
        assert!(list.lines().skip(1).all(|line| line.starts_with("  word")), "{list}");
        let fact = wrap(&format!("When:   {words}"));
        assert!(fact.lines().skip(1).all(|line| line.starts_with("        word")), "{fact}");
    }

    #[test]
    fn a_link_is_never_broken_and_blank_lines_never_pile_up() {
        let link = format!("https://trellis.example/{}", "x".repeat(90));
        assert_eq!(wrap(&format!("\n\na\n\n\n\nb {link}\n\n")), format!("a\n\nb\n{link}\n"));
        assert_eq!(wrap(""), "\n");
    }
}
