//! Where do exercises begin and end?

use super::{
    BadMarkdown, Fault, Slot,
    events::{self, Events},
};

/// A stretch of the source, or what was read from it: an exercise when it has a title.
#[derive(Debug)]
pub(super) struct Block<Content> {
    /// The line of its first line of content, 1-based.
    pub(super) line: usize,
    pub(super) title: Option<String>,
    pub(super) content: Content,
}

impl Block<&str> {
    pub(super) fn read(self, slots: &[Slot], faults: &mut Vec<BadMarkdown>) -> Block<Events> {
        Block {
            line: self.line,
            title: self.title.map(|title| events::fill(&title, slots)),
            content: events::read(self.content, self.line, slots, faults),
        }
    }
}

/// Prose and exercises in order. `:::` inside fenced code is code.
pub(super) fn split<'a>(source: &'a str, faults: &mut Vec<BadMarkdown>) -> Vec<Block<&'a str>> {
    let mut blocks = Vec::new();
    let mut current = Block { line: 1, title: None, content: 0 };
    let mut fence: Option<&str> = None;
    let mut offset = 0;
    for (index, line) in source.split_inclusive('\n').enumerate() {
        let (begins, ends) = (offset, offset + line.len());
        offset = ends;
        fence = next_fence(fence, line);
        let Some(word) = line.trim_end().strip_prefix(":::").filter(|_| fence.is_none()) else {
            continue;
        };
        let number = index + 1;
        let title = match opening(word, current.title.as_deref()) {
            Ok(title) => title,
            Err(fault) => {
                // What was meant as an opening still wants its close, and one fault is enough.
                let title = if fault == Fault::StrayClose { None } else { Some(String::new()) };
                faults.push(BadMarkdown { line: number, fault });
                title
            }
        };
        blocks.push(Block { line: current.line, title: current.title, content: &source[current.content..begins] });
        current = Block { line: number + 1, title, content: ends };
    }
    if current.title.is_some() {
        faults.push(BadMarkdown { line: current.line.saturating_sub(1), fault: Fault::UnclosedExercise });
    }
    blocks.push(Block { line: current.line, title: current.title, content: &source[current.content..] });
    blocks
}

/// What a `:::` line opens, given the title of the exercise it stands in: `None` is prose again.
fn opening(word: &str, inside: Option<&str>) -> Result<Option<String>, Fault> {
    let word = word.trim();
    let (name, title) = word.split_once(char::is_whitespace).unwrap_or((word, ""));
    match (name, title.trim(), inside) {
        ("", _, Some(_)) => Ok(None),
        ("", _, None) => Err(Fault::StrayClose),
        ("exercise", _, Some(_)) => Err(Fault::NestedExercise),
        ("exercise", "", None) => Err(Fault::Untitled),
        ("exercise", title, None) => Ok(Some(title.to_owned())),
        (name, _, _) => Err(Fault::UnknownBlock(name.chars().take(40).collect())),
    }
}

/// The fence of code that is open after `line` (CommonMark §4.5, without its rarer turns).
fn next_fence<'a>(open: Option<&'a str>, line: &'a str) -> Option<&'a str> {
    let indented = line.starts_with("    ");
    let line = line.trim();
    let length = |mark| line.len() - line.trim_start_matches(mark).len();
    let run = length('`').max(length('~'));
    match open {
        Some(fence) if !indented && line.len() == run && line.starts_with(fence) => None,
        Some(fence) => Some(fence),
        None if !indented && run >= 3 && !line[run..].contains('`') => Some(&line[..run]),
        None => None,
    }
}
