//! What of a cohort can be changed at any time?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    Head,
    admission::{self, EnrollmentForm},
    found, windows,
};
use crate::{
    actions::save_cohort::{CohortSettings, Doors, Refused, save_cohort, set_doors},
    domain::{name::Name, people::CohortState},
    store::{cohorts::Cohort, programs::ProgramRow},
    web::{
        chrome::{self, Here},
        cohort_new::read::{country, late_joiners, one_line, room, seats},
        desk::{self, Asked},
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
pub(crate) struct CohortSettingsPage {
    head: Head,
    form: Entered,
    enrollment: EnrollmentForm,
    taken: i32,
    is_closed: bool,
    /// As in `Europe/Berlin`.
    zone: String,
    /// It does not take place, so nobody can enroll again.
    is_off: bool,
    countries: Vec<Choice>,
    late_joiners: Vec<Choice>,
}

impl CohortSettingsPage {
    /// With the windows of self-service as they are, where `form` does not say otherwise.
    pub(super) fn of(of: (&Cohort, &ProgramRow), form: Entered, enrollment: Entered) -> Self {
        let (cohort, program) = of;
        Self {
            head: Head::of(cohort, program, "settings"),
            form: windows::filled(form, cohort),
            enrollment: EnrollmentForm::in_zone(cohort.zone, enrollment),
            taken: cohort.seats_taken,
            is_closed: cohort.state == CohortState::Closed,
            zone: cohort.zone.city(),
            is_off: cohort.decision.is_off(),
            countries: labels::countries(),
            late_joiners: labels::late_joiners(),
        }
    }
}

impl Page for CohortSettingsPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "cohorts/settings.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |form| Self {
            head: Head::sample("settings"),
            form,
            enrollment: EnrollmentForm::of(Entered::blank()),
            taken: 9,
            is_closed: false,
            zone: "Berlin".to_owned(),
            is_off: false,
            countries: labels::countries(),
            late_joiners: labels::late_joiners(),
        };
        let wrong = Entered::blank().with("capacity", "3").wrong("capacity", "9 places are taken");
        vec![("blank", page(Entered::blank())), ("wrong", page(wrong))]
    }
}

pub(super) fn add(table: Table) -> Table {
    table
        .get("/coach/cohorts/:id/settings", Access::Coach, show)
        .post("/coach/cohorts/:id/settings", Access::Coach, save)
        .post("/coach/cohorts/:id/doors", Access::Coach, doors)
}

pub(super) fn filled(cohort: &Cohort) -> Entered {
    Entered::blank()
        .with("name", cohort.name.expose())
        .with("room_url", cohort.room_url.as_str())
        .with("crisis_line", cohort.crisis_line.as_str())
        .with("capacity", cohort.capacity.to_string())
        .with("holiday_country", cohort.holiday_country.as_str())
        .with("late_joiners", cohort.late_joiners.as_str())
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let chrome = desk::after(site, &signed, Here::Cohorts, &asked).await?;
    let page = CohortSettingsPage::of((&cohort, &program), filled(&cohort), admission::filled(&cohort));
    site.pages.render(&chrome, &page)
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let form = match read(&fields) {
        Ok(settings) => match keep(site, &signed, &cohort, &fields, &settings).await? {
            None => return Ok(see_other(&format!("/coach/cohorts/{}/settings?done=saved", cohort.id))),
            Some(form) => form,
        },
        Err(form) => form,
    };
    refused(site, &signed, (&cohort, &program), form).await
}

/// The page again, with what is wrong in one of its forms.
pub(super) async fn refused(
    site: &Site,
    signed: &SignedCoach,
    of: (&Cohort, &ProgramRow),
    form: Entered,
) -> Result<Response, PageError> {
    let chrome = desk::around(site, signed, Here::Cohorts).await?;
    let page = CohortSettingsPage::of(of, form, admission::filled(of.0));
    site.pages.refused(&chrome, &page)
}

fn read(fields: &Fields) -> Result<CohortSettings, Entered> {
    let mut checked = Checked::new(fields);
    let name = checked.parse("name", Name::parse);
    let room_url = room(&mut checked, "room_url");
    let crisis_line = one_line(&mut checked, "crisis_line", 300);
    let capacity = seats(&mut checked);
    let holiday_country = country(&mut checked);
    let late_joiners = late_joiners(&mut checked, fields);
    checked.finish(|| {
        Some(CohortSettings {
            name: name?,
            room_url: room_url?,
            crisis_line: crisis_line?,
            capacity: capacity?,
            holiday_country: holiday_country?,
            late_joiners: late_joiners?,
        })
    })
}

/// `None`: saved. Otherwise the form with what was refused.
async fn keep(
    site: &Site,
    signed: &SignedCoach,
    cohort: &Cohort,
    fields: &Fields,
    settings: &CohortSettings,
) -> Result<Option<Entered>, PageError> {
    let of = (cohort.practice_id, cohort.id);
    match save_cohort(&site.app, of, settings, signed.coach.name.expose()).await {
        Ok(()) => Ok(None),
        Err(Refused::Taken(taken)) => {
            let message = format!("{taken} people take part, so the number cannot be lower than that");
            Ok(Some(Entered::of(fields).wrong("capacity", message)))
        }
        Err(Refused::StillNeeded) => {
            let field = if settings.room_url.is_empty() { "room_url" } else { "crisis_line" };
            Ok(Some(
                Entered::of(fields)
                    .wrong(field, "People take part already and need this: change it, but do not leave it empty"),
            ))
        }
        Err(Refused::Unknown | Refused::Draft | Refused::Off) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

#[handler]
async fn doors(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (cohort, _) = found(site, &signed, &id).await?;
    let (doors, done) = if fields.text("do") == "open" { (Doors::Open, "open") } else { (Doors::Closed, "closed") };
    match set_doors(&site.app, (cohort.practice_id, cohort.id), doors, signed.coach.name.expose()).await {
        Ok(()) => Ok(see_other(&format!("/coach/cohorts/{}/settings?done={done}", cohort.id))),
        Err(Refused::Off) => Ok(see_other(&format!("/coach/cohorts/{}/decide", cohort.id))),
        Err(Refused::Draft) => Ok(see_other(&format!("/coach/cohorts/{}/open", cohort.id))),
        Err(Refused::Store(error)) => Err(error.into()),
        Err(Refused::Unknown | Refused::Taken(_) | Refused::StillNeeded) => Err(PageError::NotFound),
    }
}
