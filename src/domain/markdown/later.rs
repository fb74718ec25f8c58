//! What is written for many before it is known for whom: where a name will stand, and which line can only be broken when
//! it does.
//!
//! A mark stands for the whole name. Where lines break depends on how long it is, so a paragraph with a mark is left
//! as one line that says what stands before its first line, what before the others, and its words; with the name in
//! its place, it becomes the lines that it would have been from the start.

use super::text::{WIDTH, broken};

/// Stands for a name; private use, and far from the slots.
pub const NAME: char = '\u{F0200}';
/// Stands for a name in capitals.
pub const SHOUTED: char = '\u{F0202}';
/// Stands between the parts of a paragraph that is not broken into lines yet.
const PART: char = '\u{F0203}';

/// Whether a character could be taken for a mark; what somebody wrote must hold none.
#[must_use]
pub fn is_mark(c: char) -> bool {
    ('\u{F0200}'..='\u{F02FF}').contains(&c)
}

/// In capitals, the place of a name too.
pub(super) fn shouted(text: &str) -> String {
    text.to_uppercase().replace(NAME, &SHOUTED.to_string())
}

pub(super) fn has_name(text: &str) -> bool {
    text.contains([NAME, SHOUTED])
}

/// A paragraph's words, with what stands before every line but the first.
pub(super) fn unbroken(rest: &str, words: &str) -> String {
    format!("{PART}{rest}{PART}{words}")
}

/// The lines of one that was left unbroken, now that the name stands in it; any other line is itself.
#[must_use]
pub fn lines_of(line: &str) -> Vec<String> {
    let mut parts = line.splitn(3, PART);
    let (Some(first), Some(rest), Some(words)) = (parts.next(), parts.next(), parts.next()) else {
        return vec![line.to_owned()];
    };
    let lines = broken(words, WIDTH.saturating_sub(first.len()));
    let before = std::iter::once(first).chain(std::iter::repeat(rest));
    lines.iter().zip(before).map(|(line, before)| format!("{before}{line}").trim_end().to_owned()).collect()
}
