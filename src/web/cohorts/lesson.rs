//! How is one cohort's copy of a lesson edited, and how is one added?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    Head, found,
    lesson_acts::{answered, target},
};
use crate::{
    actions::{
        change_lessons::{self, Refused, Spot},
        lesson_state::Lessons,
    },
    domain::{cohort::Late, ids::LessonId, lesson::Lesson},
    store::{
        cohort_lessons,
        cohorts::{Cohort, CohortLesson},
        programs::{self, LessonRow, ProgramRow},
    },
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::Entered,
        guard::SignedCoach,
        labels::{self, Choice},
        lessons::read::{checked, fill, read},
        page::Page,
        programs::edit::{read_stamp, stamp},
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct CohortLessonPage {
    head: Head,
    program: String,
    is_out: bool,
    /// Where the form goes: the copy's address, or `new`.
    copy: String,
    form: Entered,
    seen: String,
    /// For the preview alone.
    week: u16,
    track: String,
    tracks: Vec<Choice>,
    spots: Vec<Choice>,
    lates: Vec<Choice>,
    /// Lessons of the program that this cohort does not have.
    others: Vec<Choice>,
    sender: String,
    neutral_sender: String,
    variables: Vec<&'static str>,
    preview_src: String,
}

impl Page for CohortLessonPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/lesson.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |copy: &str, form| Self {
            head: Head::sample("lessons"),
            program: "7".into(),
            is_out: copy == "1",
            copy: copy.into(),
            form,
            seen: "x".into(),
            week: 4,
            track: String::new(),
            tracks: vec![Choice::new("", "Everybody"), Choice::new("hurt", "I was hurt")],
            spots: vec![Choice::new("end", "At the end, as lesson 7"), Choice::new("5", "Before 5. Grief and anger")],
            lates: labels::lates(),
            others: vec![Choice::new("3", "Week 3, Old ground")],
            sender: "Nadia Brandt".into(),
            neutral_sender: "N. Brandt".into(),
            variables: crate::web::lessons::variables(),
            preview_src: String::new(),
        };
        let wrong = Entered::blank().with("body", "{{ nam }}").wrong("body", "Line 1: There is no variable `nam`");
        vec![
            ("saved", page("1", Entered::blank())),
            ("wrong", page("1", wrong)),
            ("new", page("new", Entered::blank())),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/cohorts/:id/lessons/new", Access::Coach, show_new)
        .post("/coach/cohorts/:id/lessons/new", Access::Coach, make)
        .get("/coach/cohorts/:id/lessons/:copy", Access::Coach, show)
        .post("/coach/cohorts/:id/lessons/:copy", Access::Coach, save)
}

async fn page(
    site: &Site,
    signed: &SignedCoach,
    of: (&Cohort, &ProgramRow),
    about: (&str, Option<&CohortLesson>),
    form: Entered,
) -> Result<CohortLessonPage, PageError> {
    let ((cohort, program), (copy, row)) = (of, about);
    let lessons = Lessons::of_cohort(site.db.reader(), cohort.id).await?;
    let week = row.map_or(1, |row| row.content.0.week);
    Ok(CohortLessonPage {
        head: Head::of(cohort, program, "lessons"),
        program: program.id.to_string(),
        is_out: row.is_some_and(|row| lessons.state(row, site.clock.now().program).is_out()),
        copy: copy.to_owned(),
        form,
        seen: row.map(|row| stamp(row.changed_at)).unwrap_or_default(),
        week: week.clamp(1, program.content.0.weeks),
        track: row.map(|row| row.track.clone()).unwrap_or_default(),
        tracks: tracks(program),
        spots: spots(&lessons, site.clock.now().program),
        lates: labels::lates(),
        others: not_there(site, program, &lessons).await?.iter().map(other).collect(),
        sender: signed.practice.name.expose().to_owned(),
        neutral_sender: signed.practice.neutral_name.expose().to_owned(),
        variables: crate::web::lessons::variables(),
        preview_src: String::new(),
    })
}

fn tracks(program: &ProgramRow) -> Vec<Choice> {
    let tracks = &program.content.0.tracks;
    if tracks.is_empty() {
        return Vec::new();
    }
    let all = Choice::new("", "Everybody");
    [all].into_iter().chain(tracks.iter().map(|track| Choice::new(&track.key, track.label.as_str()))).collect()
}

/// At the end, before each that is still to come, or beside what is out.
fn spots(lessons: &Lessons, now: chrono::DateTime<chrono::Utc>) -> Vec<Choice> {
    let mut spots = vec![Choice::new("end", format!("At the end, as lesson {}", lessons.last() + 1))];
    let mut seen = None;
    for copy in lessons.copies.iter().filter(|copy| lessons.state(copy, now).is_ahead()) {
        if seen.replace(copy.position) != Some(copy.position) {
            spots.push(Choice::new(copy.position, format!("Before {}. {}", copy.position, copy.content.0.title)));
        }
    }
    let last_out = lessons.last_out(now);
    if last_out > 0 {
        spots.push(Choice::new("past", format!("Beside lesson {last_out}, which is out: its time has passed")));
    }
    spots
}

async fn not_there(site: &Site, program: &ProgramRow, lessons: &Lessons) -> Result<Vec<LessonRow>, PageError> {
    let mut rows = programs::lessons_of(site.db.reader(), program.id).await?;
    rows.retain(|row| !lessons.copies.iter().any(|copy| copy.lesson_id == row.id));
    Ok(rows)
}

fn other(row: &LessonRow) -> Choice {
    Choice::new(row.id, format!("Week {}, {}", row.week, row.content.0.title))
}

async fn copy_of(site: &Site, cohort: &Cohort, id: &str) -> Result<CohortLesson, PageError> {
    let of = (cohort.id, desk::id(id)?);
    cohort_lessons::find(site.db.reader(), cohort.practice_id, of).await?.ok_or(PageError::NotFound)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &ids.0).await?;
    let copy = copy_of(site, &cohort, &ids.1).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let form = fill(&copy.content.0);
    site.pages.render(&chrome, &page(site, &signed, (&cohort, &program), (&ids.1, Some(&copy)), form).await?)
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &ids.0).await?;
    let copy = copy_of(site, &cohort, &ids.1).await?;
    let target = target(site, &signed, &ids.0).await?;
    let written = Lesson { week: copy.content.0.week, track: copy.content.0.track.clone(), ..read(&fields) };
    let form = match checked(&fields, &written, &program) {
        Ok(()) => {
            let of = (copy.id, read_stamp(fields.text("seen")));
            match change_lessons::edit_lesson(&site.app, &target, of, &written).await {
                Err(Refused::Changed) => Entered::of(&fields).wrong("title", CHANGED),
                Err(Refused::Out) => Entered::of(&fields).wrong("title", OUT),
                outcome => return answered(&target, outcome, "saved"),
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &page(site, &signed, (&cohort, &program), (&ids.1, Some(&copy)), form).await?)
}

const CHANGED: &str = "Somebody changed this lesson since you opened the page. Your text is still here: save again to put it in place of theirs";
const OUT: &str =
    "This lesson went out while you wrote, so people keep what they were sent. Your text is still here to copy";

#[handler]
async fn show_new(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    let form = Entered::blank()
        .with("spot", "end")
        .with("late", Late::Skip.as_str())
        .with("track", "")
        .with("body", "Dear {{ name }},\n\n");
    site.pages.render(&chrome, &page(site, &signed, (&cohort, &program), ("new", None), form).await?)
}

#[handler]
async fn make(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let target = target(site, &signed, &id).await?;
    let form = match wanted(site, &fields, &cohort, &program).await? {
        Ok((lesson, text)) => {
            let to = (spot(&fields), fields.text("late").parse().unwrap_or(Late::Skip));
            let outcome = change_lessons::add_lesson(&site.app, &target, (lesson, &text), to).await;
            return answered(&target, outcome.map(|_| ()), "lesson-added");
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &page(site, &signed, (&cohort, &program), ("new", None), form).await?)
}

/// One of the program's that this cohort does not have, or the text of the form.
async fn wanted(
    site: &Site,
    fields: &Fields,
    cohort: &Cohort,
    program: &ProgramRow,
) -> Result<Result<(Option<LessonId>, Lesson), Entered>, PageError> {
    if let Ok(id) = fields.text("other").parse::<LessonId>() {
        let lessons = Lessons::of_cohort(site.db.reader(), cohort.id).await?;
        let row = not_there(site, program, &lessons).await?.into_iter().find(|row| row.id == id);
        return Ok(row.map(|row| (Some(row.id), row.content.0)).ok_or_else(|| {
            Entered::of(fields).wrong("other", "This cohort has that lesson by now. Choose another, or write one")
        }));
    }
    let track = Some(fields.text("track").to_owned()).filter(|track| !track.is_empty());
    let known = |key: &String| program.content.0.tracks.iter().any(|track| track.key == *key);
    if track.as_ref().is_some_and(|track| !known(track)) {
        return Ok(Err(Entered::of(fields).wrong("track", "Choose for whom it is")));
    }
    let written = Lesson { track, ..read(fields) };
    Ok(checked(fields, &written, program).map(|()| (None, written)))
}

fn spot(fields: &Fields) -> Spot {
    match fields.text("spot") {
        "past" => Spot::Past(i32::MAX),
        text => text.parse().map_or(Spot::End, Spot::Before),
    }
}
