//! How does somebody leave by a mailed link, without a sign-in?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::Mine;
use crate::{
    actions::leave::{By, Refused, leave},
    links::Purpose,
    web::{
        error::PageError,
        fields::Fields,
        guard::see_other,
        my_program::standing::can_leave,
        notices::{Act, Look, Notice},
        site::Site,
    },
};

/// One button: a scanner that opens the link changes nothing.
#[handler]
pub(super) async fn ask(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let mine = Mine::held(site, Purpose::Leave, &token).await?;
    if !can_leave(mine.enrollment.standing) {
        let notice = Notice::new("There is nothing to leave", "You have no place here any more, and no email comes.");
        return mine.notice(site, notice.find_my_link());
    }
    let coach = mine.practice.first_name.expose();
    let notice = Notice::new("Leave?", "Emails stop straight away, and your place goes to the next person waiting.")
        .detail(format!(
            "Your calendar entries are removed. {coach} is told that you left, but not why. You do not have to explain."
        ))
        .act(Act::post("Leave", format!("/leaving/{token}"), Look::Stop, &[]))
        .act(mine.back());
    mine.notice(site, notice)
}

#[handler]
pub(super) async fn go(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let mine = Mine::held(site, Purpose::Leave, &token).await?;
    match leave(&site.app, mine.enrollment.id, &By::Participant).await {
        Ok(_) => Ok(see_other("/left")),
        Err(Refused::Standing(_)) => mine.refusal(
            site,
            "There is nothing to leave",
            "The group is over, or your place was not confirmed. Nothing was changed.",
        ),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
