//! Who gets into a cohort, on which days, and by when is it settled that it takes place?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    found,
    settings::{self, CohortSettingsPage},
};
use crate::{
    actions::save_admission::{AdmissionSettings, Refused, save_admission},
    domain::{
        civil,
        cohort::Admission,
        enrollment::{ACCEPT_HOURS, OFFER_HOURS},
        offer::MOST_HOURS,
        opening::EnrollDays,
        zone::Zone,
    },
    store::cohorts::Cohort,
    web::{
        chrome::Here,
        cohort_new::read::{MOST_SEATS, date, time},
        desk,
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        labels::Choice,
        site::Site,
        table::{Access, Table},
    },
};

/// What the fields of `cohorts/_enrollment.html` need.
#[derive(Debug, Serialize)]
pub(crate) struct EnrollmentForm {
    pub(crate) form: Entered,
    admissions: Vec<Choice>,
    /// Whose days and hours these are; empty while the cohort has no zone yet.
    city: String,
}

impl EnrollmentForm {
    pub(crate) fn in_zone(zone: Zone, form: Entered) -> Self {
        Self { city: zone.city(), ..Self::of(form) }
    }

    pub(crate) fn of(form: Entered) -> Self {
        Self {
            form,
            admissions: vec![
                Choice::new(Admission::Open, "Whoever confirms").with("First come first served, then a waitlist."),
                Choice::new(Admission::Approval, "Whom you accept")
                    .with("People apply. You read each application and answer it."),
            ],
            city: String::new(),
        }
    }
}

/// As the cohort has it.
pub(crate) fn filled(cohort: &Cohort) -> Entered {
    let day = |on: Option<chrono::NaiveDate>| on.map(|on| on.to_string()).unwrap_or_default();
    let by = cohort.decide_by.map(|at| cohort.zone.local(at));
    let number = |of: i32| if of == 0 { String::new() } else { of.to_string() };
    Entered::blank()
        .with("admission", cohort.admission.as_str())
        .with("enroll_from_on", day(cohort.enroll_from_on))
        .with("enroll_until_on", day(cohort.enroll_until_on))
        .with("offer_hours", cohort.offer_hours.to_string())
        .with("accept_hours", cohort.accept_hours.to_string())
        .with("min_participants", number(cohort.min_participants))
        .with("decide_on", by.map(|by| by.date().to_string()).unwrap_or_default())
        .with("decide_time", by.map(|by| civil::time_of_day(by.time())).unwrap_or_default())
}

/// For a cohort that is still to be made.
pub(crate) fn blank(form: Entered) -> Entered {
    form.with("admission", Admission::Open.as_str())
        .with("offer_hours", OFFER_HOURS.to_string())
        .with("accept_hours", ACCEPT_HOURS.to_string())
}

/// Reads the fields; days and hours are those of `zone`. What is not sent is as it is by default.
pub(crate) fn read(checked: &mut Checked<'_>, fields: &Fields, zone: Zone) -> Option<AdmissionSettings> {
    let admissions = [("", Admission::Open), ("open", Admission::Open), ("approval", Admission::Approval)];
    let admission = checked.choice("admission", &admissions, "Choose how people get in");
    let from = optional(checked, fields, "enroll_from_on", date);
    let until = optional(checked, fields, "enroll_until_on", date);
    let days = match EnrollDays::new(from?, until?) {
        Ok(days) => Some(days),
        Err(bad) => checked.refuse("enroll_until_on", bad.to_string()),
    };
    let offer_hours = hours(checked, fields, ("offer_hours", OFFER_HOURS));
    let accept_hours = hours(checked, fields, ("accept_hours", ACCEPT_HOURS));
    let needed = needed(checked, fields);
    let on = optional(checked, fields, "decide_on", date)?;
    let by = match on {
        Some(on) => Some(zone.resolve(on.and_time(time(checked, "decide_time")?))),
        None => None,
    };
    if by.is_some() && needed == Some(0) {
        checked.refuse::<()>("min_participants", "Enter how many must come at least, or leave out the date");
    }
    Some(AdmissionSettings {
        admission: admission?,
        days: days?,
        offer_hours: offer_hours?,
        accept_hours: accept_hours?,
        min_participants: needed?,
        decide_by: by,
    })
}

fn optional<T>(
    checked: &mut Checked<'_>,
    fields: &Fields,
    field: &str,
    read: impl FnOnce(&mut Checked<'_>, &str) -> Option<T>,
) -> Option<Option<T>> {
    if fields.text(field).is_empty() { Some(None) } else { read(checked, field).map(Some) }
}

fn hours(checked: &mut Checked<'_>, fields: &Fields, of: (&str, u16)) -> Option<u16> {
    let (field, default) = of;
    if fields.text(field).is_empty() {
        return Some(default);
    }
    let message = format!("Enter a number of hours, from 1 to {MOST_HOURS}");
    checked.parse(field, |text| text.parse().ok().filter(|hours| (1..=MOST_HOURS).contains(hours)).ok_or(message))
}

fn needed(checked: &mut Checked<'_>, fields: &Fields) -> Option<u16> {
    if fields.text("min_participants").is_empty() {
        return Some(0);
    }
    let message = format!("Enter how many must come at least, from 1 to {MOST_SEATS}");
    checked.parse("min_participants", |text| text.parse().ok().filter(|least| *least <= MOST_SEATS).ok_or(message))
}

pub(super) fn add(table: Table) -> Table {
    table.post("/coach/cohorts/:id/enrollment", Access::Coach, save)
}

#[handler]
async fn save(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let (cohort, program) = found(site, &signed, &id).await?;
    let mut checked = Checked::new(&fields);
    let settings = read(&mut checked, &fields, cohort.zone);
    let form = match checked.finish(|| settings) {
        Ok(settings) => {
            let of = (cohort.practice_id, cohort.id);
            match save_admission(&site.app, of, &settings, signed.coach.name.expose()).await {
                Ok(()) => return Ok(see_other(&format!("/coach/cohorts/{}/settings?done=saved", cohort.id))),
                Err(Refused::Past) => Entered::of(&fields).wrong("decide_on", PAST),
                Err(Refused::Off) => return Ok(see_other(&format!("/coach/cohorts/{}/decide", cohort.id))),
                Err(Refused::Unknown) => return Err(PageError::NotFound),
                Err(Refused::Store(error)) => return Err(error.into()),
            }
        }
        Err(form) => form,
    };
    let chrome = desk::around(site, &signed, Here::Cohorts).await?;
    let page = CohortSettingsPage::of((&cohort, &program), settings::filled(&cohort), form);
    site.pages.refused(&chrome, &page)
}

/// A day to decide by that lies behind.
pub(crate) const PAST: &str = "This is in the past. Choose a day and an hour that are still to come";
