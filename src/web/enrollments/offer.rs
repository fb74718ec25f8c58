//! A place is held for somebody, from the waitlist or after an application: is it taken, or passed on?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use super::confirm::{Held, Link, arrive, follow};
use crate::{
    actions::{
        confirm_enrollment::{Refused, accept_offer},
        decline_place::{self, decline_place},
    },
    domain::{
        civil::{self, When},
        enrollment::Standing,
        session::SessionState,
    },
    links::Purpose,
    store::{cohorts, sessions},
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
    if !is_held(site, &held) {
        return decided(site, &held).await;
    }
    first_session(site, &held, Notice::new("A place is free for you", until(site, &held)))
        .await?
        .act(Act::post("Take the place", format!("/offer/{token}"), Look::Go, &[]))
        .act(Act::link("I do not want it", format!("/offer/{token}/decline"), Look::Plain))
        .show(site, &visitor::neutral(site, Some(&held.practice)))
}

/// One button: a scanner that opens the link declines nothing.
#[handler]
pub(super) async fn ask_decline(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let held = held(site, &token).await?;
    if !is_held(site, &held) {
        return decided(site, &held).await;
    }
    Notice::new("Pass this place on?", "The next person is offered it at once. You do not have to explain.")
        .detail(until(site, &held))
        .act(Act::post("I do not want the place", format!("/offer/{token}/decline"), Look::Go, &[]))
        .act(Act::link("Back to the offer", format!("/offer/{token}"), Look::Plain))
        .show(site, &visitor::neutral(site, Some(&held.practice)))
}

fn until(site: &Site, held: &Held) -> String {
    let until = held.enrollment.hold_until.unwrap_or(site.clock.now().real);
    format!("It is held until {}.", civil::moment(until, held.person.zone))
}

/// An offer whose time is over may still stand for the second until the worker looks.
fn is_held(site: &Site, held: &Held) -> bool {
    matches!(held.enrollment.standing, Standing::Offered | Standing::Accepted)
        && held.enrollment.hold_until.is_some_and(|until| until > site.clock.now().real)
}

async fn decided(site: &Site, held: &Held) -> Result<Response, PageError> {
    let chrome = visitor::neutral(site, Some(&held.practice));
    match held.enrollment.standing {
        Standing::Enrolled | Standing::Paused | Standing::Completed => {
            Notice::new("You have taken this place", "There is nothing more to do here.")
                .act(Act::link("Open my page", "/p", Look::Go))
                .find_my_link()
                .show(site, &chrome)
        }
        Standing::Declined => {
            Notice::new("You passed this place on", "Thank you for telling us. No more email will come about it.")
                .act(Act::link("Fill in the form again", form_of(held), Look::Plain))
                .show(site, &chrome)
        }
        Standing::Lapsed if held.enrollment.left_at.is_some() => {
            Notice::new("You passed this place on", "Thank you for telling us. No more email will come about it.")
                .act(Act::link("Fill in the form again", form_of(held), Look::Plain))
                .show(site, &chrome)
        }
        Standing::Waitlisted => Notice::new("You are on the list", "We write to you when a place is free for you.")
            .act(Act::link("Open my page", "/p", Look::Go))
            .find_my_link()
            .show(site, &chrome),
        Standing::Offered
        | Standing::Pending
        | Standing::Applied
        | Standing::Accepted
        | Standing::OfferExpired
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed
        | Standing::Lapsed => over(site, held).await,
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

fn form_of(held: &Held) -> String {
    format!("/enroll/{}", held.enrollment.cohort_id)
}

/// What happened, and what can be done: the same for whoever comes a second or a week too late.
async fn over(site: &Site, held: &Held) -> Result<Response, PageError> {
    let cohort = cohorts::anywhere(site.db.reader(), held.enrollment.cohort_id).await?;
    let takes_place = cohort.is_some_and(|cohort| !cohort.decision.is_off());
    let notice = if takes_place {
        let ended = held.enrollment.hold_until.map_or_else(
            || "Its time is over.".to_owned(),
            |until| format!("The place was held until {}.", civil::moment(until, held.person.zone)),
        );
        Notice::new("This offer is over", format!("{ended} It has gone to the next person, and nothing was changed."))
            .detail(
                "Would you still like to come? Send the form again, and you are on the list for the next free place.",
            )
            .act(Act::link("Ask again", form_of(held), Look::Go))
    } else {
        Notice::new("This offer is over", "The group does not take place. We have written to you about other dates.")
    };
    notice.find_my_link().gone(site, &visitor::neutral(site, Some(&held.practice)))
}

#[handler]
pub(super) async fn accept(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let held = held(site, &token).await?;
    match accept_offer(&site.app, held.enrollment.id).await {
        Ok(now) => arrive(site, &held, &now).await,
        Err(Refused::Late | Refused::Over) => over(site, &held).await,
        Err(Refused::Unknown | Refused::Standing(_)) => {
            // Somebody, or the end of its time, was faster: what is true now is said.
            decided(site, &self::held(site, &token).await?).await
        }
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

/// Only what is held is declined here: the link of a place that was taken must not end it.
#[handler]
pub(super) async fn decline(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let held = held(site, &token).await?;
    match decline_place(&site.app, held.enrollment.id).await {
        Ok(_) | Err(decline_place::Refused::Unknown | decline_place::Refused::Standing(_)) => {}
        Err(decline_place::Refused::Store(error)) => return Err(error.into()),
    }
    Ok(see_other(&format!("/offer/{token}")))
}
