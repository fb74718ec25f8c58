//! Somebody cannot come to a session: how is that said, and taken back?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::{frame, place::Place};
use crate::{
    actions::answer_session::{Answer, Refused, answer_session},
    domain::{civil::When, session::SessionState},
    store::sessions::SessionRow,
    web::{
        error::PageError,
        fields::Fields,
        guard::{SignedParticipant, see_other},
        notices::{Act, Look, Notice},
        site::Site,
    },
};

#[handler]
pub(super) async fn show(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (place, meeting) = Place::around(site, &signed, &id).await?;
    let over = meeting.ends_at <= site.clock.now().program || meeting.state == SessionState::Canceled;
    let notice = if over {
        Notice::new("This session is over or canceled", "There is nothing to tell us about it.")
    } else {
        question(&signed, &place, &meeting)
    };
    notice.act(Act::link("Back to my page", "/p", Look::Quiet)).own(site, &frame(site, &signed, ""))
}

fn question(signed: &SignedParticipant, place: &Place, meeting: &SessionRow) -> Notice {
    let when = When::new(meeting.starts_at, meeting.ends_at, signed.person.zone).full();
    let to = format!("/p/absent/{}", meeting.id);
    if place.has_declined(meeting.id) {
        return Notice::new("You cannot come", format!("{when}. Thank you for telling us.")).act(Act::post(
            "I can come after all",
            to,
            Look::Go,
            &[("answer", "comes")],
        ));
    }
    let coach = signed.practice.first_name.expose();
    Notice::new("Can’t you come?", format!("{when}."))
        .detail(format!(
            "{coach} is told that you will not be there. Your place in the group stays yours, and you do not have to \
             explain."
        ))
        .act(Act::post("I can’t come", to, Look::Go, &[("answer", "declined")]))
}

#[handler]
pub(super) async fn answer(
    Data(site): Data<&Site>,
    signed: SignedParticipant,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let (place, meeting) = Place::around(site, &signed, &id).await?;
    let (answer, done) = match fields.text("answer") {
        "comes" => (Answer::Comes, "comes"),
        _ => (Answer::CannotCome, "absent"),
    };
    let of = (signed.practice.id, place.enrollment.id);
    match answer_session(&site.app, of, meeting.id, answer).await {
        Ok(()) => Ok(see_other(&format!("/p?done={done}&enrollment={}", place.enrollment.id))),
        Err(Refused::Over) => Err(PageError::Conflict("This session is over.".into())),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
