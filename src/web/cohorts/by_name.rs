//! Does somebody who waits get a place past the others?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found};
use crate::{
    actions::{
        add_person::WhenFull,
        offer_by_name::{Refused, offer_by_name},
    },
    domain::{civil, enrollment::Standing, ids::EnrollmentId, offer::held_until},
    store::{
        cohorts::Cohort,
        enrollments::{self, Enrollment},
        participants::{self, Participant},
        programs::ProgramRow,
    },
    web::{
        chrome::{self, Here},
        desk,
        error::PageError,
        fields::Fields,
        form::Entered,
        guard::{SignedCoach, see_other},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct OfferPage {
    head: Head,
    form: Entered,
    enrollment: String,
    name: String,
    /// By the person's own clock.
    until: String,
    is_full: bool,
    is_first: bool,
}

impl Page for OfferPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/offer.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |is_full, form| Self {
            head: Head::sample("waitlist"),
            form,
            enrollment: "9".into(),
            name: "Ines".into(),
            until: "Monday 1 March 2027, 18:00 (New York time, UTC-05:00)".into(),
            is_full,
            is_first: false,
        };
        let wrong = Entered::blank().wrong("over", "Every place is taken");
        vec![
            ("full", page(true, Entered::blank())),
            ("refused", page(true, wrong)),
            ("free", page(false, Entered::blank())),
        ]
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/waitlist/:enrollment/offer", Access::Coach, ask).post(
        "/coach/cohorts/:id/waitlist/:enrollment/offer",
        Access::Coach,
        offer,
    )
}

struct Place {
    cohort: Cohort,
    program: ProgramRow,
    enrollment: Enrollment,
    person: Participant,
}

async fn place(site: &Site, signed: &SignedCoach, ids: &(String, String)) -> Result<Place, PageError> {
    let (cohort, program) = found(site, signed, &ids.0).await?;
    let (db, id): (_, EnrollmentId) = (site.db.reader(), desk::id(&ids.1)?);
    let enrollment = enrollments::find(db, signed.practice.id, id).await?.filter(|it| it.cohort_id == cohort.id);
    let enrollment = enrollment.ok_or(PageError::NotFound)?;
    let person = participants::find(db, signed.practice.id, enrollment.participant_id).await?;
    Ok(Place { cohort, program, enrollment, person: person.ok_or(PageError::NotFound)? })
}

async fn page(site: &Site, place: &Place, form: Entered) -> Result<OfferPage, PageError> {
    let first = enrollments::first_waiting(site.db.reader(), place.cohort.id).await?;
    let until = held_until(site.clock.now().real, place.cohort.offer_hours, place.person.zone);
    Ok(OfferPage {
        head: Head::of(&place.cohort, &place.program, "waitlist"),
        form,
        enrollment: place.enrollment.id.to_string(),
        name: place.person.name.expose().to_owned(),
        until: civil::moment(until, place.person.zone),
        is_full: place.cohort.seats_taken >= place.cohort.capacity,
        is_first: first.is_some_and(|first| first.id == place.enrollment.id),
    })
}

#[handler]
async fn ask(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
) -> Result<Response, PageError> {
    let place = place(site, &signed, &ids).await?;
    if place.enrollment.standing != Standing::Waitlisted {
        return Ok(see_other(&format!("/coach/cohorts/{}/waitlist", place.cohort.id)));
    }
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.render(&chrome, &page(site, &place, Entered::blank()).await?)
}

#[handler]
async fn offer(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    let place = place(site, &signed, &ids).await?;
    let when_full = if fields.has("over") { WhenFull::Override } else { WhenFull::Refuse };
    let list = format!("/coach/cohorts/{}/waitlist", place.cohort.id);
    let of = (signed.practice.id, place.enrollment.id);
    let said = match offer_by_name(&site.app, of, when_full, signed.coach.name.expose()).await {
        Ok(_) => return Ok(see_other(&format!("{list}?done=offered"))),
        Err(Refused::NotWaiting(_)) => return Ok(see_other(&format!("{list}?done=answered"))),
        Err(Refused::Full) => "Every place is taken. Tick the box to offer one over the limit",
        Err(Refused::Over) => "This group is over, or does not take place: nobody can be offered a place",
        Err(Refused::Unknown) => return Err(PageError::NotFound),
        Err(Refused::Store(error)) => return Err(error.into()),
    };
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &page(site, &place, Entered::of(&fields).wrong("over", said)).await?)
}
