//! Which buttons stand beside a cohort's lesson, and what do they do?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::found;
use crate::{
    actions::change_lessons::{self, Refused, Target, Way},
    domain::{cohort::Late, ids::CohortLessonId},
    web::{
        desk,
        error::PageError,
        fields::Fields,
        guard::{SignedCoach, see_other},
        site::Site,
        table::{Access, Table},
    },
};

pub(super) fn add(table: Table) -> Table {
    table
        .post("/coach/cohorts/:id/lessons/:copy/move", Access::Coach, move_it)
        .post("/coach/cohorts/:id/lessons/:copy/out", Access::Coach, take_out)
        .post("/coach/cohorts/:id/lessons/:copy/back", Access::Coach, put_back)
        .post("/coach/cohorts/:id/lessons/:copy/send", Access::Coach, send)
}

/// The coach, acting on a cohort that is theirs.
pub(super) async fn target(site: &Site, signed: &SignedCoach, id: &str) -> Result<Target, PageError> {
    let (cohort, _) = found(site, signed, id).await?;
    Ok(Target { practice: signed.practice.id, cohort: cohort.id, actor: signed.coach.name.expose().to_owned() })
}

/// Back to the list; what was refused is said there.
pub(super) fn answered(target: &Target, outcome: Result<(), Refused>, done: &str) -> Result<Response, PageError> {
    let said = match outcome {
        Ok(()) => done,
        Err(Refused::Out) => "lesson-out",
        Err(Refused::Changed) => "lesson-changed",
        Err(Refused::Taken) => "lesson-taken",
        Err(Refused::AtTheEdge) => "lesson-edge",
        Err(Refused::Unknown) => return Err(PageError::NotFound),
        Err(Refused::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(&format!("/coach/cohorts/{}/lessons?done={said}", target.cohort)))
}

#[handler]
async fn move_it(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let target = target(site, &signed, &ids.0).await?;
    let copy: CohortLessonId = desk::id(&ids.1)?;
    let way = if fields.text("do") == "earlier" { Way::Earlier } else { Way::Later };
    let seen = fields.text("seen").parse().unwrap_or_default();
    answered(&target, change_lessons::move_lesson(&site.app, &target, (seen, copy), way).await, "lesson-moved")
}

#[handler]
async fn take_out(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
) -> Result<Response, PageError> {
    let target = target(site, &signed, &ids.0).await?;
    let outcome = change_lessons::take_out(&site.app, &target, desk::id(&ids.1)?).await;
    answered(&target, outcome, "lesson-removed")
}

#[handler]
async fn put_back(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
) -> Result<Response, PageError> {
    let target = target(site, &signed, &ids.0).await?;
    let outcome = change_lessons::put_back(&site.app, &target, desk::id(&ids.1)?, Late::Skip).await;
    answered(&target, outcome, "lesson-back")
}

#[handler]
async fn send(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let target = target(site, &signed, &ids.0).await?;
    let late = if fields.text("do") == "now" { Late::Now } else { Late::WithNext };
    let outcome = change_lessons::send_skipped(&site.app, &target, desk::id(&ids.1)?, late).await;
    answered(&target, outcome, "lesson-sent")
}
