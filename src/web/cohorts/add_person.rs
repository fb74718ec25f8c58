//! How does a coach put somebody into a cohort by name?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{Head, found};
use crate::{
    actions::add_person::{NewPerson, Refused, WhenFull, add_person},
    domain::{email_address::EmailAddress, name::Name, zone::Zone},
    store::{cohorts::Cohort, programs::ProgramRow},
    web::{
        chrome::{self, Here},
        desk,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        labels::{self, Choice},
        page::Page,
        site::Site,
        table::{Access, Table},
    },
};

#[derive(Debug, Serialize)]
pub(crate) struct AddPersonPage {
    head: Head,
    form: Entered,
    zones: Vec<Choice>,
    tracks: Vec<Choice>,
    is_full: bool,
}

impl Page for AddPersonPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/add_person.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |is_full| Self {
            head: Head::sample(""),
            form: Entered::blank(),
            zones: labels::zones(),
            tracks: vec![Choice::new("hurt", "I was hurt")],
            is_full,
        };
        vec![("free", page(false)), ("full", page(true))]
    }
}

impl AddPersonPage {
    fn of(cohort: &Cohort, program: &ProgramRow, form: Entered) -> Self {
        let tracks = program.content.0.tracks.iter().map(|track| Choice::new(&track.key, &track.label));
        Self {
            head: Head::of(cohort, program, ""),
            form,
            zones: labels::zones(),
            tracks: tracks.collect(),
            is_full: cohort.seats_taken >= cohort.capacity,
        }
    }
}

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/add", Access::Coach, show).post("/coach/cohorts/:id/add", Access::Coach, put_in)
}

#[handler]
async fn show(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    let form = Entered::blank().with("zone", cohort.zone.name());
    site.pages.render(&chrome, &AddPersonPage::of(&cohort, &program, form))
}

#[handler]
async fn put_in(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let form = match read(&fields, &program) {
        Ok(new) => match add_new(site, &signed, &cohort, &fields, &new).await? {
            None => return Ok(see_other(&format!("/coach/cohorts/{}?done=added", cohort.id))),
            Some(form) => form,
        },
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    site.pages.refused(&chrome, &AddPersonPage::of(&cohort, &program, form))
}

/// `None`: done. Otherwise the form with what was refused.
async fn add_new(
    site: &Site,
    signed: &SignedCoach,
    cohort: &Cohort,
    fields: &Fields,
    new: &NewPerson,
) -> Result<Option<Entered>, PageError> {
    let when_full = if fields.has("over") { WhenFull::Override } else { WhenFull::Refuse };
    let of = (cohort.practice_id, cohort.id);
    match add_person(&site.app, of, new, when_full, signed.coach.name.expose()).await {
        Ok(_) => Ok(None),
        Err(Refused::AlreadyIn) => {
            Ok(Some(Entered::of(fields).wrong("email", "This person takes part already. Open them from the roster")))
        }
        Err(Refused::Full) => {
            let message = "Every place is taken. Tick the box to add this person over the limit";
            Ok(Some(Entered::of(fields).wrong("over", message)))
        }
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

fn read(fields: &Fields, program: &ProgramRow) -> Result<NewPerson, Entered> {
    let mut checked = Checked::new(fields);
    let name = checked.parse("name", Name::parse);
    let email = checked.parse("email", EmailAddress::parse);
    let zone = checked.parse("zone", Zone::parse);
    let tracks: Vec<(&str, String)> =
        program.content.0.tracks.iter().map(|track| (track.key.as_str(), track.key.clone())).collect();
    let track =
        if tracks.is_empty() { Some(String::new()) } else { checked.choice("track", &tracks, "Choose a track") };
    checked.finish(|| Some(NewPerson { email: email?, name: name?, zone: zone?, track: track? }))
}
