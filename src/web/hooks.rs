//! What may other machines hand us? A mail that came in, with the operator's token.

use poem::{
    Body, Request, Response, handler,
    http::{StatusCode, header},
    web::Data,
};
use secrecy::ExposeSecret;

use crate::{
    actions::take_in::{Door, take_in},
    keys::{same, token_hash},
    web::{
        error::PageError,
        site::Site,
        table::{Access, Origin, Table},
    },
};

pub(crate) const MAIL: &str = "/hooks/mail";

pub(crate) fn add(table: Table) -> Table {
    table.post_from(MAIL, Access::Token, Origin::Anywhere, take_mail)
}

/// The body is the mail, whole. 200 once it is dealt with, or nothing to us; anything else: send it again later.
#[handler]
async fn take_mail(Data(site): Data<&Site>, request: &Request, body: Body) -> Result<Response, PageError> {
    let token = site.config.bounces.hook_token().map_err(|error| PageError::Internal(error.into()))?;
    // Off, and a wrong token: there is nothing here.
    let token = token.ok_or(PageError::NotFound)?;
    let given =
        request.header(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    // Hashes are of one length, whatever was given.
    if !same(token_hash(given).as_bytes(), token_hash(token.expose_secret()).as_bytes()) {
        return Err(PageError::NotFound);
    }
    let bytes = body.into_bytes().await.map_err(|error| PageError::Internal(error.into()))?;
    let outcome = take_in(&site.app, &bytes, Door::Handed).await?;
    let said = serde_json::json!({ "outcome": outcome }).to_string();
    Ok(Response::builder().status(StatusCode::OK).content_type("application/json").body(said))
}
