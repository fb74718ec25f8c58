//! Until when may people of a cohort move or pause by themselves?

use chrono::NaiveDate;
use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::{found, settings};
use crate::{
    actions::save_windows::{Refused, Windows, save_windows},
    store::cohorts::Cohort,
    web::{
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedCoach, see_other},
        site::Site,
        table::{Access, Table},
    },
};

pub(super) fn add(table: Table) -> Table {
    table.post("/coach/cohorts/:id/windows", Access::Coach, save)
}

/// The dates as they are, beside the fields of another form on the same page.
pub(super) fn filled(form: Entered, cohort: &Cohort) -> Entered {
    let date = |on: Option<NaiveDate>| on.map(|on| on.to_string()).unwrap_or_default();
    form.with("move_until_on", date(cohort.move_until_on)).with("pause_until_on", date(cohort.pause_until_on))
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
    let move_until_on = checked.optional("move_until_on", day);
    let pause_until_on = checked.optional("pause_until_on", day);
    let windows = checked.finish(|| Some(Windows { move_until_on: move_until_on?, pause_until_on: pause_until_on? }));
    let windows = match windows {
        Ok(windows) => windows,
        Err(wrong) => {
            let typed = ["move_until_on", "pause_until_on"]
                .iter()
                .fold(settings::filled(&cohort), |form, name| form.with(name, fields.text(name)));
            let form = wrong.errors().iter().fold(typed, |form, error| form.wrong(&error.field, error.message.clone()));
            return settings::refused(site, &signed, (&cohort, &program), form).await;
        }
    };
    match save_windows(&site.app, (signed.practice.id, cohort.id), windows, signed.coach.name.expose()).await {
        Ok(()) => Ok(see_other(&format!("/coach/cohorts/{}/settings?done=saved", cohort.id))),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

fn day(text: &str) -> Result<NaiveDate, &'static str> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| "Enter a date such as 2026-11-08, or leave this empty")
}
