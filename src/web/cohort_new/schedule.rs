//! What does the schedule of a cohort look like before it is saved?

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    actions::open_cohort::NewCohort,
    domain::{
        civil,
        holiday::{self, Country},
        ids::{PracticeId, SessionId},
        schedule::{LessonClock, LessonTiming},
        session::{SessionRule, SessionState, plan_sessions},
        timetable::{
            Course, Meeting,
            preview::{LessonEntry, PreviewLine, Reading, preview},
        },
        week::{Kind, weeks},
        zone::Zone,
    },
    store::{
        programs::{self, ProgramRow},
        sessions,
    },
    web::{cohort_new::timing::in_words, error::PageError, site::Site},
};

/// The whole schedule, for the page.
#[derive(Debug, Serialize)]
pub(crate) struct Schedule {
    pub(crate) title: String,
    pub(crate) span: String,
    pub(crate) rows: Vec<Row>,
    /// Full sentences about what should be looked at again.
    pub(crate) warnings: Vec<String>,
    pub(crate) lessons_by: String,
}

/// One week of it.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) is_break: bool,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) lessons: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// Public holidays on which something falls.
    pub(crate) holidays: Vec<String>,
}

/// Computes what `create_cohort` would make. The coach's own clock stands beside the cohort's.
pub(super) async fn schedule(
    site: &Site,
    practice: PracticeId,
    new: &NewCohort,
    program: &ProgramRow,
    own: Zone,
) -> Result<Schedule, PageError> {
    let internal =
        |error: &dyn std::fmt::Display| PageError::Internal(anyhow::anyhow!("a checked schedule was refused: {error}"));
    let calendar = weeks(new.starts_on, program.content.0.weeks, &new.breaks).map_err(|bad| internal(&bad))?;
    let rule = SessionRule::new(new.weekday, new.time, new.minutes, new.zone).map_err(|bad| internal(&bad))?;
    let slots: Vec<_> = plan_sessions(&calendar, &rule).into_iter().map(|planned| planned.slot).collect();
    let meetings: Vec<Meeting> = (1_u128..)
        .zip(&slots)
        .map(|(number, slot)| Meeting {
            id: SessionId(Uuid::from_u128(number)),
            starts_at: slot.starts_at(),
            ends_at: slot.ends_at(),
            state: SessionState::Planned,
            is_extra: false,
        })
        .collect();
    let lessons = programs::lessons_of(site.db.reader(), program.id).await?;
    let positions: Vec<u16> = lessons.iter().filter_map(|lesson| u16::try_from(lesson.week).ok()).collect();
    let course = Course {
        zone: new.zone,
        starts_on: new.starts_on,
        weeks: &calendar,
        rule: &new.rule,
        lesson_clock: new.lesson_clock,
        positions: &positions,
        meetings: &meetings,
    };
    let title_of = |position: u16| {
        let lesson = lessons.iter().find(|lesson| lesson.week == i32::from(position));
        lesson.map(|lesson| lesson.content.0.title.clone()).unwrap_or_default()
    };
    let lines = preview(&course, &[own]);
    let spans: Vec<_> = slots.iter().map(|slot| (slot.starts_at(), slot.ends_at())).collect();
    let mut warnings = warnings(site, practice, &spans, &lines).await?;
    warnings.extend(holiday_warning(&lines, new));
    Ok(Schedule {
        title: format!("{} in {}", count(slots.len(), "session"), count(calendar.len(), "week")),
        span: span(&lines),
        rows: lines
            .iter()
            .map(|line| Row { holidays: holidays_of(line, new.holiday_country), ..row(line, program, &title_of) })
            .collect(),
        warnings,
        lessons_by: lessons_by(new),
    })
}

fn lessons_by(new: &NewCohort) -> String {
    let how = in_words(&new.rule);
    match (&new.rule, new.lesson_clock) {
        (LessonTiming::AfterSession { .. }, _) => format!("{how}. Beyond the last session they go on weekly."),
        (LessonTiming::Rule(_), LessonClock::Cohort) => format!("{how}, by {} time.", new.zone.city()),
        (LessonTiming::Rule(_), LessonClock::Participant) => {
            format!("{how}, the same local time in each participant’s own zone.")
        }
    }
}

/// `Easter Monday, a public holiday in Germany`, for each day on which something of the line falls.
fn holidays_of(line: &PreviewLine, country: Option<Country>) -> Vec<String> {
    let sessions = line.sessions.iter().map(|session| &session.reading);
    let lessons = line.lessons.iter().map(|lesson| &lesson.reading);
    let mut days: Vec<_> = sessions.chain(lessons).map(|reading| reading.local.date()).collect();
    days.sort_unstable();
    days.dedup();
    days.into_iter().filter_map(|date| holiday_note(country?, date)).collect()
}

/// `Mon 29 Mar is Easter Monday, a public holiday in Germany`
pub(crate) fn holiday_note(country: Country, date: NaiveDate) -> Option<String> {
    let name = holiday::on(country, date)?;
    Some(format!("{} is {name}, a public holiday in {}", civil::short_date(date), country.name()))
}

fn holiday_warning(lines: &[PreviewLine], new: &NewCohort) -> Option<String> {
    let country = new.holiday_country?;
    let falls = |reading: &Reading| holiday::on(country, reading.local.date()).is_some();
    let sessions = lines.iter().flat_map(|line| &line.sessions).filter(|session| falls(&session.reading)).count();
    let lessons = lines.iter().flat_map(|line| &line.lessons).filter(|lesson| falls(&lesson.reading)).count();
    let what = match (sessions, lessons) {
        (0, 0) => return None,
        (0, lessons) => count(lessons, "lesson"),
        (sessions, 0) => count(sessions, "session"),
        (sessions, lessons) => format!("{} and {}", count(sessions, "session"), count(lessons, "lesson")),
    };
    let falls = if sessions + lessons == 1 { "falls" } else { "fall" };
    Some(format!("{what} {falls} on a public holiday in {}. No date is changed because of it.", country.name()))
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn span(lines: &[PreviewLine]) -> String {
    let mut dates = lines.iter().flat_map(|line| &line.sessions).map(|session| session.reading.local.date());
    let (Some(first), last) = (dates.next(), dates.next_back()) else { return String::new() };
    let short = |date: chrono::NaiveDate| date.format("%-d %B %Y").to_string();
    last.map_or_else(|| short(first), |last| format!("{} to {}", first.format("%-d %B"), short(last)))
}

fn row(line: &PreviewLine, program: &ProgramRow, title_of: &dyn Fn(u16) -> String) -> Row {
    let is_break = line.week.is_some_and(|week| week.kind == Kind::Break);
    let session = line.sessions.first();
    let ordinal = session.map(|session| session.id.0.as_u128());
    let outline = ordinal.and_then(|ordinal| {
        program.content.0.outline.iter().find(|week| u128::from(week.number) == ordinal).map(|week| week.title.clone())
    });
    let title = match (session, line.week) {
        (Some(session), _) => session.reading.text(),
        (None, Some(week)) => format!("Week of {}", civil::date(week.first_day)),
        (None, None) => "Outside the weeks".to_owned(),
    };
    let elsewhere = session.into_iter().flat_map(|session| &session.elsewhere);
    let mut notes: Vec<String> =
        elsewhere.map(|(zone, there)| format!("{} in {} ({})", time(there), zone.city(), there.offset)).collect();
    notes.extend(line.notes.iter().filter(|note| !note.starts_with("In ")).cloned());
    Row {
        is_break,
        number: ordinal.map(|ordinal| ordinal.to_string()).unwrap_or_default(),
        title,
        detail: if is_break { "Break: no session, no lesson".to_owned() } else { outline.unwrap_or_default() },
        lessons: line.lessons.iter().map(|lesson| lesson_line(lesson, title_of)).collect(),
        notes,
        holidays: Vec::new(),
    }
}

fn time(reading: &Reading) -> String {
    format!("{} {}", reading.local.format("%a"), civil::time_of_day(reading.local.time()))
}

fn lesson_line(lesson: &LessonEntry, title_of: &dyn Fn(u16) -> String) -> String {
    format!("Lesson {}, {}: {}", lesson.position, title_of(lesson.position), lesson.reading.text())
}

async fn warnings(
    site: &Site,
    practice: PracticeId,
    spans: &[(DateTime<Utc>, DateTime<Utc>)],
    lines: &[PreviewLine],
) -> Result<Vec<String>, PageError> {
    let now = site.clock.now().program;
    let mut warnings = Vec::new();
    let past = spans.iter().filter(|(starts_at, _)| *starts_at <= now).count();
    if past > 0 {
        warnings.push(format!(
            "{} in the past. Nobody is invited to them, and their reminders are skipped.",
            lies(past, "session")
        ));
    }
    let late = lines.iter().flat_map(|line| &line.lessons).filter(|lesson| lesson.reading.at <= now).count();
    if late > 0 {
        warnings.push(format!(
            "{} in the past. They are not sent: who joins gets one mail that catches up.",
            lies(late, "lesson")
        ));
    }
    if let (Some((first, _)), Some((_, last))) = (spans.first(), spans.last()) {
        let day = chrono::TimeDelta::hours(24);
        let others = sessions::of_practice_between(site.db.reader(), practice, *first - day, *last + day).await?;
        let planned = others.iter().filter(|other| other.state == SessionState::Planned);
        let clashes = planned
            .filter(|other| spans.iter().any(|(from, to)| other.starts_at < *to && *from < other.ends_at))
            .count();
        if clashes > 0 {
            warnings.push(format!(
                "{} with a session of another cohort.",
                if clashes == 1 { "One session overlaps".to_owned() } else { format!("{clashes} sessions overlap") }
            ));
        }
    }
    Ok(warnings)
}

fn lies(number: usize, noun: &str) -> String {
    if number == 1 { format!("One {noun} lies") } else { format!("{number} {noun}s lie") }
}
