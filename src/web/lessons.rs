//! How is a lesson written, looked at, tried out and saved?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    actions::{
        save_lesson::{Refused, Target, create_lesson, save_lesson},
        send_test::send_test_lesson,
    },
    domain::{
        cohort::Late,
        discretion::Discretion,
        ids::{CohortId, LessonId},
        lesson::Lesson,
    },
    store::programs::{self, LessonRow, ProgramRow},
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::Entered,
        guard::{SignedCoach, see_other},
        labels::{self, Choice},
        page::Page,
        programs::{
            edit::{read_stamp, stamp},
            found,
        },
        site::Site,
        table::{Access, Table},
    },
};

use self::read::{checked, fill, read};

mod preview;
mod reach;
pub(in crate::web) mod read;

/// One entry of the list beside the text.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    week: i32,
    title: String,
    track: String,
    is_current: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct LessonPage {
    program: String,
    program_title: String,
    /// Empty: a new one.
    lesson: String,
    week: u16,
    track: String,
    track_label: String,
    form: Entered,
    seen: String,
    entries: Vec<Entry>,
    /// Cohorts whose copy has not gone out; for a new one, all that are not over.
    cohorts: Vec<Choice>,
    /// Names of those where it has.
    out_in: Vec<String>,
    lates: Vec<Choice>,
    preview_src: String,
    sender: String,
    neutral_sender: String,
    variables: Vec<&'static str>,
}

impl Page for LessonPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "lessons/lesson.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |lesson: &str, form| Self {
            program: "7".into(),
            program_title: "Rebuilding Trust".into(),
            lesson: lesson.into(),
            week: 4,
            track: "hurt".into(),
            track_label: "I was hurt".into(),
            form,
            seen: "x".into(),
            entries: vec![Entry {
                id: "1".into(),
                week: 4,
                title: "Grief and anger".into(),
                track: String::new(),
                is_current: true,
            }],
            cohorts: vec![Choice::new("8", "Monday evenings").with("Goes out on Mon 8 Mar")],
            out_in: vec!["Thursday evenings".into()],
            lates: labels::lates(),
            preview_src: String::new(),
            sender: "Nadia Brandt".into(),
            neutral_sender: "N. Brandt".into(),
            variables: variables(),
        };
        let wrong = Entered::blank().with("body", "{{ nam }}").wrong("body", "Line 1: There is no variable `nam`");
        vec![("saved", page("1", Entered::blank())), ("wrong", page("1", wrong)), ("new", page("", Entered::blank()))]
    }
}

pub(in crate::web) fn variables() -> Vec<&'static str> {
    crate::domain::lesson::template::Variable::ALL.into_iter().map(|variable| variable.name()).collect()
}

pub(crate) fn add(table: Table) -> Table {
    let table = table
        .get("/coach/programs/:id/lessons/new", Access::Coach, show_new)
        .post("/coach/programs/:id/lessons/new", Access::Coach, make)
        .get("/coach/programs/:id/lessons/:lesson", Access::Coach, show)
        .post("/coach/programs/:id/lessons/:lesson", Access::Coach, save)
        .post("/coach/programs/:id/lessons/:lesson/test", Access::Coach, send_test);
    preview::add(table)
}

/// The lesson of the address, if it is one of that program.
async fn lesson(
    site: &Site,
    signed: &SignedCoach,
    ids: &(String, String),
) -> Result<(ProgramRow, LessonRow), PageError> {
    let program = found(site, signed, &ids.0).await?;
    let id: LessonId = desk::id(&ids.1)?;
    let lesson = programs::lesson(site.db.reader(), signed.practice.id, id)
        .await?
        .filter(|lesson| lesson.program_id == program.id);
    Ok((program, lesson.ok_or(PageError::NotFound)?))
}

async fn page(
    site: &Site,
    signed: &SignedCoach,
    program: &ProgramRow,
    about: (&Lesson, Option<&LessonRow>),
    form: Entered,
) -> Result<LessonPage, PageError> {
    let (content, row) = about;
    let lessons = programs::lessons_of(site.db.reader(), program.id).await?;
    let reach = match row {
        Some(row) => reach::of_lesson(site, signed, row).await?,
        None => reach::of_new(site, signed, (program.id, content.week)).await?,
    };
    let tracks = &program.content.0.tracks;
    let label = |key: &str| tracks.iter().find(|track| track.key == key).map_or(key, |track| &track.label).to_owned();
    let entry = |other: &LessonRow| Entry {
        id: other.id.to_string(),
        week: other.week,
        title: other.content.0.title.clone(),
        track: label(&other.track),
        is_current: row.is_some_and(|row| row.id == other.id),
    };
    let track = content.track.clone().unwrap_or_default();
    Ok(LessonPage {
        program: program.id.to_string(),
        program_title: program.title.expose().to_owned(),
        lesson: row.map(|row| row.id.to_string()).unwrap_or_default(),
        week: content.week,
        track_label: label(&track),
        track,
        form,
        seen: row.map(|row| stamp(row.changed_at)).unwrap_or_default(),
        entries: lessons.iter().map(entry).collect(),
        cohorts: reach.cohorts,
        out_in: reach.out_in,
        lates: labels::lates(),
        preview_src: row.map_or_else(String::new, |row| {
            format!("/coach/programs/{}/lessons/{}/preview?level=open", program.id, row.id)
        }),
        sender: signed.practice.name.expose().to_owned(),
        neutral_sender: signed.practice.neutral_name.expose().to_owned(),
        variables: variables(),
    })
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (program, row) = lesson(site, &signed, &ids).await?;
    let chrome = desk::after(site, &signed, Here::Programs, &asked).await?;
    let content = &row.content.0;
    site.pages.render(&chrome, &page(site, &signed, &program, (content, Some(&row)), fill(content)).await?)
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (program, row) = lesson(site, &signed, &ids).await?;
    let written = Lesson { week: row.content.0.week, track: row.content.0.track.clone(), ..read(&fields) };
    let form = match checked(&fields, &written, &program) {
        Ok(()) => {
            let seen = read_stamp(fields.text("seen"));
            let target = Target { practice: signed.practice.id, lesson: row.id, seen, also: named(&fields) };
            match save_lesson(&site.app, &target, &written).await {
                Ok(()) => return saved(site, &signed, &fields, (&program, row.id)).await,
                Err(refused) => refusal(&fields, refused)?,
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Programs).await?;
    site.pages.refused(&chrome, &page(site, &signed, &program, (&written, Some(&row)), form).await?)
}

/// The cohorts that were ticked.
fn named(fields: &Fields) -> Vec<CohortId> {
    fields.many("also").iter().filter_map(|id| id.parse().ok()).collect()
}

/// Saved; the button may ask for a test besides.
async fn saved(
    site: &Site,
    signed: &SignedCoach,
    fields: &Fields,
    of: (&ProgramRow, LessonId),
) -> Result<Response, PageError> {
    let (program, id) = of;
    let level = match fields.text("do") {
        "test" => program.content.0.discretion,
        "test-open" => Discretion::Open,
        _ => return Ok(see_other(&format!("/coach/programs/{}/lessons/{id}?done=lesson", program.id))),
    };
    send_test_lesson(&site.app, &signed.coach, (id, level)).await?;
    Ok(see_other(&format!("/coach/programs/{}/lessons/{id}?done=test-lesson", program.id)))
}

fn refusal(fields: &Fields, refused: Refused) -> Result<Entered, PageError> {
    let form = Entered::of(fields);
    match refused {
        Refused::Changed => Ok(form.wrong(
            "title",
            "Somebody changed this lesson since you opened the page. Your text is still here: save again to put it in place of theirs",
        )),
        Refused::Taken => Ok(form.wrong("title", "There is a lesson for this week and track already. Open it from the list")),
        Refused::Unknown => Err(PageError::NotFound),
        Refused::Store(error) => Err(error.into()),
    }
}

/// Week and track of a lesson to be: of this program, or nothing is there.
fn place(program: &ProgramRow, week: &str, track: &str) -> Result<Lesson, PageError> {
    let content = &program.content.0;
    let week: u16 = week.parse().ok().filter(|week| (1..=content.weeks).contains(week)).ok_or(PageError::NotFound)?;
    let is_known = track.is_empty() || content.tracks.iter().any(|known| known.key == track);
    let track = Some(track.to_owned()).filter(|track| !track.is_empty());
    if is_known { Ok(Lesson { week, track, ..Lesson::default() }) } else { Err(PageError::NotFound) }
}

#[handler]
async fn show_new(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let program = found(site, &signed, &id).await?;
    let empty = place(&program, asked.text("week"), asked.text("track"))?;
    let chrome = desk::around(site, &signed, Here::Programs).await?;
    let form = Entered::blank()
        .with("subject", format!("Week {}: ", empty.week))
        .with("discreet_subject", format!("Weekly course, part {}", empty.week))
        .with("body", "Dear {{ name }},\n\n")
        .with("late", Late::Skip.as_str());
    site.pages.render(&chrome, &page(site, &signed, &program, (&empty, None), form).await?)
}

#[handler]
async fn make(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let program = found(site, &signed, &id).await?;
    let place = place(&program, fields.text("week"), fields.text("track"))?;
    let written = Lesson { week: place.week, track: place.track, ..read(&fields) };
    let form = match checked(&fields, &written, &program) {
        Ok(()) => {
            let of = (signed.practice.id, program.id, signed.coach.name.expose());
            let also = named(&fields);
            let late = fields.text("late").parse().unwrap_or(Late::Skip);
            match create_lesson(&site.app, of, &written, (&also, late)).await {
                Ok(lesson) => return saved(site, &signed, &fields, (&program, lesson)).await,
                Err(refused) => refusal(&fields, refused)?,
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Programs).await?;
    site.pages.refused(&chrome, &page(site, &signed, &program, (&written, None), form).await?)
}

#[handler]
async fn send_test(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (program, row) = lesson(site, &signed, &ids).await?;
    let level = Discretion::parse(fields.text("level")).unwrap_or(program.content.0.discretion);
    send_test_lesson(&site.app, &signed.coach, (row.id, level)).await?;
    Ok(see_other(&format!("/coach/programs/{}/lessons/{}?done=test-lesson", program.id, row.id)))
}
