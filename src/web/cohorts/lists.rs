//! How does a cohort go into a spreadsheet?

use std::collections::BTreeMap;

use poem::{
    Response, handler,
    http::header,
    web::{Data, Path},
};

use super::found;
use crate::{
    actions::note_export::note_export,
    domain::{ids::CohortId, spreadsheet::Sheet},
    store::{enrollments, participants},
    web::{
        error::PageError,
        guard::SignedCoach,
        labels,
        site::Site,
        table::{Access, Table},
    },
};

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/cohorts/:id/roster.csv", Access::Coach, roster)
}

/// A file under a name that says nothing, and a line in the audit.
pub(crate) async fn file(
    site: &Site,
    signed: &SignedCoach,
    cohort: CohortId,
    (what, sheet): (&'static str, Sheet),
) -> Result<Response, PageError> {
    note_export(&site.app, (signed.practice.id, cohort), what, signed.coach.name.expose()).await?;
    Ok(Response::builder()
        .content_type("text/csv; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{what}.csv\""))
        .body(sheet.finish()))
}

/// Nobody is named beside somebody else: that two came together is not in it.
#[handler]
async fn roster(Data(site): Data<&Site>, signed: SignedCoach, Path(id): Path<String>) -> Result<Response, PageError> {
    let (cohort, program) = found(site, &signed, &id).await?;
    let db = site.db.reader();
    let everyone = enrollments::of_cohort(db, cohort.id).await?;
    let ids: Vec<_> = everyone.iter().map(|enrollment| enrollment.participant_id).collect();
    let people = participants::with_ids(db, cohort.practice_id, &ids).await?;
    let people: BTreeMap<_, _> = people.into_iter().map(|person| (person.id, person)).collect();
    let tracks = &program.content.0.tracks;
    let mut rows: Vec<[String; 6]> = Vec::new();
    for enrollment in &everyone {
        let Some(person) = people.get(&enrollment.participant_id) else { continue };
        let track = tracks.iter().find(|track| track.key == enrollment.track).map(|track| track.label.clone());
        let since = signed.practice.zone.local(enrollment.confirmed_at.unwrap_or(enrollment.asked_at));
        rows.push([
            person.name.expose().to_owned(),
            person.email.expose().to_owned(),
            person.zone.name().to_owned(),
            track.unwrap_or_default(),
            labels::standing(enrollment.standing).text.to_string(),
            since.date().to_string(),
        ]);
    }
    rows.sort_by_key(|row| row[0].to_lowercase());
    let mut sheet = Sheet::new(&["Name", "Email", "Zone", "Track", "Standing", "Since"]);
    rows.iter().for_each(|row| sheet.row(row));
    file(site, &signed, cohort.id, ("roster", sheet)).await
}
