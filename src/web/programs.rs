//! Which programs are there, and what is in each?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    domain::ids::ProgramId,
    store::{
        cohorts,
        programs::{self as store_programs, LessonRow, ProgramRow},
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::SignedCoach,
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) mod edit;
mod intake;
mod read;

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    title: String,
    lead: String,
    weeks: u16,
    lessons: usize,
    cohorts: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProgramsPage {
    lines: Vec<Line>,
}

impl Page for ProgramsPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "programs/programs.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = Line {
            id: "7".into(),
            title: "Rebuilding Trust".into(),
            lead: "Six weeks.".into(),
            weeks: 6,
            lessons: 12,
            cohorts: 2,
        };
        vec![("some", Self { lines: vec![line] }), ("none", Self { lines: vec![] })]
    }
}

/// One lesson, or the place where one is missing.
#[derive(Debug, Serialize)]
struct Cell {
    /// Empty: not written yet.
    lesson: String,
    title: String,
    /// Of the track; empty without tracks.
    track: String,
    track_key: String,
}

#[derive(Debug, Serialize)]
struct Week {
    number: u16,
    title: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProgramPage {
    id: String,
    title: String,
    lead: String,
    link: String,
    weeks: Vec<Week>,
    discretion: String,
    forbidden: usize,
    cohorts: Vec<(String, String)>,
    missing: usize,
}

impl Page for ProgramPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "programs/program.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let cell = |lesson: &str| Cell {
            lesson: lesson.to_owned(),
            title: "Where we are".to_owned(),
            track: "I was hurt".to_owned(),
            track_key: "hurt".to_owned(),
        };
        vec![(
            "some",
            Self {
                id: "7".into(),
                title: "Rebuilding Trust".into(),
                lead: "Six weeks, online.".into(),
                link: "https://groups.example/g/7f3kq".into(),
                weeks: vec![Week { number: 1, title: "Where we are".into(), cells: vec![cell("1"), cell("")] }],
                discretion: "discreet".into(),
                forbidden: 3,
                cohorts: vec![("7".into(), "Thursday evenings".into())],
                missing: 1,
            },
        )]
    }
}

pub(crate) fn add(table: Table) -> Table {
    let table = table.get("/coach/programs", Access::Coach, list).get("/coach/programs/:id", Access::Coach, show);
    edit::add(table)
}

/// The program of the address; another practice's is not there.
pub(crate) async fn found(site: &Site, signed: &SignedCoach, id: &str) -> Result<ProgramRow, PageError> {
    let id: ProgramId = desk::id(id)?;
    store_programs::find(site.db.reader(), signed.practice.id, id).await?.ok_or(PageError::NotFound)
}

#[handler]
async fn list(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let (db, practice) = (site.db.reader(), signed.practice.id);
    let chrome = desk::after(site, &signed, Here::Programs, &asked).await?;
    let mut lines = Vec::new();
    for program in store_programs::of_practice(db, practice).await? {
        lines.push(Line {
            id: program.id.to_string(),
            title: program.title.expose().to_owned(),
            lead: program.content.0.lead.clone(),
            weeks: program.content.0.weeks,
            lessons: store_programs::lessons_of(db, program.id).await?.len(),
            cohorts: cohorts::of_program(db, practice, program.id).await?.len(),
        });
    }
    site.pages.render(&chrome, &ProgramsPage { lines })
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let program = found(site, &signed, &id).await?;
    let db = site.db.reader();
    let chrome = desk::after(site, &signed, Here::Programs, &asked).await?;
    let lessons = store_programs::lessons_of(db, program.id).await?;
    let runs = cohorts::of_program(db, signed.practice.id, program.id).await?;
    let weeks = weeks(&program, &lessons);
    let page = ProgramPage {
        id: program.id.to_string(),
        title: program.title.expose().to_owned(),
        lead: program.content.0.lead.clone(),
        link: site.links.to(&format!("/g/{}", program.slug.as_deref().unwrap_or(&program.code))),
        discretion: program.content.0.discretion.to_string(),
        forbidden: program.content.0.forbidden_words.len(),
        cohorts: runs.iter().map(|cohort| (cohort.id.to_string(), cohort.name.expose().to_owned())).collect(),
        missing: weeks.iter().flat_map(|week| &week.cells).filter(|cell| cell.lesson.is_empty()).count(),
        weeks,
    };
    site.pages.render(&chrome, &page)
}

/// Each week with its lessons: one for everybody, or one a track, and a gap for each that is missing.
fn weeks(program: &ProgramRow, lessons: &[LessonRow]) -> Vec<Week> {
    let content = &program.content.0;
    let label =
        |key: &str| content.tracks.iter().find(|track| track.key == key).map_or(key, |track| &track.label).to_owned();
    let cell = |lesson: &LessonRow| Cell {
        lesson: lesson.id.to_string(),
        title: lesson.content.0.title.clone(),
        track: label(&lesson.track),
        track_key: lesson.track.clone(),
    };
    let gap =
        |key: &str| Cell { lesson: String::new(), title: String::new(), track: label(key), track_key: key.to_owned() };
    let week = |number: u16| {
        let here: Vec<&LessonRow> = lessons.iter().filter(|lesson| lesson.week == i32::from(number)).collect();
        let for_all = here.iter().any(|lesson| lesson.track.is_empty());
        let mut cells: Vec<Cell> = here.iter().map(|lesson| cell(lesson)).collect();
        if content.tracks.is_empty() && here.is_empty() {
            cells.push(gap(""));
        }
        let missing =
            content.tracks.iter().filter(|track| !for_all && !here.iter().any(|lesson| lesson.track == track.key));
        cells.extend(missing.map(|track| gap(&track.key)));
        let outline = content.outline.iter().find(|week| week.number == number);
        Week { number, title: outline.map(|week| week.title.clone()).unwrap_or_default(), cells }
    };
    (1..=content.weeks).map(week).collect()
}
