//! What does a coach's Markdown look like, as safe HTML and as plain text?
//!
//! A line `::: exercise Title` opens a block that the next `:::` closes. Slots are single characters that
//! stand for values: they are filled after Markdown was understood, so that a value can never become
//! markup. What a mail could not carry faithfully is refused with its line; ammonia comes last all the same.

mod blocks;
mod events;
mod html;
mod later;
#[cfg(test)]
mod tests;
mod text;

use blocks::Block;
pub use later::{NAME, SHOUTED, is_mark, lines_of};

/// One text in both forms of a mail, saying the same with the same links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Inner HTML, to be placed in a page's or mail's body.
    pub html: String,
    /// Lines of at most 72 characters (a long word or URL stays whole), parted by `\n`.
    pub text: String,
}

/// A value for the place of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// Literal text, whatever it holds.
    Text(String),
    /// An absolute http(s) URL of our own: may be a link's target; in running text it becomes a link.
    Link(String),
}

/// The character that stands for the value at `index` of the slots given to [`render`]. It lies in a plane
/// of private use, and Markdown takes it for a letter.
#[must_use]
pub fn slot(index: u8) -> char {
    char::from_u32(0xF_0000 + u32::from(index)).expect("plane 15 has no surrogates")
}

/// Whether a character could be taken for a slot; a coach's own text must hold none.
#[must_use]
pub fn is_slot(c: char) -> bool {
    ('\u{F0000}'..='\u{F00FF}').contains(&c)
}

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct BadMarkdown {
    /// 1 is the first line of the source.
    pub line: usize,
    pub fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error(
        "Images are not sent, because loading one tells its host that the mail was opened; describe it in words instead"
    )]
    Image,
    #[error("HTML does not reach the reader; write `{0}` in Markdown or remove it")]
    Html(String),
    #[error(
        "A link must begin with https:// or mailto:, or be a variable such as {{{{ links.check_in }}}}; `{0}` is none of these"
    )]
    Link(String),
    #[error(
        "A variable cannot be a part of a link, because it would be told to the link's host; only a `links.` variable can be a whole link"
    )]
    SlotInLink,
    #[error("This exercise is never closed; put a line with ::: after it")]
    UnclosedExercise,
    #[error("An exercise cannot hold another one; close the first with a line ::: before this")]
    NestedExercise,
    #[error("This ::: closes nothing; remove it, or open a block with `::: exercise Title`")]
    StrayClose,
    #[error("There is no block called `{0}`; the only one is `::: exercise Title`")]
    UnknownBlock(String),
    #[error("Give the exercise a title: `::: exercise Title`")]
    Untitled,
    #[error("This is nested too deeply; use at most eight levels of lists and quotations")]
    TooDeep,
    #[error("This line holds an invisible control character; delete it and type the text again")]
    Invisible,
}

/// Both forms of a text. Every fault is reported, in the order of lines; a text without any always renders,
/// whatever the values are.
pub fn render(source: &str, slots: &[Slot]) -> Result<Rendered, Vec<BadMarkdown>> {
    let blocks = read(source, slots)?;
    Ok(Rendered { html: html::write(&blocks), text: text::write(&blocks) })
}

/// The plain text alone, which costs a tenth of both.
pub fn plain(source: &str, slots: &[Slot]) -> Result<String, Vec<BadMarkdown>> {
    Ok(text::write(&read(source, slots)?))
}

/// A slot's value as it stands in cleaned HTML, between tags.
#[must_use]
pub fn escaped(slot: &Slot) -> String {
    let (Slot::Text(value) | Slot::Link(value)) = slot;
    html::escaped(&events::one_line(value))
}

fn read(source: &str, slots: &[Slot]) -> Result<Vec<Block<events::Events>>, Vec<BadMarkdown>> {
    let source = source.replace("\r\n", "\n");
    let mut faults = invisible(&source, slots.len());
    let blocks = blocks::split(&source, &mut faults);
    let blocks: Vec<Block<events::Events>> = blocks.into_iter().map(|block| block.read(slots, &mut faults)).collect();
    if faults.is_empty() {
        return Ok(blocks);
    }
    faults.sort_by_key(|bad| bad.line);
    Err(faults)
}

/// The titles of all exercises with their lines, for whoever looks for words that must not be there.
#[must_use]
pub fn exercise_titles(source: &str) -> Vec<(usize, String)> {
    let source = source.replace("\r\n", "\n");
    let titles = blocks::split(&source, &mut Vec::new()).into_iter();
    titles.filter_map(|block| block.title.map(|title| (block.line.saturating_sub(1), title))).collect()
}

fn invisible(source: &str, slots: usize) -> Vec<BadMarkdown> {
    let known = |c: char| usize::try_from(u32::from(c) - 0xF_0000).is_ok_and(|index| index < slots);
    let hidden = |c: char| (crate::domain::name::is_unprintable(c) && c != '\t') || (is_slot(c) && !known(c));
    let lines = source.split('\n').enumerate().filter(|(_, line)| line.chars().any(hidden));
    lines.map(|(index, _)| BadMarkdown { line: index + 1, fault: Fault::Invisible }).collect()
}
