//! What will the mail of an announcement look like? A page of its own, shown in a frame.

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::found;
use crate::{
    actions::preview_note::preview_note,
    domain::discretion::Discretion,
    web::{
        desk::Asked,
        error::PageError,
        guard::SignedCoach,
        mail_frame::{Scheme, framed},
        site::Site,
        table::{Access, Table},
    },
};

pub(super) fn add(table: Table) -> Table {
    table.get("/coach/announcements/:id/mail", Access::Coach, show)
}

#[handler]
async fn show(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, PageError> {
    let row = found(site, &signed, &id).await?;
    let level = Discretion::parse(asked.text("level")).unwrap_or(Discretion::Discreet);
    let html = preview_note(&site.app, &signed.practice, &row, level).await?;
    Ok(framed(&html, Scheme::parse(asked.text("scheme"))))
}
