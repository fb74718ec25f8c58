//! When does a cohort meet, and when do its lessons go out?

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found, lessons::clock_of};
use crate::{
    domain::{
        civil::{self, When},
        cohort::Timing,
        holiday::Country,
        schedule::LessonTiming,
        session::SessionState,
        week::Kind,
        zone::Zone,
    },
    store::{
        cohorts::{self, Cohort, WeekRow},
        programs::ProgramRow,
        sessions::{self, SessionRow},
        timetable::{self, TimetableRow},
    },
    web::{
        chrome::{self, Here},
        cohort_new::schedule::holiday_note,
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        labels::Label,
        page::Page,
        schedule_changes::waiting::{Waiting, waiting},
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
struct Meeting {
    id: String,
    ordinal: i32,
    title: String,
    when: String,
    state: Label,
    /// A public holiday that it falls on.
    holiday: String,
    /// As the vine names it.
    leaf: &'static str,
    can_change: bool,
    is_canceled: bool,
}

/// A week without session and lesson.
#[derive(Debug, Serialize)]
struct Pause {
    week: i32,
    when: String,
    can_change: bool,
}

/// A line of the list: one or the other.
#[derive(Debug, Serialize)]
struct Entry {
    meeting: Option<Meeting>,
    pause: Option<Pause>,
}

#[derive(Debug, Serialize)]
struct Letter {
    position: i32,
    title: String,
    when: String,
    holiday: String,
    is_out: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct SchedulePage {
    head: Head,
    /// Changes that wait to be told, the newest first.
    waiting: Vec<Waiting>,
    entries: Vec<Entry>,
    /// The start can still move.
    not_begun: bool,
    has_break: bool,
    letters: Vec<Letter>,
    rule: String,
    clock: String,
}

impl Entry {
    fn of(meeting: Meeting) -> Self {
        Self { meeting: Some(meeting), pause: None }
    }
}

impl Page for SchedulePage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/schedule.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let meeting = |ordinal, leaf, can_change, is_canceled| Meeting {
            id: format!("{ordinal}"),
            ordinal,
            title: "Grief and anger".to_owned(),
            when: "Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".to_owned(),
            state: Label::new("Planned", "live", ""),
            holiday: if can_change {
                "Mon 29 Mar is Easter Monday, a public holiday in Ireland".to_owned()
            } else {
                String::new()
            },
            leaf,
            can_change,
            is_canceled,
        };
        let letter = |position, is_out| Letter {
            position,
            title: "Grief and anger".to_owned(),
            when: "Monday 1 March 2027, 07:00 (Dublin time, UTC+00:00)".to_owned(),
            holiday: String::new(),
            is_out,
        };
        vec![(
            "some",
            Self {
                head: Head::sample("schedule"),
                waiting: vec![Waiting::sample(true), Waiting::sample(false)],
                entries: vec![
                    Entry::of(meeting(3, "done", false, false)),
                    Entry::of(meeting(4, "now", true, false)),
                    Entry {
                        meeting: None,
                        pause: Some(Pause { week: 5, when: "Monday 8 March 2027".to_owned(), can_change: true }),
                    },
                    Entry::of(meeting(0, "skip", true, true)),
                ],
                not_begun: true,
                has_break: true,
                letters: vec![letter(4, true), letter(5, false)],
                rule: "0 7 * * MON".to_owned(),
                clock: "Dublin time".to_owned(),
            },
        )]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/schedule", Access::Coach, show)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let page = page(site, &signed, &cohort, &program).await?;
    site.pages.render(&chrome, &page)
}

async fn page(
    site: &Site,
    signed: &SignedCoach,
    cohort: &Cohort,
    program: &ProgramRow,
) -> Result<SchedulePage, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let meetings = sessions::of_cohort(db, cohort.id).await?;
    let next = meetings.iter().find(|row| row.state == SessionState::Planned && row.ends_at > now).map(|row| row.id);
    let rows = timetable::of_cohort(db, cohort.id).await?;
    let letters = letters(site, cohort, &rows).await?;
    let weeks = cohorts::weeks_of(db, cohort.id).await?;
    let entries = entries(&meetings, &weeks, |row| meeting(row, signed, (now, next == Some(row.id))), (cohort, now));
    let begun = |row: &SessionRow| row.week > 0 && row.state == SessionState::Planned && row.starts_at <= now;
    Ok(SchedulePage {
        head: Head::of(cohort, program, "schedule"),
        waiting: waiting(site, signed, cohort, now).await?,
        not_begun: !meetings.iter().any(begun),
        has_break: entries.iter().any(|entry| entry.pause.as_ref().is_some_and(|pause| pause.can_change)),
        entries,
        letters,
        rule: cohort.lesson_rule.clone(),
        clock: clock_of(cohort, &LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default()),
    })
}

/// Sessions and breaks in the order of their days.
fn entries(
    meetings: &[SessionRow],
    weeks: &[WeekRow],
    shown: impl Fn(&SessionRow) -> Meeting,
    at: (&Cohort, DateTime<Utc>),
) -> Vec<Entry> {
    let (cohort, now) = at;
    let today = cohort.zone.local(now).date();
    let sessions = meetings.iter().map(|row| (row.local_date, Entry::of(shown(row))));
    let breaks = weeks.iter().filter(|week| week.kind == Kind::Break).map(|week| {
        let can_change = week.first_day + TimeDelta::weeks(1) > today;
        let pause = Pause { week: week.number, when: civil::date(week.first_day), can_change };
        (week.first_day, Entry { meeting: None, pause: Some(pause) })
    });
    let mut all: Vec<_> = sessions.chain(breaks).collect();
    all.sort_by_key(|(day, _)| *day);
    all.into_iter().map(|(_, entry)| entry).collect()
}

/// What day it is in the country the coach chose, for what is still to come.
fn holiday(cohort: &Cohort, on: NaiveDate, is_ahead: bool) -> String {
    let country = Country::chosen(&cohort.holiday_country).filter(|_| is_ahead);
    country.and_then(|country| holiday_note(country, on)).unwrap_or_default()
}

fn meeting(row: &SessionRow, signed: &SignedCoach, at: (DateTime<Utc>, bool)) -> Meeting {
    let (now, is_next) = at;
    let is_over = row.ends_at <= now;
    let (state, leaf) = match row.state {
        SessionState::Canceled => (Label::new("Canceled", "bad", "x"), "skip"),
        SessionState::Planned if is_over => (Label::new("Over", "ok", "check"), "done"),
        SessionState::Planned => (Label::new("Planned", "live", ""), if is_next { "now" } else { "" }),
    };
    Meeting {
        id: row.id.to_string(),
        ordinal: row.ordinal,
        title: row.title.expose().to_owned(),
        when: When::new(row.starts_at, row.ends_at, row.zone).beside(signed.coach.zone),
        state,
        holiday: String::new(),
        leaf,
        can_change: !is_over,
        is_canceled: row.state == SessionState::Canceled,
    }
}

/// One line a position: by participants’ clocks, as the cohort's own zone has it.
async fn letters(site: &Site, cohort: &Cohort, rows: &[TimetableRow]) -> Result<Vec<Letter>, PageError> {
    let lessons = cohorts::lessons_of(site.db.reader(), cohort.id).await?;
    let (own, others): (Vec<_>, Vec<_>) = rows
        .iter()
        .filter(|row| row.work == "lesson")
        .partition(|row| row.zone.is_empty() || row.zone == cohort.zone.name());
    let mut letters: Vec<Letter> = Vec::new();
    for row in own.into_iter().chain(others) {
        if letters.iter().any(|letter| letter.position == row.position) {
            continue;
        }
        let mut titles: Vec<&str> = lessons
            .iter()
            .filter(|lesson| lesson.position == row.position && lesson.timing == Timing::Rule)
            .map(|lesson| lesson.content.0.title.as_str())
            .collect();
        titles.dedup();
        // What was skipped or sent otherwise stands on the page of the lessons.
        if titles.is_empty() {
            continue;
        }
        letters.push(Letter {
            position: row.position,
            title: titles.join(" / "),
            when: civil::moment(row.due_at, Zone::parse(&row.zone).unwrap_or(cohort.zone)),
            holiday: holiday(cohort, cohort.zone.local(row.due_at).date(), row.released_at.is_none()),
            is_out: row.released_at.is_some(),
        });
    }
    letters.sort_by_key(|letter| letter.position);
    Ok(letters)
}
