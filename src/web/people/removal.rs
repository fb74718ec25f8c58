//! How does a coach end somebody's place, or ask them again to confirm?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{found, places::can_remove};
use crate::{
    actions::{
        leave::{self, By, leave},
        resend::{self, ask_again_to_confirm},
    },
    domain::ids::EnrollmentId,
    store::{
        cohorts::{self, Cohort},
        enrollments::{self, Enrollment},
        participants::Participant,
    },
    web::{
        chrome::{self, Here},
        desk,
        error::PageError,
        guard::{SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct RemovalPage {
    person: String,
    name: String,
    enrollment: String,
    cohort_name: String,
}

impl Page for RemovalPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "people/removal.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            person: "7".into(),
            name: "Priya".into(),
            enrollment: "9".into(),
            cohort_name: "Thursday evenings".into(),
        };
        vec![("asks", page)]
    }
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/people/:id/places/:enrollment/remove", Access::Coach, ask)
        .post("/coach/people/:id/places/:enrollment/remove", Access::Coach, remove)
        .post("/coach/people/:id/places/:enrollment/confirm", Access::Coach, ask_again)
}

/// The whole chain of ids must belong together.
async fn place(
    site: &Site,
    signed: &SignedCoach,
    ids: &(String, String),
) -> Result<(Participant, Enrollment, Cohort), PageError> {
    let (db, practice) = (site.db.reader(), signed.practice.id);
    let person = found(site, signed, &ids.0).await?;
    let id: EnrollmentId = desk::id(&ids.1)?;
    let enrollment =
        enrollments::find(db, practice, id).await?.filter(|enrollment| enrollment.participant_id == person.id);
    let enrollment = enrollment.ok_or(PageError::NotFound)?;
    let cohort = cohorts::find(db, practice, enrollment.cohort_id).await?.ok_or(PageError::NotFound)?;
    Ok((person, enrollment, cohort))
}

#[handler]
async fn ask(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (person, enrollment, cohort) = place(site, &signed, &ids).await?;
    if !can_remove(enrollment.standing) {
        return Ok(see_other(&format!("/coach/people/{}", person.id)));
    }
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    let page = RemovalPage {
        person: person.id.to_string(),
        name: person.name.expose().to_owned(),
        enrollment: enrollment.id.to_string(),
        cohort_name: cohort.name.expose().to_owned(),
    };
    site.pages.render(&chrome, &page)
}

#[handler]
async fn remove(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (person, enrollment, _) = place(site, &signed, &ids).await?;
    let by = By::Coach(signed.coach.name.expose().to_owned());
    match leave(&site.app, enrollment.id, &by).await {
        Ok(_) => Ok(see_other(&format!("/coach/people/{}?done=removed", person.id))),
        Err(leave::Refused::Store(error)) => Err(error.into()),
        Err(leave::Refused::Unknown) => {
            Err(PageError::Conflict("Where this person stands changed in the meantime.".into()))
        }
        Err(leave::Refused::Standing(_)) => Err(PageError::Conflict("This place has ended already.".into())),
    }
}

#[handler]
async fn ask_again(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (person, enrollment, _) = place(site, &signed, &ids).await?;
    let of = (signed.practice.id, enrollment.id);
    let done = match ask_again_to_confirm(&site.app, of, signed.coach.name.expose()).await {
        Ok(()) => "copy",
        Err(resend::Refused::Store(error)) => return Err(error.into()),
        Err(_) => "gone",
    };
    Ok(see_other(&format!("/coach/people/{}?done={done}", person.id)))
}
