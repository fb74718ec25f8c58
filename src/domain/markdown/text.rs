//! How is it written for a reader without HTML?

use pulldown_cmark::{Event, Tag, TagEnd};

use super::{
    blocks::Block,
    events::Events,
    later::{has_name, shouted, unbroken},
};

/// Characters of a line, unless one word is longer.
pub(super) const WIDTH: usize = 72;

pub(super) fn write(blocks: &[Block<Events>]) -> String {
    let mut writer = Writer::default();
    for block in blocks {
        if let Some(title) = &block.title {
            writer.inline.push_str(&shouted(title));
            writer.end_block();
        }
        for event in &block.content {
            writer.take(event);
        }
        writer.end_block();
    }
    writer.out
}

/// What stands before every line of a block.
enum Margin {
    Quote,
    /// The marker is for the item's first line; then spaces of its width.
    Item {
        marker: String,
        written: bool,
    },
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The running paragraph; `\n` is a break that stays.
    inline: String,
    margins: Vec<Margin>,
    /// The next number of each open list, `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Targets of open links, and where in `inline` their text begins.
    links: Vec<(String, usize)>,
    in_heading: bool,
    in_code: bool,
    /// A blank line is due before the next one, inside so many margins.
    blank_due: Option<usize>,
}

impl Writer {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) | Event::Code(text) if self.in_heading => self.inline.push_str(&shouted(text)),
            Event::Text(text) | Event::Code(text) => self.inline.push_str(text),
            Event::SoftBreak => self.inline.push(' '),
            Event::HardBreak => self.inline.push('\n'),
            Event::Rule => {
                self.inline.push_str("---");
                self.end_block();
            }
            // Never among the events of `events::read`.
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Link { dest_url, .. } => self.links.push((dest_url.to_string(), self.inline.len())),
            Tag::Heading { .. } => self.in_heading = true,
            Tag::CodeBlock(_) => {
                self.flush();
                self.in_code = true;
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.margins.push(Margin::Quote);
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(*first);
            }
            Tag::Item => {
                let marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    Some(None) | None => "* ".to_owned(),
                };
                self.margins.push(Margin::Item { marker, written: false });
            }
            _ => {}
        }
    }

    fn end(&mut self, end: &TagEnd) {
        match end {
            TagEnd::Link => self.end_link(),
            TagEnd::Paragraph => self.end_block(),
            TagEnd::Heading(_) => {
                self.end_block();
                self.in_heading = false;
            }
            TagEnd::CodeBlock => {
                let code = std::mem::take(&mut self.inline);
                for line in code.trim_end_matches('\n').split('\n') {
                    self.line(&format!("    {line}"));
                }
                self.in_code = false;
                self.end_block();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.margins.pop();
                self.end_block();
            }
            TagEnd::Item => {
                self.flush();
                if let Some(Margin::Item { written: false, .. }) = self.margins.last() {
                    self.line("");
                }
                self.margins.pop();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.end_block();
                }
            }
            _ => {}
        }
    }

    /// `text: target`, or the target alone where the text says the same.
    fn end_link(&mut self) {
        let Some((target, start)) = self.links.pop() else {
            return;
        };
        let shown = target.strip_prefix("mailto:").unwrap_or(&target);
        let text = self.inline[start..].trim_end();
        if text.eq_ignore_ascii_case(shown) || text.is_empty() {
            self.inline.replace_range(start.., shown);
        } else {
            let mark = if text.ends_with(':') { " " } else { ": " };
            let end = start + text.len();
            self.inline.replace_range(end.., &format!("{mark}{shown}"));
        }
    }

    fn end_block(&mut self) {
        self.flush();
        self.blank_due = Some(self.margins.len());
    }

    fn flush(&mut self) {
        let paragraph = std::mem::take(&mut self.inline);
        for stretch in paragraph.trim().split('\n').filter(|stretch| !stretch.trim().is_empty()) {
            if has_name(stretch) {
                let rest: String = self.margins.iter().map(Margin::blank).collect();
                self.line(&unbroken(&rest, stretch));
                continue;
            }
            for line in broken(stretch, WIDTH.saturating_sub(self.margin_width())) {
                self.line(&line);
            }
        }
    }

    fn margin_width(&self) -> usize {
        let width = |margin: &Margin| match margin {
            Margin::Quote => 2,
            Margin::Item { marker, .. } => marker.len(),
        };
        self.margins.iter().map(width).sum()
    }

    fn line(&mut self, text: &str) {
        if let Some(depth) = self.blank_due.take().filter(|_| !self.out.is_empty()) {
            let blank: String = self.margins.iter().take(depth).map(Margin::blank).collect();
            self.out.push('\n');
            self.out.push_str(blank.trim_end());
        }
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let mut line: String = self.margins.iter_mut().map(Margin::take).collect();
        line.push_str(text);
        self.out.push_str(line.trim_end());
    }
}

/// Lines of at most so many characters, unless one word is longer; narrow margins leave 24.
pub(super) fn broken(stretch: &str, width: usize) -> Vec<String> {
    let (width, mut lines, mut line) = (width.max(24), Vec::new(), String::new());
    // Only these: a no-break space must not break.
    for word in stretch.split([' ', '\t']).filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

impl Margin {
    fn take(&mut self) -> String {
        match self {
            Self::Item { marker, written } if !*written => {
                *written = true;
                marker.clone()
            }
            Self::Quote | Self::Item { .. } => self.blank(),
        }
    }

    fn blank(&self) -> String {
        match self {
            Self::Quote => "> ".to_owned(),
            Self::Item { marker, .. } => " ".repeat(marker.len()),
        }
    }
}
