//! Which cohorts are there, and what is true of each?

use poem::{Response, handler, web::Data};
use serde::Serialize;

use crate::{
    domain::{
        civil,
        cohort::{Admission, Decision},
        enrollment::Standing,
        ids::CohortId,
        people::CohortState,
    },
    store::{
        cohorts::{self as store_cohorts, Cohort},
        enrollments,
        programs::{self, ProgramRow},
        sessions,
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        labels::{self, Label},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) mod add_person;
pub(crate) mod admission;
pub(crate) mod applications;
pub(crate) mod by_name;
pub(crate) mod calling_off;
pub(crate) mod decide;
pub(crate) mod import;
pub(crate) mod lesson;
mod lesson_acts;
mod lesson_timing;
pub(crate) mod lessons;
pub(crate) mod lists;
pub(crate) mod opening;
pub(crate) mod roster;
pub(crate) mod schedule;
pub(crate) mod settings;
mod together;
pub(crate) mod waitlist;
mod windows;

/// What stands above every tab of a cohort.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) state: Label,
    pub(crate) is_draft: bool,
    /// People apply, and the coach decides.
    pub(crate) by_application: bool,
    /// Which tab is current: `roster`, `schedule`, `lessons`, `applications`, `waitlist`, `settings`, or empty.
    pub(crate) tab: &'static str,
}

impl Head {
    pub(crate) fn of(cohort: &Cohort, program: &ProgramRow, tab: &'static str) -> Self {
        let day =
            labels::WEEKDAYS.iter().find(|(word, _)| *word == cohort.weekday).map(|(_, day)| labels::weekday(*day));
        let about = format!(
            "{}. From {}, {}s at {} ({} time)",
            program.title.expose(),
            civil::date(cohort.starts_on),
            day.unwrap_or("Session day"),
            civil::time_of_day(cohort.session_time),
            cohort.zone.city(),
        );
        Self {
            id: cohort.id.to_string(),
            name: cohort.name.expose().to_owned(),
            about,
            state: labels::cohort(cohort.state, cohort.decision),
            is_draft: cohort.state == CohortState::Draft,
            by_application: cohort.admission == Admission::Approval,
            tab,
        }
    }

    pub(crate) fn sample(tab: &'static str) -> Self {
        Self {
            id: "7".into(),
            name: "Thursday evenings".into(),
            about: "Rebuilding Trust. From Thursday 11 February 2027, Thursdays at 19:00 (Dublin time)".into(),
            state: labels::cohort(CohortState::Open, Decision::Undecided),
            is_draft: false,
            by_application: true,
            tab,
        }
    }
}

/// The cohort of the address with its program; another practice's is not there.
pub(crate) async fn found(site: &Site, signed: &SignedCoach, id: &str) -> Result<(Cohort, ProgramRow), PageError> {
    let (db, id): (_, CohortId) = (site.db.reader(), desk::id(id)?);
    let cohort = store_cohorts::find(db, signed.practice.id, id).await?.ok_or(PageError::NotFound)?;
    let program = programs::find(db, signed.practice.id, cohort.program_id).await?.ok_or(PageError::NotFound)?;
    Ok((cohort, program))
}

#[derive(Debug, Serialize)]
struct Line {
    head: Head,
    enrolled: u64,
    waiting: u64,
    capacity: i32,
    next: String,
}

/// The cohorts of one state.
#[derive(Debug, Serialize)]
struct Group {
    title: &'static str,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CohortsPage {
    groups: Vec<Group>,
}

impl Page for CohortsPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/cohorts.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = Line {
            head: Head::sample(""),
            enrolled: 9,
            waiting: 2,
            capacity: 12,
            next: "Thu 4 Mar, 19:00 (Dublin time)".into(),
        };
        let open = Group { title: "Open for enrollment", lines: vec![line] };
        vec![("some", Self { groups: vec![open] }), ("none", Self { groups: vec![] })]
    }
}

pub(crate) fn add(table: Table) -> Table {
    let table = table.get("/coach/cohorts", Access::Coach, list);
    let table = roster::add(table);
    let table = add_person::add(table);
    let table = import::add(table);
    let table = lists::add(table);
    let table = opening::add(table);
    let table = schedule::add(table);
    let table = applications::add(table);
    let table = waitlist::add(table);
    let table = windows::add(table);
    let table = by_name::add(table);
    let table = decide::add(table);
    let table = calling_off::add(table);
    let table = admission::add(table);
    let table = lessons::add(table);
    let table = lesson_acts::add(table);
    let table = lesson_timing::add(table);
    let table = lesson::add(table);
    settings::add(table)
}

#[handler]
async fn list(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let groups = groups(site, &signed).await?;
    site.pages.render(&chrome, &CohortsPage { groups })
}

async fn groups(site: &Site, signed: &SignedCoach) -> Result<Vec<Group>, PageError> {
    let (db, practice, now) = (site.db.reader(), signed.practice.id, site.clock.now().program);
    let programs = programs::of_practice(db, practice).await?;
    let standings = enrollments::count_by_standing(db, practice).await?;
    let mut lines = Vec::new();
    for cohort in store_cohorts::of_practice(db, practice).await? {
        let Some(program) = programs.iter().find(|program| program.id == cohort.program_id) else { continue };
        let count = |wanted: &[Standing]| {
            standings
                .iter()
                .filter(|(id, standing, _)| *id == cohort.id && wanted.contains(standing))
                .map(|row| row.2)
                .sum()
        };
        let next = sessions::next_of_cohort(db, cohort.id, now).await?;
        let is_over = next.is_none() && cohort.state != CohortState::Draft;
        let line = Line {
            head: Head::of(&cohort, program, ""),
            enrolled: count(&[Standing::Enrolled, Standing::Paused]),
            waiting: count(&[Standing::Waitlisted, Standing::Offered]),
            capacity: cohort.capacity,
            next: next.map_or_else(String::new, |next| civil::moment(next.starts_at, signed.coach.zone)),
        };
        lines.push((cohort.state, is_over, line));
    }
    let mut groups = Vec::new();
    for (title, state, over) in [
        ("Drafts", CohortState::Draft, false),
        ("Open for enrollment", CohortState::Open, false),
        ("Enrollment closed", CohortState::Closed, false),
        ("Over", CohortState::Open, true),
    ] {
        let belongs = |row: &(CohortState, bool, Line)| row.1 == over && (over || row.0 == state);
        let (here, rest): (Vec<_>, Vec<_>) = lines.into_iter().partition(belongs);
        lines = rest;
        if !here.is_empty() {
            groups.push(Group { title, lines: here.into_iter().map(|(_, _, line)| line).collect() });
        }
    }
    Ok(groups)
}
