//! What did this person answer when they enrolled, and how do they correct it?

use poem::{Request, Response, handler, web::Data};
use serde::Serialize;

use super::{frame, place::Place};
use crate::{
    actions::save_answers::{Refused, answers_close_at, save_answers},
    domain::{
        civil,
        program::intake::{Answered, asked_of},
    },
    store::intakes,
    web::{
        chrome,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedParticipant, see_other},
        intake::{self, Asked},
        page::Page,
        site::Site,
        visitor,
    },
};

#[derive(Debug, Serialize)]
pub struct AnswersPage {
    form: Entered,
    enrollment: String,
    coach: String,
    asked: Vec<Asked>,
    /// Until when they can be changed; empty: always.
    closes: String,
    closed: bool,
    /// Question and answer, when nothing can be changed any more.
    given: Vec<(String, String)>,
}

impl Page for AnswersPage {
    type Chrome = chrome::Participant;
    const TEMPLATE: &'static str = "my_program/answers.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |form, closed| Self {
            form,
            enrollment: "0193".into(),
            coach: "Nadia".into(),
            asked: Asked::samples(),
            closes: "Mon 8 Mar 2027, 20:00 (Berlin time, UTC+01:00)".into(),
            closed,
            given: vec![("What do you hope for?".into(), "Calm".into()), ("Why now?".into(), String::new())],
        };
        let wrong = Entered::blank().wrong("intake_choice", "Choose one of the answers");
        vec![
            ("open", page(Entered::blank(), false)),
            ("wrong", page(wrong, false)),
            ("closed", page(Entered::blank(), true)),
        ]
    }
}

/// Whether there is anything to see: something is asked, or was answered.
pub(super) async fn are_there(site: &Site, place: &Place) -> Result<bool, PageError> {
    if !place.program.content.0.intake.is_empty() {
        return Ok(true);
    }
    Ok(intakes::of_enrollment(site.db.reader(), place.enrollment.id).await?.is_some())
}

async fn before(site: &Site, place: &Place) -> Result<Vec<Answered>, PageError> {
    let intake = intakes::of_enrollment(site.db.reader(), place.enrollment.id).await?;
    Ok(intake.map(|intake| intake.answered()).unwrap_or_default())
}

fn page(site: &Site, signed: &SignedParticipant, place: &Place, before: &[Answered], form: Entered) -> AnswersPage {
    let closes = answers_close_at(&place.enrollment, &place.meetings);
    AnswersPage {
        form,
        enrollment: place.enrollment.id.to_string(),
        coach: signed.practice.first_name.expose().to_owned(),
        asked: Asked::all(&asked_of(&place.program.content.0.intake, before)),
        closes: closes.map(|at| civil::moment(at, signed.person.zone)).unwrap_or_default(),
        closed: closes.is_some_and(|at| at <= site.clock.now().program),
        given: before.iter().map(|given| (given.asked.question.clone(), given.words())).collect(),
    }
}

async fn found(site: &Site, signed: &SignedParticipant, wanted: &str) -> Result<Place, PageError> {
    let place = Place::find(site, signed, wanted).await?.ok_or(PageError::NotFound)?;
    if are_there(site, &place).await? { Ok(place) } else { Err(PageError::NotFound) }
}

#[handler]
pub(super) async fn show(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    request: &Request,
) -> Result<Response, PageError> {
    let place = found(site, &signed, visitor::query(request)?.text("enrollment")).await?;
    let before = before(site, &place).await?;
    let form = intake::fill(Entered::blank(), &before);
    site.pages.render(&frame(site, &signed, ""), &page(site, &signed, &place, &before, form))
}

#[handler]
pub(super) async fn save(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let place = found(site, &signed, fields.text("enrollment")).await?;
    let before = before(site, &place).await?;
    let mut checked = Checked::new(&fields);
    let answers = intake::read(&mut checked, &asked_of(&place.program.content.0.intake, &before));
    let answers = match checked.finish(|| answers) {
        Ok(answers) => answers,
        Err(form) => return site.pages.refused(&frame(site, &signed, ""), &page(site, &signed, &place, &before, form)),
    };
    match save_answers(&site.app, (signed.practice.id, place.enrollment.id), &answers).await {
        Ok(()) => Ok(see_other(&format!("/p?done=answers&enrollment={}", place.enrollment.id))),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Closed) => {
            let page = page(site, &signed, &place, &before, Entered::of(&fields));
            site.pages.refused(&frame(site, &signed, ""), &page)
        }
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
