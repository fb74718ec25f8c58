//! How is a program written, or written anew?

use chrono::{DateTime, SecondsFormat, Utc};
use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    found, intake,
    read::{beginning, fill, read},
};
use crate::{
    actions::save_program::{Refused, create_program, save_program},
    domain::program::{Program, intake::MOST_QUESTIONS},
    web::{
        chrome::{self, Here},
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

#[derive(Debug, Serialize)]
pub(crate) struct ProgramFormPage {
    /// Empty: a new one.
    id: String,
    title: String,
    form: Entered,
    /// When it was read, so that nobody's change is written over.
    seen: String,
    weeks: u16,
    /// Questions and answers shown, one empty pair more than there are.
    faq: usize,
    /// Questions of the form, one empty one more than there are.
    intake: usize,
    kinds: Vec<Choice>,
    /// Of what is stored, and of the agreement.
    versions: [u32; 2],
    discretions: Vec<Choice>,
}

impl Page for ProgramFormPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "programs/form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let program = beginning();
        let wrong = fill(&program).wrong("title", "This is missing; write at least a word");
        vec![
            ("new", Self::new(fill(&program))),
            ("wrong", Self::new(wrong)),
            ("edit", Self::of("7", &program, fill(&program), "x")),
        ]
    }
}

impl ProgramFormPage {
    fn new(form: Entered) -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            form,
            seen: String::new(),
            weeks: 0,
            faq: 0,
            intake: 0,
            kinds: intake::kinds(),
            versions: [1, 1],
            discretions: labels::discretions(),
        }
    }

    fn of(id: &str, program: &Program, form: Entered, seen: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: program.title.clone(),
            seen: seen.to_owned(),
            weeks: program.weeks,
            faq: program.faq.len() + 1,
            intake: (program.intake.len() + 1).min(MOST_QUESTIONS),
            versions: [program.consent.version, program.agreement.version],
            ..Self::new(form)
        }
    }
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/programs/new", Access::Coach, show_new)
        .post("/coach/programs/new", Access::Coach, make)
        .get("/coach/programs/:id/edit", Access::Coach, show)
        .post("/coach/programs/:id/edit", Access::Coach, save)
}

/// An instant as a hidden field carries it, to the microsecond.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Read back; what is no instant was never seen.
pub(crate) fn read_stamp(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or(DateTime::UNIX_EPOCH)
}

#[handler]
async fn show_new(Data(site): Data<&Site>, signed: SignedCoach) -> Result<Response, PageError> {
    let chrome = desk::around(site, &signed, Here::Programs).await?;
    site.pages.render(&chrome, &ProgramFormPage::new(fill(&beginning())))
}

#[handler]
async fn make(Data(site): Data<&Site>, signed: SignedCoach, fields: Fields) -> Result<Response, PageError> {
    let form = match read(&fields, &beginning()) {
        Ok(program) => match create_program(&site.app, signed.practice.id, &program).await {
            Ok(id) => return Ok(see_other(&format!("/coach/programs/{id}?done=program"))),
            Err(refused) => refusal(&fields, refused)?,
        },
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Programs).await?;
    site.pages.refused(&chrome, &ProgramFormPage::new(form))
}

fn refusal(fields: &Fields, refused: Refused) -> Result<Entered, PageError> {
    let form = Entered::of(fields);
    match refused {
        Refused::Taken => Ok(form.wrong("title", "You have another program of this title. Choose another title")),
        Refused::Title(bad) => Ok(form.wrong("title", bad.to_string())),
        Refused::Changed => Ok(form.wrong(
            "title",
            "Somebody changed this program since you opened the page. Your text is still here: save again to put it in place of theirs",
        )),
        Refused::Unknown => Err(PageError::NotFound),
        Refused::Store(error) => Err(error.into()),
    }
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let program = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Programs, &asked).await?;
    let content = &program.content.0;
    site.pages.render(&chrome, &ProgramFormPage::of(&id, content, fill(content), &stamp(program.changed_at)))
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let program = found(site, &signed, &id).await?;
    let content = &program.content.0;
    let form = match read(&fields, content) {
        Ok(written) => {
            let of = (signed.practice.id, program.id);
            match save_program(&site.app, of, &written, read_stamp(fields.text("seen"))).await {
                Ok(()) => return Ok(see_other(&format!("/coach/programs/{}?done=saved", program.id))),
                Err(refused) => refusal(&fields, refused)?,
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Programs).await?;
    site.pages.refused(&chrome, &ProgramFormPage::of(&id, content, form, &stamp(program.changed_at)))
}
