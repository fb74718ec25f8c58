//! What does a stretch of Markdown mean, with its values in place?

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

use super::{BadMarkdown, Fault, Slot, is_slot};
use crate::domain::{email_address::EmailAddress, name::is_unprintable};

pub(super) type Events = Vec<Event<'static>>;

const DEEPEST: usize = 2 * 8 + 4;

/// The events of `source`, which begins at `line`; faults are added to `faults`.
pub(super) fn read(source: &str, line: usize, slots: &[Slot], faults: &mut Vec<BadMarkdown>) -> Events {
    let mut reading = Reading { slots, events: Vec::new(), depth: 0, verbatim: 0 };
    let mut lines = LineCounter { source, offset: 0, line };
    for (event, range) in Parser::new_ext(source, Options::empty()).into_offset_iter() {
        if let Err(fault) = reading.take(event) {
            faults.push(BadMarkdown { line: lines.at(range.start), fault });
            // One deep tangle would report itself at every level.
            if reading.depth > DEEPEST {
                break;
            }
        }
    }
    reading.events
}

/// The text with every slot's value in place, each on one line.
pub(super) fn fill(text: &str, slots: &[Slot]) -> String {
    let mut filled = String::with_capacity(text.len());
    for c in text.chars() {
        match value(c, slots) {
            Some(Slot::Text(value) | Slot::Link(value)) => filled.push_str(&one_line(value)),
            None => filled.push(c),
        }
    }
    filled
}

struct Reading<'a> {
    slots: &'a [Slot],
    events: Events,
    depth: usize,
    /// How many links and code blocks are open: in these a link's value stays text.
    verbatim: usize,
}

impl Reading<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => {
                self.end(end);
                Ok(())
            }
            Event::Text(text) => {
                self.text(&text);
                Ok(())
            }
            Event::Code(code) => {
                self.events.push(Event::Code(fill(&code, self.slots).into()));
                Ok(())
            }
            Event::Html(html) | Event::InlineHtml(html) => Err(Fault::Html(html.trim().chars().take(40).collect())),
            Event::SoftBreak => self.keep(Event::SoftBreak),
            Event::HardBreak => self.keep(Event::HardBreak),
            Event::Rule => self.keep(Event::Rule),
            // Extensions, which are all off.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
                Ok(())
            }
            Event::TaskListMarker(_) => Ok(()),
        }
    }

    fn keep(&mut self, event: Event<'static>) -> Result<(), Fault> {
        self.events.push(event);
        Ok(())
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::TooDeep);
        }
        let tag = match tag {
            Tag::Image { .. } => return Err(Fault::Image),
            Tag::Link { link_type, dest_url, .. } => {
                self.verbatim += 1;
                link(self.target(link_type, &dest_url)?)
            }
            Tag::CodeBlock(kind) => {
                self.verbatim += 1;
                Tag::CodeBlock(match kind {
                    pulldown_cmark::CodeBlockKind::Indented | pulldown_cmark::CodeBlockKind::Fenced(_) => {
                        pulldown_cmark::CodeBlockKind::Indented
                    }
                })
            }
            // The page or mail around this has the one first-level heading.
            Tag::Heading { level, .. } => {
                Tag::Heading { level: level.max(HeadingLevel::H2), id: None, classes: Vec::new(), attrs: Vec::new() }
            }
            Tag::HtmlBlock => return Ok(()),
            other => other.into_static(),
        };
        self.keep(Event::Start(tag))
    }

    fn end(&mut self, end: TagEnd) {
        self.depth = self.depth.saturating_sub(1);
        let end = match end {
            TagEnd::Image | TagEnd::HtmlBlock => return,
            TagEnd::Heading(level) => TagEnd::Heading(level.max(HeadingLevel::H2)),
            TagEnd::Link | TagEnd::CodeBlock => {
                self.verbatim = self.verbatim.saturating_sub(1);
                end
            }
            other => other,
        };
        self.events.push(Event::End(end));
    }

    fn text(&mut self, text: &str) {
        if self.verbatim > 0 || !text.contains(is_slot) {
            self.events.push(Event::Text(fill(text, self.slots).into()));
            return;
        }
        for piece in text.split_inclusive(is_slot) {
            let slot = piece.chars().next_back().and_then(|c| value(c, self.slots));
            let Some(Slot::Link(url)) = slot else {
                self.events.push(Event::Text(fill(piece, self.slots).into()));
                continue;
            };
            let before = piece.trim_end_matches(is_slot).to_owned();
            let url = CowStr::from(one_line(url));
            self.events.push(Event::Text(before.into()));
            self.events.extend([Event::Start(link(url.clone())), Event::Text(url), Event::End(TagEnd::Link)]);
        }
    }

    fn target(&self, kind: LinkType, target: &str) -> Result<CowStr<'static>, Fault> {
        let mut characters = target.chars();
        let whole = characters.next().filter(|_| characters.next().is_none());
        if let Some(Slot::Link(url)) = whole.and_then(|c| value(c, self.slots)) {
            return Ok(one_line(url).into());
        }
        if target.contains(is_slot) {
            return Err(Fault::SlotInLink);
        }
        let target = if kind == LinkType::Email { format!("mailto:{target}") } else { target.to_owned() };
        let good = match target.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => is_host(rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto") => {
                EmailAddress::parse(rest.split('?').next().unwrap_or(rest)).is_ok()
            }
            Some(_) | None => false,
        };
        if good { Ok(target.into()) } else { Err(Fault::Link(target.chars().take(80).collect())) }
    }
}

fn link(target: CowStr<'static>) -> Tag<'static> {
    Tag::Link { link_type: LinkType::Inline, dest_url: target, title: "".into(), id: "".into() }
}

fn is_host(rest: &str) -> bool {
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#', ':']).next());
    !rest.contains(char::is_whitespace) && host.is_some_and(|host| host.contains('.') && !host.contains(['@', '\\']))
}

fn value(c: char, slots: &[Slot]) -> Option<&Slot> {
    let index = u32::from(c).checked_sub(0xF_0000)?;
    slots.get(usize::try_from(index).ok()?)
}

pub(super) fn one_line(value: &str) -> String {
    value.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect()
}

struct LineCounter<'a> {
    source: &'a str,
    offset: usize,
    line: usize,
}

impl LineCounter<'_> {
    /// Faults come nearly in order: counts on from the last one, or again from the start.
    fn at(&mut self, offset: usize) -> usize {
        let breaks = |from: usize, to: usize| self.source[from..to].matches('\n').count();
        self.line = if offset >= self.offset {
            self.line + breaks(self.offset, offset)
        } else {
            self.line - breaks(offset, self.offset)
        };
        self.offset = offset;
        self.line
    }
}
