//! How does a coach move, cancel or restore one session? The plan is shown first, as for every change.

use poem::{
    Response, handler,
    web::{Data, Path},
};

use crate::{
    domain::ids::SessionId,
    store::sessions,
    web::{
        desk,
        error::PageError,
        fields::Fields,
        guard::SignedCoach,
        schedule_changes::{Asking, kind::Kind},
        site::Site,
        table::{Access, Table},
    },
};

pub(crate) fn add(table: Table) -> Table {
    table.get("/coach/sessions/:id/:kind", Access::Coach, show).post("/coach/sessions/:id/:kind", Access::Coach, post)
}

async fn asking<'a>(site: &'a Site, signed: &'a SignedCoach, id: &str, word: &str) -> Result<Asking<'a>, PageError> {
    let id: SessionId = desk::id(id)?;
    let kind = [Kind::Move(id), Kind::Cancel(id), Kind::Restore(id)].into_iter().find(|kind| kind.word() == word);
    let kind = kind.ok_or(PageError::NotFound)?;
    let session = sessions::find(site.db.reader(), signed.practice.id, id).await?.ok_or(PageError::NotFound)?;
    Ok(Asking { site, signed, cohort: session.cohort_id, kind })
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path((id, word)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let asking = asking(site, &signed, &id, &word).await?;
    // Nothing is to be entered where the session stays where it is: the plan is there at once.
    match asking.kind.read(&Fields::default()) {
        Ok(change) => asking.preview(&Fields::default(), &change).await,
        Err(_) => asking.form("").await,
    }
}

#[handler]
async fn post(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path((id, word)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    asking(site, &signed, &id, &word).await?.answer(&fields).await
}
