//! How is it written as HTML that can do no harm?

use std::collections::{HashMap, HashSet};

use ammonia::UrlRelative;
use pulldown_cmark::{Event, html::push_html};

use super::{blocks::Block, events::Events};

pub(super) const TAGS: [&str; 18] = [
    "a",
    "blockquote",
    "br",
    "code",
    "div",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "ul",
];

pub(super) fn write(blocks: &[Block<Events>]) -> String {
    let mut html = String::new();
    for block in blocks {
        match &block.title {
            None => push_html(&mut html, block.content.iter().cloned()),
            Some(title) => {
                html.push_str("<div class=\"exercise\"><p class=\"exercise__t\">");
                push_html(&mut html, std::iter::once(Event::Text(title.as_str().into())));
                html.push_str("</p>\n");
                push_html(&mut html, block.content.iter().cloned());
                html.push_str("</div>\n");
            }
        }
    }
    clean(&html).trim().to_owned()
}

fn clean(html: &str) -> String {
    let only = |value: &'static str| HashSet::from([value]);
    ammonia::Builder::empty()
        .tags(HashSet::from(TAGS))
        .tag_attributes(HashMap::from([("a", only("href")), ("ol", only("start"))]))
        .allowed_classes(HashMap::from([("div", only("exercise")), ("p", only("exercise__t"))]))
        // http is for our own links on a developer's machine; a coach's are checked to be https.
        .url_schemes(HashSet::from(["https", "http", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .clean(html)
        .to_string()
}

/// Text as the cleaning leaves it: these four and no other.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '\u{a0}' => html.push_str("&nbsp;"),
            other => html.push(other),
        }
    }
    html
}
