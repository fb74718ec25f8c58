//! A place came free: is it taken, or passed on?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::confirm::{Held, Link, arrive, follow};
use crate::{
    actions::{
        confirm_enrollment::{Refused, accept_offer},
        leave::{self, By},
    },
    domain::{
        civil::{self, When},
        enrollment::Standing,
        session::SessionState,
    },
    links::Purpose,
    store::sessions,
    web::{
        error::PageError,
        fields::Fields,
        guard::see_other,
        notices::{Act, Look, Notice},
        site::Site,
        visitor,
    },
};

async fn held(site: &Site, token: &str) -> Result<Held, PageError> {
    match follow(site, Purpose::Offer, token).await? {
        Link::Good(held) | Link::Over(held) => Ok(held),
    }
}

#[handler]
pub(super) async fn show(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let held = held(site, &token).await?;
    if held.enrollment.standing == Standing::Offered && !is_late(site, &held) {
        return still_held(site, &token, &held).await;
    }
    decided(site, &held)
}

async fn still_held(site: &Site, token: &str, held: &Held) -> Result<Response, PageError> {
    let until = held.enrollment.hold_until.unwrap_or(site.clock.now().real);
    let lead = format!("It is held until {}.", civil::moment(until, held.person.zone));
    first_session(site, held, Notice::new("A place is free for you", lead))
        .await?
        .act(Act::post("Accept my place", format!("/offer/{token}"), Look::Go, &[]))
        .act(Act::post("No, thank you", format!("/offer/{token}/decline"), Look::Plain, &[]))
        .show(site, &visitor::neutral(site, Some(&held.practice)))
}

fn decided(site: &Site, held: &Held) -> Result<Response, PageError> {
    let chrome = visitor::neutral(site, Some(&held.practice));
    match held.enrollment.standing {
        Standing::Enrolled | Standing::Paused | Standing::Completed => {
            Notice::new("You have accepted this place", "There is nothing more to do here.")
                .act(Act::link("Open my page", "/p", Look::Go))
                .find_my_link()
                .show(site, &chrome)
        }
        Standing::Declined => {
            Notice::new("You passed this place on", "Thank you for telling us. No more email will come about it.")
                .act(Act::link("Fill in the form again", format!("/enroll/{}", held.enrollment.cohort_id), Look::Plain))
                .show(site, &chrome)
        }
        Standing::Offered
        | Standing::Pending
        | Standing::Applied
        | Standing::Accepted
        | Standing::Waitlisted
        | Standing::OfferExpired
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed
        | Standing::Lapsed => over(site, held),
    }
}

async fn first_session(site: &Site, held: &Held, notice: Notice) -> Result<Notice, PageError> {
    let meetings = sessions::of_cohort(site.db.reader(), held.enrollment.cohort_id).await?;
    let now = site.clock.now().program;
    let next = meetings.iter().find(|m| m.state == SessionState::Planned && m.ends_at > now);
    Ok(match next {
        Some(next) => {
            let when = When::new(next.starts_at, next.ends_at, held.person.zone);
            notice.detail(format!("The next session is on {}.", when.full()))
        }
        None => notice,
    })
}

fn over(site: &Site, held: &Held) -> Result<Response, PageError> {
    Notice::new("This offer is over", "That place has gone to the next person. Nothing was changed.")
        .act(Act::link("Fill in the form again", format!("/enroll/{}", held.enrollment.cohort_id), Look::Go))
        .find_my_link()
        .gone(site, &visitor::neutral(site, Some(&held.practice)))
}

#[handler]
pub(super) async fn accept(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let held = held(site, &token).await?;
    if is_late(site, &held) {
        return over(site, &held);
    }
    match accept_offer(&site.app, held.enrollment.id).await {
        Ok(now) => arrive(site, &held, &now).await,
        Err(Refused::Unknown | Refused::Over | Refused::Standing(_)) => over(site, &held),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

/// An offer whose time is over may still stand for the second until the worker looks.
fn is_late(site: &Site, held: &Held) -> bool {
    let until = held.enrollment.hold_until;
    held.enrollment.standing == Standing::Offered && until.is_none_or(|until| until <= site.clock.now().real)
}

/// Only an offer is declined here: the link of an accepted one must not end it.
#[handler]
pub(super) async fn decline(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let held = held(site, &token).await?;
    if held.enrollment.standing == Standing::Offered {
        match leave::leave(&site.app, held.enrollment.id, &By::Participant).await {
            Ok(_) | Err(leave::Refused::Unknown | leave::Refused::Standing(_)) => {}
            Err(leave::Refused::Store(error)) => return Err(error.into()),
        }
    }
    Ok(see_other(&format!("/offer/{token}")))
}
