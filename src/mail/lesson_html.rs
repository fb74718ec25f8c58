//! How does a coach's lesson look inside a mail client, which knows no style sheet?

const FONT: &str = "font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;";

/// Gives every tag of sanitized HTML the inline style a mail client needs, and turns the exercise into the
/// table that Outlook can paint. Input is what the sanitizer wrote: well formed, plain tags, quoted attributes.
#[must_use]
pub fn style(html: &str) -> String {
    let mut styled = String::with_capacity(html.len() * 2);
    let mut open = Open::default();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        styled.push_str(&rest[..start]);
        let tag = &rest[start..start + length_of_tag(&rest[start..])];
        open.tag(tag, &mut styled);
        rest = &rest[start + tag.len()..];
    }
    styled.push_str(rest);
    styled
}

/// The octets up to and with the `>` that is not inside quotes.
fn length_of_tag(html: &str) -> usize {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None | Some(_), _) => {}
        }
    }
    html.len()
}

/// What we are inside of.
#[derive(Default)]
struct Open {
    /// Every open `div`: whether it is an exercise.
    divs: Vec<bool>,
    quotes: usize,
}

impl Open {
    fn tag(&mut self, tag: &str, styled: &mut String) {
        let inner = tag.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
        let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        match name {
            "div" => self.open_div(tag, attributes, styled),
            "/div" => match self.divs.pop() {
                Some(true) => styled.push_str("</td></tr></table>"),
                Some(false) | None => styled.push_str(tag),
            },
            "/blockquote" => {
                self.quotes = self.quotes.saturating_sub(1);
                styled.push_str(tag);
            }
            "blockquote" => {
                self.quotes += 1;
                self.push(styled, name, attributes);
            }
            _ => self.push(styled, name, attributes),
        }
    }

    fn open_div(&mut self, tag: &str, attributes: &str, styled: &mut String) {
        let is_exercise = attribute(attributes, "class").is_some_and(|class| class.split(' ').any(|c| c == "exercise"));
        self.divs.push(is_exercise);
        if is_exercise {
            styled.push_str(concat!(
                r#"<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:24px 0;"><tr>"#,
                r#"<td class="box" style="background-color:#e0ede6;border-left:4px solid #1f5c4a;border-radius:0 10px 10px 0;padding:18px 20px 8px;">"#,
            ));
        } else {
            styled.push_str(tag);
        }
    }

    /// Writes an opening tag with our class and style in place of its own; other attributes stay.
    fn push(&self, styled: &mut String, name: &str, attributes: &str) {
        let class = attribute(attributes, "class").unwrap_or_default();
        let Some((class, style)) = self.look(name, class) else {
            styled.push('<');
            styled.push_str(name);
            push_attributes(styled, attributes);
            styled.push('>');
            return;
        };
        styled.push_str(&format!(r#"<{name} class="{class}""#));
        push_attributes(styled, attributes);
        styled.push_str(&format!(r#" style="{style}">"#));
    }

    /// The class, for dark mode and phones, and the inline style of a tag in its place.
    fn look(&self, name: &str, class: &str) -> Option<(&'static str, String)> {
        let in_box = self.divs.contains(&true);
        let ink = |style: &str| Some(("ink", format!("{style}{FONT}color:#1a241f;")));
        match name {
            "p" if class == "exercise__t" => ink("margin:0 0 6px;font-size:17px;line-height:24px;font-weight:600;"),
            "p" if self.quotes > 0 => {
                Some(("muted", format!("margin:0;font-size:17px;line-height:27px;{FONT}color:#4d5a53;")))
            }
            "p" if in_box => ink("margin:0 0 10px;font-size:16px;line-height:25px;"),
            "p" => ink("margin:0 0 16px;font-size:17px;line-height:27px;"),
            "h1" | "h2" => ink("margin:28px 0 10px;font-size:20px;line-height:26px;font-weight:600;"),
            "h3" | "h4" => ink("margin:22px 0 8px;font-size:17px;line-height:24px;font-weight:600;"),
            "ul" | "ol" => Some(("list", "margin:0 0 16px;padding:0 0 0 24px;".to_owned())),
            "li" if in_box => ink("margin:0 0 6px;font-size:16px;line-height:25px;"),
            "li" => ink("margin:0 0 8px;font-size:17px;line-height:27px;"),
            "blockquote" => {
                Some(("rule quote", "margin:0 0 16px;padding:2px 0 2px 16px;border-left:4px solid #d9dfd6;".to_owned()))
            }
            "hr" => Some(("rule", "margin:24px 0;border:0;border-top:1px solid #d9dfd6;".to_owned())),
            "a" => Some(("accent", "color:#1a5141;".to_owned())),
            _ => None,
        }
    }
}

/// Every attribute but class and style, as it was written.
fn push_attributes(styled: &mut String, attributes: &str) {
    for (name, written) in each_attribute(attributes) {
        if !matches!(name, "class" | "style") {
            styled.push(' ');
            styled.push_str(written);
        }
    }
}

fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let (_, written) = each_attribute(attributes).find(|(name, _)| *name == wanted)?;
    let (_, value) = written.split_once('=')?;
    Some(value.trim_matches(['"', '\'']))
}

/// Name and whole text of each attribute: `("href", r#"href="…""#)`.
fn each_attribute(attributes: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = attributes.trim_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut quote = None;
        let end = rest
            .char_indices()
            .find(|(_, c)| match (quote, *c) {
                (None, c) if c.is_whitespace() => true,
                (None, '"' | '\'') => {
                    quote = Some(*c);
                    false
                }
                (Some(open), c) if open == c => {
                    quote = None;
                    false
                }
                (None | Some(_), _) => false,
            })
            .map_or(rest.len(), |(at, _)| at);
        let written = &rest[..end];
        rest = rest[end..].trim_start();
        Some((written.split('=').next().unwrap_or(written), written))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_tags_get_the_look_of_their_place() {
        let styled = style(concat!(
            r#"<p>One <strong>two</strong> <a href="https://trellis.example/p?a=1&amp;b=>" rel="noopener">three</a>.</p>"#,
            r#"<div class="exercise"><p class="exercise__t">Twenty minutes</p><p>Sit.</p></div><p>Four</p>"#,
        ));
        assert!(styled.contains(r#"<a class="accent" href="https://trellis.example/p?a=1&amp;b=>" rel="noopener" style="color:#1a5141;">"#), "{styled}");
        assert!(styled.contains(r#"<td class="box""#) && styled.contains("</td></tr></table><p"), "{styled}");
        assert!(!styled.contains("exercise"), "{styled}");
        assert_eq!(
            styled.matches("font-size:16px").count(),
            1,
            "only the plain paragraph of the exercise is smaller: {styled}"
        );
        assert!(styled.contains("<strong>two</strong>"), "{styled}");
    }

    /// What is checked when a lesson is saved is never less than what is sent (H14).
    #[test]
    fn no_text_is_heavier_than_it_was_weighed() {
        let all = "# One\n\nTwo *three* **four** `five` [six](https://a.example)\n\n## Seven\n\n### Eight\n\n- nine\n- ten\n\n1. eleven\n\n> twelve\n\n---\n\n::: exercise Thirteen\nFourteen\n\n- fifteen\n:::\n";
        for source in [all.to_owned(), "- a\n".repeat(500), "a\n\n".repeat(500), "> a\n\n".repeat(200)] {
            let html = crate::domain::markdown::render(&source, &[]).map(|rendered| rendered.html).unwrap_or_default();
            assert!(source == all || !html.is_empty());
            assert!(style(&html).len() <= crate::domain::lesson::weight(&html), "{source:.40}");
        }
    }

    #[test]
    fn what_is_not_a_tag_stays() {
        assert_eq!(style("a &lt; b &amp; c"), "a &lt; b &amp; c");
        assert_eq!(style("<div>x</div></div>"), "<div>x</div></div>");
    }
}
