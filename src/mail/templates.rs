//! How does a letter become a subject, a text and a page of HTML?

use minijinja::{
    AutoEscape, Environment, Output, State, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig,
    value::Serde,
};
use serde::Serialize;

use super::{
    lesson_html,
    letter::{Frame, Letter},
    plain_text,
    stencil::Masters,
};
use crate::domain::{lesson::prepared::Prepared, name::is_unprintable};

#[derive(rust_embed::RustEmbed)]
#[folder = "email-templates/"]
struct Files;

/// Every mail template, compiled.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// Lessons that many read.
    pub lessons: Prepared,
    /// Letters that many get.
    pub masters: Masters,
}

/// A letter as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    /// At most 72 columns, line feeds.
    pub text: String,
    pub html: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CannotWrite {
    #[error("The mail template {name} does not compile: {cause:#}")]
    Template { name: String, cause: minijinja::Error },
    #[error("The letter {letter} could not be written from its template: {cause:#}")]
    Render { letter: &'static str, cause: minijinja::Error },
    #[error("The subject of the letter {letter} is empty or not one line of ordinary characters")]
    Subject { letter: &'static str },
}

#[derive(Serialize)]
struct Context<'a, L> {
    letter: &'a L,
    frame: &'a Frame,
    subject: &'a str,
}

impl Templates {
    /// Compiles all templates; called once at start, so that a broken one never meets a reader.
    pub fn new() -> Result<Self, CannotWrite> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the usual delimiters do not clash"));
        environment.set_auto_escape_callback(
            |name| {
                if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
            },
        );
        environment.set_formatter(format);
        environment.add_filter("lesson", |html: &str| Value::from_safe_string(lesson_html::style(html)));
        environment.add_filter("moment", moment);
        environment.add_filter("column", |label: &str| format!("{label:<11} "));
        for name in Files::iter() {
            let file = Files::get(&name).expect("the list of embedded files names only embedded files");
            let source = String::from_utf8_lossy(&file.data).into_owned();
            environment
                .add_template_owned(name.to_string(), source)
                .map_err(|cause| CannotWrite::Template { name: name.to_string(), cause })?;
        }
        Ok(Self { environment, lessons: Prepared::default(), masters: Masters::default() })
    }

    /// Fills a letter's three templates.
    pub fn write<L: Letter>(&self, letter: &L, frame: &Frame) -> Result<Written, CannotWrite> {
        let subject = self.render(letter, frame, "", "subject.txt")?.trim().to_owned();
        if subject.is_empty() || subject.chars().any(is_unprintable) {
            return Err(CannotWrite::Subject { letter: L::FOLDER });
        }
        let text = plain_text::wrap(&self.render(letter, frame, &subject, "body.txt")?);
        let html = self.render(letter, frame, &subject, "body.html")?;
        Ok(Written { subject, text, html })
    }

    fn render<L: Letter>(&self, letter: &L, frame: &Frame, subject: &str, file: &str) -> Result<String, CannotWrite> {
        self.environment
            .get_template(&format!("{}/{file}", L::FOLDER))
            .and_then(|template| template.render(Value::from(Serde(&Context { letter, frame, subject }))))
            .map_err(|cause| CannotWrite::Render { letter: L::FOLDER, cause })
    }

    /// The folders that hold templates, for the test that no letter and no folder is left alone.
    #[must_use]
    pub fn folders() -> Vec<String> {
        let mut folders: Vec<String> =
            Files::iter().filter_map(|name| name.split_once('/').map(|(folder, _)| folder.to_owned())).collect();
        folders.sort();
        folders.dedup();
        folders
    }
}

/// Sets a time with its zone, as in `Mon 8 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)`: the zone on its
/// own quiet line, the span of hours unbroken. Any other text stays as it is.
fn moment(text: &str) -> Value {
    let (when, zone) = match text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        Some((when, zone)) => (when, Some(zone)),
        None => (text, None),
    };
    let mut html = String::with_capacity(text.len() + 160);
    for word in when.split_inclusive(' ') {
        if word.contains('–') {
            html.push_str(r#"<span style="white-space:nowrap;">"#);
            push_escaped(&mut html, word.trim_end());
            html.push_str("</span>");
        } else {
            push_escaped(&mut html, word);
        }
    }
    if let Some(zone) = zone {
        html.push_str(r#"<br><span class="muted" style="font-size:15px;font-weight:400;color:#4d5a53;">"#);
        push_escaped(&mut html, zone);
        html.push_str("</span>");
    }
    Value::from_safe_string(html)
}

/// As minijinja's own, but a `/` stays a `/`: six octets for each one would swell every link.
fn format(output: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str() {
        Some(text) if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() => {
            let mut escaped = String::with_capacity(text.len());
            push_escaped(&mut escaped, text);
            Ok(output.write_str(&escaped)?)
        }
        Some(_) | None => escape_formatter(output, state, value),
    }
}

fn push_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        html.push_str(&rest[..at]);
        html.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    html.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_sets_its_zone_apart_and_any_other_text_stays() {
        assert_eq!(moment("Online & <here>").to_string(), "Online &amp; &lt;here&gt;");
        let set = moment("Mon 8 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)").to_string();
        assert!(
            set.starts_with(r#"Mon 8 Mar 2027, <span style="white-space:nowrap;">20:00–21:15</span><br>"#),
            "{set}"
        );
        assert!(set.ends_with(">Berlin time, UTC+01:00</span>"), "{set}");
    }
}
