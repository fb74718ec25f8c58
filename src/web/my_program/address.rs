//! How does somebody get their mail elsewhere?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::{frame, page::MyProgram, place::Place};
use crate::{
    actions::new_address::{Refused, ask_for_new_address, confirm_new_address, who_asked},
    domain::email_address::EmailAddress,
    web::{
        error::PageError,
        fields::Fields,
        form::{Checked, Entered},
        guard::{SignedParticipant, see_other},
        notices::{Act, Look, Notice},
        site::Site,
        visitor,
    },
};

/// The same answer for any address: whether somebody else here has it is nobody's to know.
#[handler]
pub(super) async fn ask(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let wanted = fields.text("enrollment");
    let mut checked = Checked::new(&fields);
    let email = checked.parse("new_email", EmailAddress::parse);
    match checked.finish(|| email) {
        Ok(email) => {
            ask_for_new_address(&site.app, (signed.practice.id, signed.person.id), &email).await?;
            Ok(see_other(&format!("/p?done=address&enrollment={wanted}")))
        }
        Err(wrong) => {
            let place = Place::find(site, &signed, wanted).await?;
            let settings = super::settings::shown(site, &signed, place.as_ref()).await?;
            let form = wrong
                .errors()
                .iter()
                .fold(settings.with("new_email", fields.text("new_email")), |form: Entered, error| {
                    form.wrong(&error.field, error.message.clone())
                });
            let page = MyProgram::read(site, &signed, wanted, Some(form)).await?;
            site.pages.refused(&frame(site, &signed, ""), &page)
        }
    }
}

/// One button: a scanner that opens the link changes nothing. The page names neither address.
#[handler]
pub(super) async fn show(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    if who_asked(&site.app, &token).await?.is_none() {
        return Err(PageError::Gone);
    }
    Notice::new(
        "Use this address from now on?",
        "Emails and calendar entries then come to the inbox you found this in.",
    )
    .detail("The old address is told, its calendar entries are taken out, and you are signed out everywhere.")
    .act(Act::post("Use this address", format!("/address/{token}"), Look::Go, &[]))
    .act(Act::link("This was not me", "/help", Look::Quiet))
    .show(site, &visitor::neutral(site, None))
}

#[handler]
pub(super) async fn confirm(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let chrome = visitor::neutral(site, None);
    match confirm_new_address(&site.app, &token).await {
        Ok(()) => Notice::new("It is done", "From now on we write to this address.")
            .detail("You were signed out everywhere. Find your link with the new address.")
            .find_my_link()
            .show(site, &chrome),
        Err(Refused::Over) => Err(PageError::Gone),
        Err(Refused::Taken) => Notice::new(
            "This address is in use here already",
            "It belongs to another place, so nothing was changed. Answer any email from us if that should not be.",
        )
        .find_my_link()
        .gone(site, &chrome),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
