//! How does a folder of files become a program with its lessons, and the other way?

use std::collections::BTreeMap;

use super::{Program, file};
use crate::domain::{
    discretion::ForbiddenWords,
    lesson::{
        self, Finding, Lesson,
        toml_text::{self, Step},
    },
};

/// The file of the program itself; every other `.md` file but a README is a lesson.
pub const PROGRAM_FILE: &str = "program.toml";

/// What is wrong in a folder, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}, line {line}: {message}")]
pub struct ImportError {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub message: String,
}

impl ImportError {
    fn new(file: &str, line: usize, message: impl ToString) -> Self {
        Self { file: file.to_owned(), line, message: message.to_string() }
    }
}

/// Reads the files of a folder, given as name and content. Either all is well, and the lessons are in the
/// order of weeks and tracks, or every error of every file is reported.
pub fn read_folder(
    files: impl IntoIterator<Item = (String, String)>,
) -> Result<(Program, Vec<Lesson>), Vec<ImportError>> {
    let files: BTreeMap<String, String> = files.into_iter().collect();
    let mut errors = Vec::new();
    let program = read_program(&files, &mut errors);
    let forbidden = program.as_ref().map(Program::forbidden).unwrap_or_default();
    let (lessons, all_read) = read_lessons(&files, &forbidden, &mut errors);
    if let Some(program) = &program {
        errors.extend(lessons.iter().flat_map(|lesson| lesson.strays(program)));
        errors.extend(doubles(&lessons));
        // A lesson that could not be read is not missing.
        if all_read {
            let source = files.get(PROGRAM_FILE).map_or("", String::as_str);
            errors.extend(gaps(program, source, &lessons));
        }
    }
    errors.sort();
    errors.dedup();
    match program {
        Some(program) if errors.is_empty() => {
            let mut lessons: Vec<Lesson> = lessons.into_iter().map(|read| read.lesson).collect();
            lessons.sort_by(|a, b| (a.week, &a.track).cmp(&(b.week, &b.track)));
            Ok((program, lessons))
        }
        Some(_) | None => Err(errors),
    }
}

/// The files of a program, by name and content.
#[must_use]
pub fn write_folder(program: &Program, lessons: &[Lesson]) -> Vec<(String, String)> {
    let program = (PROGRAM_FILE.to_owned(), file::write(program));
    let lessons = lessons.iter().map(|lesson| (lesson::file::name(lesson), lesson::file::write(lesson)));
    std::iter::once(program).chain(lessons).collect()
}

struct ReadLesson<'a> {
    file: &'a str,
    source: &'a str,
    lesson: Lesson,
}

impl ReadLesson<'_> {
    fn error(&self, field: &'static str, message: String) -> ImportError {
        let finding = Finding::new(1, field, &message);
        ImportError::new(self.file, lesson::file::line_of(self.source, &finding), message)
    }

    /// A week or a track that the program does not have.
    fn strays(&self, program: &Program) -> Vec<ImportError> {
        let mut errors = Vec::new();
        let week = self.lesson.week;
        if week > program.weeks {
            let message =
                format!("The program has {} weeks, so week {week} never comes; correct the week", program.weeks);
            errors.push(self.error("week", message));
        }
        if let Some(track) = &self.lesson.track
            && !program.tracks.iter().any(|known| known.key == *track)
        {
            let known: Vec<&str> = program.tracks.iter().map(|track| track.key.as_str()).collect();
            let advice = if known.is_empty() {
                "the program has no tracks, so remove this line".to_owned()
            } else {
                format!("write one of: {}", known.join(", "))
            };
            errors.push(self.error("track", format!("There is no track `{track}`; {advice}")));
        }
        errors
    }
}

fn read_program(files: &BTreeMap<String, String>, errors: &mut Vec<ImportError>) -> Option<Program> {
    let Some(source) = files.get(PROGRAM_FILE) else {
        errors.push(ImportError::new(PROGRAM_FILE, 1, "This file is missing; a program's folder needs it"));
        return None;
    };
    match file::read(source) {
        Ok(program) => {
            let findings = program.check().into_iter();
            errors.extend(findings.map(|finding| {
                let line = file::line_of(source, &finding);
                ImportError::new(PROGRAM_FILE, line, format!("{}: {}", finding.field(), finding.message))
            }));
            Some(program)
        }
        Err(bad) => {
            errors.push(ImportError::new(PROGRAM_FILE, bad.line, bad.message));
            None
        }
    }
}

/// The lessons that could be read, and whether these are all.
fn read_lessons<'a>(
    files: &'a BTreeMap<String, String>,
    forbidden: &ForbiddenWords,
    errors: &mut Vec<ImportError>,
) -> (Vec<ReadLesson<'a>>, bool) {
    let is_lesson = |name: &str| name.ends_with(".md") && !name.eq_ignore_ascii_case("readme.md");
    let mut lessons = Vec::new();
    let mut all_read = true;
    for (name, source) in files.iter().filter(|(name, _)| is_lesson(name)) {
        let error =
            |line, finding: &Finding| ImportError::new(name, line, format!("{}: {}", finding.field, finding.message));
        match lesson::file::read(source) {
            Ok(lesson) => {
                let findings = lesson::check(&lesson, forbidden);
                errors.extend(findings.iter().map(|finding| error(lesson::file::line_of(source, finding), finding)));
                lessons.push(ReadLesson { file: name, source, lesson });
            }
            Err(finding) => {
                all_read = false;
                errors.push(error(finding.line, &finding));
            }
        }
    }
    (lessons, all_read)
}

/// Lessons of which one person would get two in a week.
fn doubles(lessons: &[ReadLesson<'_>]) -> Vec<ImportError> {
    let mut errors = Vec::new();
    for (index, lesson) in lessons.iter().enumerate() {
        let (week, track) = (lesson.lesson.week, &lesson.lesson.track);
        let reaches = |other: &&ReadLesson<'_>| {
            other.lesson.week == week
                && (other.lesson.track == *track || other.lesson.track.is_none() || track.is_none())
        };
        if let Some(earlier) = lessons[..index].iter().find(reaches) {
            let message = format!(
                "{} is a lesson of week {week} for the same people; one person gets one lesson a week, so change the week or the track, or remove one",
                earlier.file
            );
            errors.push(lesson.error("week", message));
        }
    }
    errors
}

/// Weeks in which somebody would get nothing.
fn gaps(program: &Program, source: &str, lessons: &[ReadLesson<'_>]) -> Vec<ImportError> {
    let mut errors = Vec::new();
    for week in 1..=program.weeks.min(104) {
        let has = |track: Option<&str>| {
            lessons.iter().any(|read| read.lesson.week == week && read.lesson.track.as_deref() == track)
        };
        if has(None) {
            continue;
        }
        let tracks = program.tracks.iter().map(|track| Some(track.key.as_str()));
        let wanted: Vec<Option<&str>> = if program.tracks.is_empty() { vec![None] } else { tracks.collect() };
        let place = program.outline.iter().position(|outline| outline.number == week);
        let path: Vec<Step> = place.map(|index| [Step::Key("week"), Step::Item(index)]).into_iter().flatten().collect();
        for track in wanted.into_iter().filter(|track| !has(*track)) {
            let lesson = Lesson { week, track: track.map(str::to_owned), ..Lesson::default() };
            let people = track.map_or(String::new(), |track| format!(" for the track `{track}`"));
            let message = format!("Week {week} has no lesson{people}; add the file {}", lesson::file::name(&lesson));
            errors.push(ImportError::new(PROGRAM_FILE, toml_text::value_line(source, &path, 1), message));
        }
    }
    errors
}
