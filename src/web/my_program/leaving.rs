//! How does somebody leave, or just this browser?

use poem::{Request, Response, handler, web::Data};

use super::{frame, place::Place, standing};
use crate::{
    actions::{
        leave::{By, Refused, leave},
        sign_in::sign_out,
    },
    domain::people::Who,
    web::{
        error::PageError,
        fields::Fields,
        guard::{SignedParticipant, see_other, without_sign_in},
        notices::{Act, Look, Notice},
        site::Site,
        visitor,
    },
};

#[handler]
pub(super) async fn ask(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = visitor::query(request)?;
    let chrome = frame(site, &signed, "");
    let back = Act::link("Back to my page", "/p", Look::Plain);
    let place = Place::find(site, &signed, asked.text("enrollment")).await?;
    let Some(place) = place.filter(|place| standing::can_leave(place.enrollment.standing)) else {
        return Notice::new("There is nothing to leave", "You have no place in a group at the moment.")
            .act(back)
            .own(site, &chrome);
    };
    let id = place.enrollment.id.to_string();
    let coach = signed.practice.first_name.expose();
    Notice::new("Leave the program?", "Emails stop straight away, and your place goes to the next person waiting.")
        .detail(format!(
            "Your calendar entries are removed. {coach} is told that you left, but not why. You do not have to explain."
        ))
        .act(Act::link("Stay", "/p", Look::Plain))
        .act(Act::post("Leave the program", "/p/leave", Look::Stop, &[("enrollment", &id)]))
        .own(site, &chrome)
}

#[handler]
pub(super) async fn go(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let place = Place::find(site, &signed, fields.text("enrollment")).await?.ok_or(PageError::NotFound)?;
    match leave(&site.app, place.enrollment.id, &By::Participant).await {
        Ok(_) => Ok(without_sign_in(site, see_other("/left"), Who::Participant)),
        Err(Refused::Standing(_)) => Err(PageError::Conflict(
            "There is nothing to leave: the group is over, or your place was not confirmed.".into(),
        )),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

/// For whoever has just left: it knows nobody.
#[handler]
pub(super) async fn left(Data(site): Data<&Site>) -> Result<Response, PageError> {
    Notice::new("You have left", "Emails have stopped, and you are signed out everywhere.")
        .detail(
            "Calendar entries we sent you are removed by a last message for each. You do not have to explain anything.",
        )
        .show(site, &visitor::neutral(site, None))
}

#[handler]
pub(super) async fn forget(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    sign_out(&site.app, &signed.login).await?;
    Ok(without_sign_in(site, see_other("/"), Who::Participant))
}
