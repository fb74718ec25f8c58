//! How is a lesson kept in a file?
//!
//! TOML between two lines `+++`, then Markdown. Reading what was written gives the same lesson.

use serde::Deserialize;

use super::{
    Finding, LARGEST, Lesson,
    toml_text::{self, Step},
};

const FENCE: &str = "+++";
/// The field of a finding that is about no field.
const FRONT_MATTER: &str = "front matter";

/// Missing values are empty: the check says so, all at once.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FrontMatter {
    week: u16,
    track: Option<String>,
    title: String,
    subject: String,
    discreet_subject: String,
    preview: String,
    check_in: Vec<String>,
}

/// Reads a file. The finding's line is the file's.
pub fn read(source: &str) -> Result<Lesson, Finding> {
    if source.len() > LARGEST {
        return Err(Finding::new(1, "body", "This file is larger than 64 kB; shorten the lesson or make two of it"));
    }
    let source = even(source);
    let (front, body) = split(&source)?;
    let front: FrontMatter = toml::from_str(front).map_err(|error| front_matter(front, &error))?;
    Ok(Lesson {
        week: front.week,
        track: front.track,
        title: front.title,
        subject: front.subject,
        discreet_subject: front.discreet_subject,
        preview: front.preview,
        check_in: front.check_in,
        body: tidy(body).to_owned(),
    })
}

/// The file of a lesson.
#[must_use]
pub fn write(lesson: &Lesson) -> String {
    let string = toml_text::string;
    let mut front = format!("{FENCE}\nweek = {}\n", lesson.week);
    if let Some(track) = &lesson.track {
        front += &format!("track = {}\n", string(track));
    }
    for (key, value) in [
        ("title", &lesson.title),
        ("subject", &lesson.subject),
        ("discreet_subject", &lesson.discreet_subject),
        ("preview", &lesson.preview),
    ] {
        front += &format!("{key} = {}\n", string(value));
    }
    if lesson.check_in.is_empty() {
        front += "check_in = []\n";
    } else {
        let questions: String = lesson.check_in.iter().map(|question| format!("  {},\n", string(question))).collect();
        front += &format!("check_in = [\n{questions}]\n");
    }
    format!("{front}{FENCE}\n\n{}\n", tidy(&even(&lesson.body)))
}

/// `week-1.broke.md`, or `week-1.md` for everybody.
#[must_use]
pub fn name(lesson: &Lesson) -> String {
    match &lesson.track {
        Some(track) => format!("week-{}.{track}.md", lesson.week),
        None => format!("week-{}.md", lesson.week),
    }
}

/// Where in the file a finding of the check stands.
#[must_use]
pub fn line_of(source: &str, finding: &Finding) -> usize {
    let source = even(source);
    let Ok((front, body)) = split(&source) else {
        return 1;
    };
    let lines = |text: &str| text.matches('\n').count();
    match finding.field {
        "body" => {
            let skipped = body.len() - body[body.find(tidy(body)).unwrap_or(0)..].len();
            lines(&source[..source.len() - body.len() + skipped]) + finding.line
        }
        "check_in" => {
            let path = [Step::Key("check_in"), Step::Item(finding.line.saturating_sub(1))];
            1 + toml_text::value_line(front, &path, 1)
        }
        field => 1 + toml_text::value_line(front, &[Step::Key(field)], finding.line),
    }
}

fn split(source: &str) -> Result<(&str, &str), Finding> {
    let missing = |line, message: &str| Err(Finding::new(line, FRONT_MATTER, message));
    let Some((_, rest)) = source.split_once('\n').filter(|(first, _)| first.trim_end() == FENCE) else {
        return missing(
            1,
            "A lesson begins with a line `+++`, then its week, title and subjects, then a second line `+++`",
        );
    };
    let mut offset = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == FENCE {
            return Ok((&rest[..offset], &rest[offset + line.len()..]));
        }
        offset += line.len();
    }
    missing(1, "The front matter is never closed; put a line `+++` before the text of the lesson")
}

fn front_matter(front: &str, error: &toml::de::Error) -> Finding {
    let line = toml_text::error_line(front, error);
    let key = front.lines().nth(line - 1).and_then(|text| text.split('=').next()).map_or("", str::trim);
    let fields = ["week", "track", "title", "subject", "discreet_subject", "preview", "check_in"];
    let field = fields.into_iter().find(|field| *field == key).unwrap_or(FRONT_MATTER);
    let message = format!("This cannot be read: {}; correct it", error.message().trim_end_matches('.'));
    Finding::new(1 + line, field, message)
}

/// Every end of a line is one line feed: what was evened once stays as it is.
fn even(source: &str) -> String {
    source.trim_start_matches('\u{FEFF}').replace("\r\n", "\n").replace('\r', "\n")
}

/// Without blank lines before and white space after.
fn tidy(body: &str) -> &str {
    let mut body = body.trim_end();
    while let Some((_, rest)) = body.split_once('\n').filter(|(line, _)| line.trim().is_empty()) {
        body = rest;
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_evened_once_stays_as_it_is() {
        for end in ["\r\n", "\r", "\r\r\n", "\r\r\r\n", "\n\r"] {
            let source = format!("+++{end}week = 2{end}+++{end}{end}One{end}two{end}{end}three{end}");
            let lesson = read(&source).unwrap();
            assert_eq!(lesson.week, 2);
            assert_eq!(read(&write(&lesson)), Ok(lesson), "{end:?}");
        }
    }
}
