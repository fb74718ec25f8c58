//! Does somebody come to a session? Said with one button from a mail, without a sign-in.

use poem::{
    Response, handler,
    web::{Data, Path},
};

use crate::{
    actions::answer_session::{Answer, Refused, answer_session},
    domain::{civil::When, session::SessionState},
    links::Purpose,
    store::{
        enrollments::{self, Enrollment},
        invites,
        participants::{self, Participant},
        practices::{self, Practice},
        sessions::{self, SessionRow},
    },
    web::{
        error::PageError,
        fields::Fields,
        guard::see_other,
        my_program::place::is_inside,
        notices::{Act, Look, Notice},
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

pub(crate) fn add(table: Table) -> Table {
    table.get("/rsvp/:token", Access::Link, ask).post("/rsvp/:token", Access::Link, answer)
}

/// Whose answer it is, and about which session.
struct Asked {
    practice: Practice,
    person: Participant,
    enrollment: Enrollment,
    meeting: SessionRow,
    declined: bool,
}

/// The link sets this one answer and shows nothing but the time. Of somebody who left nothing is known.
async fn held(site: &Site, token: &str) -> Result<Asked, PageError> {
    let claims = site.links.read(Purpose::Rsvp, token, site.clock.now().real).map_err(|_| PageError::NotFound)?;
    let db = site.db.reader();
    let person = participants::holding(db, claims.person.into()).await?.ok_or(PageError::Gone)?;
    if u32::try_from(person.epoch).ok() != Some(claims.epoch) {
        return Err(PageError::NotFound);
    }
    let practice = practices::find(db, person.practice_id).await?.ok_or(PageError::Gone)?;
    let meeting = sessions::find(db, practice.id, claims.object.into()).await?.ok_or(PageError::Gone)?;
    let enrollment = enrollments::of_person_in(db, meeting.cohort_id, person.id).await?;
    let enrollment = enrollment.filter(|enrollment| is_inside(enrollment.standing)).ok_or(PageError::Gone)?;
    let known = invites::of_enrollment(db, enrollment.id).await?;
    let newest = known.iter().rev().find(|invite| invite.session_id == meeting.id);
    let declined = newest.is_some_and(|invite| invite.rsvp == Answer::CannotCome.as_str());
    Ok(Asked { practice, person, enrollment, meeting, declined })
}

/// Nothing is said here yet: scanners open every link.
#[handler]
async fn ask(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let asked = held(site, &token).await?;
    let when = When::new(asked.meeting.starts_at, asked.meeting.ends_at, asked.person.zone).full();
    let over = asked.meeting.ends_at <= site.clock.now().program || asked.meeting.state == SessionState::Canceled;
    let to = format!("/rsvp/{token}");
    let notice =
        match (over, asked.declined) {
            (true, _) => Notice::new("This date is over or canceled", "There is nothing to tell us about it."),
            (false, true) => Notice::new("You cannot come", format!("{when}. Thank you for telling us."))
                .act(Act::post("I can come after all", to, Look::Go, &[("answer", "comes")])),
            (false, false) => Notice::new("Can’t you come?", format!("{when}."))
                .detail("You do not have to explain, and nothing else changes.")
                .act(Act::post("I can’t come", to, Look::Go, &[("answer", "declined")])),
        };
    notice.show(site, &visitor::neutral(site, Some(&asked.practice)))
}

#[handler]
async fn answer(Data(site): Data<&Site>, Path(token): Path<String>, fields: Fields) -> Result<Response, PageError> {
    fields.form_token()?;
    let asked = held(site, &token).await?;
    let answer = match fields.text("answer") {
        "comes" => Answer::Comes,
        _ => Answer::CannotCome,
    };
    let of = (asked.practice.id, asked.enrollment.id);
    match answer_session(&site.app, of, asked.meeting.id, answer).await {
        Ok(()) | Err(Refused::Over) => Ok(see_other(&format!("/rsvp/{token}"))),
        Err(Refused::Unknown) => Err(PageError::NotFound),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
