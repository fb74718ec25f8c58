//! What is still missing before a cohort can open?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found};
use crate::{
    actions::{
        open_cohort::{CannotOpen, Missing, missing, open_cohort},
        send_test::send_test_mail,
    },
    domain::people::CohortState,
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        guard::{SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
struct Todo {
    advice: &'static str,
    /// Where it is put right; empty for the test mail, which has a button.
    path: String,
    act: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct OpeningPage {
    head: Head,
    todos: Vec<Todo>,
}

impl Page for OpeningPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/opening.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let all = [Missing::Room, Missing::CrisisLine, Missing::Sender, Missing::TestMail];
        let page = |missing: &[Missing]| Self {
            head: Head { is_draft: true, ..Head::sample("") },
            todos: missing.iter().map(|missing| todo("7", *missing)).collect(),
        };
        vec![("missing", page(&all)), ("ready", page(&[]))]
    }
}

fn todo(cohort: &str, missing: Missing) -> Todo {
    let (path, act) = match missing {
        Missing::Room | Missing::CrisisLine => (format!("/coach/cohorts/{cohort}/settings"), "Add it"),
        Missing::Sender => ("/coach/settings".to_owned(), "Open settings"),
        Missing::TestMail => (String::new(), "Send me a test"),
    };
    Todo { advice: missing.advice(), path, act }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/open", Access::Coach, show).post("/coach/cohorts/:id/open", Access::Coach, open).post(
        "/coach/cohorts/:id/test",
        Access::Coach,
        test,
    )
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    if cohort.state != CohortState::Draft {
        return Ok(see_other(&format!("/coach/cohorts/{}", cohort.id)));
    }
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let todos = missing(&signed.practice, &cohort).into_iter().map(|missing| todo(&id, missing)).collect();
    site.pages.render(&chrome, &OpeningPage { head: Head::of(&cohort, &program, ""), todos })
}

#[handler]
async fn open(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let (cohort, _) = found(site, &signed, &id).await?;
    match open_cohort(&site.app, &signed.practice, cohort.id, signed.coach.name.expose()).await {
        Ok(()) => Ok(see_other(&format!("/coach/cohorts/{}?done=open", cohort.id))),
        Err(CannotOpen::Missing(_)) => Ok(see_other(&format!("/coach/cohorts/{}/open?done=not-open", cohort.id))),
        Err(CannotOpen::Unknown) => Err(PageError::NotFound),
        Err(CannotOpen::Store(error)) => Err(error.into()),
    }
}

#[handler]
async fn test(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let (cohort, _) = found(site, &signed, &id).await?;
    send_test_mail(&site.app, &signed.coach).await?;
    Ok(see_other(&format!("/coach/cohorts/{}/open?done=test", cohort.id)))
}
