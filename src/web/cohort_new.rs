//! How does a program get dates? One form, with the whole schedule shown before it is saved.

use chrono::Days;
use poem::{Response, handler, web::Data};
use serde::Serialize;

use crate::{
    actions::{
        make_cohort::{self, As, Made, make_cohort},
        open_cohort::{NewCohort, Refused},
        save_admission::AdmissionSettings,
    },
    domain::{
        cohort::LateJoiners,
        holiday::Country,
        schedule::{LessonClock, LessonTiming},
    },
    store::programs::{self, ProgramRow},
    web::{
        chrome::{self, Here},
        cohorts::admission::{self, EnrollmentForm},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        form::Entered,
        guard::{SignedCoach, see_other},
        labels::{self, Choice},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

use self::{
    read::read,
    schedule::{Row, Schedule, schedule},
};

pub(crate) mod read;
pub(crate) mod schedule;
pub(crate) mod timing;

#[derive(Debug, Serialize)]
pub(crate) struct NewCohortPage {
    form: Entered,
    programs: Vec<Choice>,
    zones: Vec<Choice>,
    weekdays: Vec<Choice>,
    clocks: Vec<Choice>,
    countries: Vec<Choice>,
    late_joiners: Vec<Choice>,
    discretions: Vec<Choice>,
    enrollment: EnrollmentForm,
    /// What the choice stands for: five fields, or `session end + 30 min`.
    expression: String,
    schedule: Option<Schedule>,
}

impl Page for NewCohortPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohort_new/new.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let programs = vec![Choice::new("7", "Rebuilding Trust")];
        let page = |form, schedule| Self::of(programs.clone(), form, schedule);
        let row = |number: &str, is_break| Row {
            is_break,
            number: number.to_owned(),
            title: "Monday 8 March 2027, 19:00 (UTC+00:00)".to_owned(),
            detail: "Where we are".to_owned(),
            lessons: vec!["Lesson 1, Where we are: Monday 8 March 2027, 07:00 (UTC+00:00)".to_owned()],
            notes: vec!["Clocks changed: now UTC+01:00".to_owned()],
            holidays: vec!["Mon 29 Mar is Easter Monday, a public holiday in Ireland".to_owned()],
        };
        let schedule = Schedule {
            title: "6 sessions in 7 weeks".to_owned(),
            span: "8 March to 19 April 2027".to_owned(),
            rows: vec![row("1", false), row("", true)],
            warnings: vec!["One session lies in the past.".to_owned()],
            lessons_by: "Lessons go out by Dublin time.".to_owned(),
        };
        let wrong = Entered::blank().with("starts_on", "2026-02-30").wrong("starts_on", "There is no such date");
        vec![
            ("blank", page(Entered::blank(), None)),
            ("wrong", page(wrong, None)),
            ("schedule", page(Entered::blank(), Some(schedule))),
            ("no program", Self::of(Vec::new(), Entered::blank(), None)),
        ]
    }
}

impl NewCohortPage {
    fn of(programs: Vec<Choice>, form: Entered, schedule: Option<Schedule>) -> Self {
        Self {
            enrollment: EnrollmentForm::of(form.clone()),
            form,
            programs,
            zones: labels::zones(),
            weekdays: labels::weekdays(),
            clocks: timing::clocks(),
            countries: labels::countries(),
            late_joiners: labels::late_joiners(),
            discretions: labels::discretions(),
            expression: LessonTiming::default().expression(),
            schedule,
        }
    }

    fn with_rule(self, rule: &LessonTiming) -> Self {
        Self { expression: rule.expression(), ..self }
    }
}

pub(crate) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/new", Access::Coach, show).post("/coach/cohorts/new", Access::Coach, make)
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let programs = programs::of_practice(site.db.reader(), signed.practice.id).await?;
    let wanted = programs.iter().find(|program| program.id.to_string() == asked.text("program")).or(programs.first());
    let page = NewCohortPage::of(choices(&programs), blank(site, &signed, wanted), None);
    site.pages.render(&chrome, &page)
}

fn choices(programs: &[ProgramRow]) -> Vec<Choice> {
    programs.iter().map(|program| Choice::new(program.id, program.title.expose())).collect()
}

/// What is likely: two weeks from now, as the program and the practice have it.
fn blank(site: &Site, signed: &SignedCoach, program: Option<&ProgramRow>) -> Entered {
    let zone = signed.practice.zone;
    let starts_on = zone.local(site.clock.now().program).date() + Days::new(14);
    let form = Entered::blank()
        .with("zone", zone.name())
        .with("starts_on", starts_on.to_string())
        .with("weekday", "thu")
        .with("time", "19:00")
        .with("late_joiners", LateJoiners::Digest.as_str())
        .with("holiday_country", Country::of_zone(zone).map_or("", Country::code))
        .with("crisis_line", signed.practice.crisis_line.as_str());
    let form = timing::fill(admission::blank(form), &LessonTiming::default(), LessonClock::Cohort);
    let Some(program) = program else { return form };
    let content = &program.content.0;
    form.with("program", program.id.to_string())
        .with("minutes", content.session_minutes.to_string())
        .with("capacity", content.capacity.to_string())
        .with("discretion", content.discretion.as_str())
}

#[handler]
async fn make(Data(site): Data<&Site>, signed: SignedCoach, fields: Fields) -> Result<Response, PageError> {
    let programs = programs::of_practice(site.db.reader(), signed.practice.id).await?;
    let (new, settings) = match read(&fields, &programs) {
        Ok(read) => read,
        Err(form) => return refused(site, &signed, &programs, form).await,
    };
    let made_as = match fields.text("do") {
        "draft" => As::Draft,
        "open" => As::Open,
        _ => return preview(site, &signed, &fields, &new, &programs).await,
    };
    match create(site, &signed, &fields, (&new, &settings, made_as)).await? {
        Ok(made) => Ok(see_other(&after(&made, made_as))),
        Err(form) => refused(site, &signed, &programs, form).await,
    }
}

/// An open cohort's own page; a draft's says what is still to be done.
fn after(made: &Made, made_as: As) -> String {
    let id = made.id;
    match made_as {
        As::Draft => format!("/coach/cohorts/{id}/open?done=draft"),
        As::Open if made.missing.is_empty() => format!("/coach/cohorts/{id}?done=open"),
        As::Open => format!("/coach/cohorts/{id}/open?done=not-open"),
    }
}

async fn refused(
    site: &Site,
    signed: &SignedCoach,
    programs: &[ProgramRow],
    form: Entered,
) -> Result<Response, PageError> {
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &NewCohortPage::of(choices(programs), form, None))
}

async fn preview(
    site: &Site,
    signed: &SignedCoach,
    fields: &Fields,
    new: &NewCohort,
    programs: &[ProgramRow],
) -> Result<Response, PageError> {
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    let program = programs.iter().find(|program| program.id == new.program).ok_or(PageError::NotFound)?;
    let schedule = schedule(site, signed.practice.id, new, program, signed.coach.zone).await?;
    let page = NewCohortPage::of(choices(programs), Entered::of(fields), Some(schedule)).with_rule(&new.rule);
    site.pages.render(&chrome, &page)
}

/// The cohort, or the form with what was refused: then nothing of it was kept.
async fn create(
    site: &Site,
    signed: &SignedCoach,
    fields: &Fields,
    wanted: (&NewCohort, &AdmissionSettings, As),
) -> Result<Result<Made, Entered>, PageError> {
    match make_cohort(&site.app, &signed.practice, wanted, signed.coach.name.expose()).await {
        Ok(made) => Ok(Ok(made)),
        Err(make_cohort::Refused::Store(error)) => Err(error.into()),
        // The day to decide by is all that a new cohort's rules can be wrong about.
        Err(make_cohort::Refused::Admission(_)) => Ok(Err(Entered::of(fields).wrong("decide_on", admission::PAST))),
        Err(make_cohort::Refused::New(refused)) => match refused {
            Refused::Store(error) => Err(error.into()),
            Refused::NoProgram | Refused::NoLessons => Ok(Err(said(fields, "program", &refused))),
            Refused::Weeks(_) => Ok(Err(said(fields, "breaks", &refused))),
            Refused::Length(_) => Ok(Err(said(fields, "minutes", &refused))),
        },
    }
}

fn said(fields: &Fields, field: &str, refused: &Refused) -> Entered {
    let text = refused.to_string();
    let mut characters = text.chars();
    let sentence = characters.next().map(|first| first.to_uppercase().chain(characters).collect::<String>());
    Entered::of(fields).wrong(field, sentence.unwrap_or_default())
}
