//! Who signs in with a password, and what may each read?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use crate::{
    actions::set_rights::{Refused, set_rights},
    domain::people::{Right, Role, may},
    store::coaches::{self, Coach},
    web::{
        chrome::{self, Here},
        desk::{self, Asked},
        error::PageError,
        fields::Fields,
        guard::{SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
struct Member {
    id: String,
    name: String,
    email: String,
    role: &'static str,
    reads_answers: bool,
    /// Whether the one who looks may change that.
    can_change: bool,
}

impl Member {
    fn of(coach: &Coach, seen_by: &Coach) -> Self {
        Self {
            id: coach.id.to_string(),
            name: coach.name.expose().to_owned(),
            email: coach.email.expose().to_owned(),
            role: match coach.role {
                Role::Owner => "Owner",
                Role::Coach => "Coach",
                Role::Assistant => "Assistant",
            },
            reads_answers: may(coach.role, &coach.rights, Right::Answers),
            can_change: seen_by.role == Role::Owner && coach.role == Role::Assistant,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct TeamPage {
    members: Vec<Member>,
}

impl Page for TeamPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "team/team.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let member = |name: &str, role, reads_answers, can_change| Member {
            id: name.to_lowercase(),
            name: name.to_owned(),
            email: format!("{}@group.example", name.to_lowercase()),
            role,
            reads_answers,
            can_change,
        };
        let alone = vec![member("Nadia", "Owner", true, false)];
        let three = vec![
            member("Nadia", "Owner", true, false),
            member("Jo", "Assistant", false, true),
            member("Kim", "Assistant", true, true),
        ];
        vec![("alone", Self { members: alone }), ("with assistants", Self { members: three })]
    }
}

pub(crate) fn add(table: Table) -> Table {
    table.get("/coach/settings/team", Access::Coach, show).post("/coach/settings/team/:id", Access::Coach, save)
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, asked: Asked) -> Result<Response, PageError> {
    let chrome = desk::after(site, &signed, Here::Settings, &asked).await?;
    let team = coaches::of_practice(site.db.reader(), signed.practice.id).await?;
    let members = team.iter().map(|coach| Member::of(coach, &signed.coach)).collect();
    site.pages.render(&chrome, &TeamPage { members })
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let rights: &[Right] = if fields.has("answers") { &[Right::Answers] } else { &[] };
    match set_rights(&site.app, &signed.coach, desk::id(&id)?, rights).await {
        Ok(()) => Ok(see_other("/coach/settings/team?done=saved")),
        Err(Refused::NotYours) => {
            Err(PageError::Conflict("Only the owner of the practice decides who may read answers.".into()))
        }
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
