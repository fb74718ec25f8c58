//! The owner of the address confirms: what does the mailed link show, and do?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use crate::{
    actions::{
        confirm_enrollment::{Refused, confirm_enrollment},
        couples::come_alone,
        sign_in::{PARTICIPANT_FOR, sign_in_participant},
    },
    domain::{couple::CoupleState, enrollment::Standing, people::Who},
    links::{BadLink, Claims, Purpose},
    store::{
        couples::{self, Couple},
        enrollments::{self, Enrollment},
        participants::{self, Participant},
        practices::{self, Practice},
    },
    web::{
        error::PageError,
        fields::Fields,
        guard::{see_other, with_sign_in},
        notices::{Act, Look, Notice},
        site::Site,
        visitor,
    },
};

/// What a signed link about an enrollment leads to.
pub(in crate::web) struct Held {
    pub(in crate::web) enrollment: Enrollment,
    pub(in crate::web) person: Participant,
    pub(in crate::web) practice: Practice,
}

/// A link of this purpose, still in its time or over it. An altered, foreign or revoked one is not found.
pub(in crate::web) enum Link {
    Good(Held),
    Over(Held),
}

pub(in crate::web) async fn follow(site: &Site, purpose: Purpose, token: &str) -> Result<Link, PageError> {
    let (claims, good) = match site.links.read(purpose, token, site.clock.now().real) {
        Ok(claims) => (claims, true),
        Err(BadLink::Expired(claims)) => (claims, false),
        Err(BadLink::Forged) => return Err(PageError::NotFound),
    };
    let held = held(site, &claims).await?.ok_or(PageError::Gone)?;
    Ok(if good { Link::Good(held) } else { Link::Over(held) })
}

async fn held(site: &Site, claims: &Claims) -> Result<Option<Held>, PageError> {
    let db = site.db.reader();
    let Some(person) = participants::holding(db, claims.person.into()).await? else { return Ok(None) };
    let enrollment = enrollments::holding(db, claims.object.into()).await?;
    let enrollment = enrollment.filter(|enrollment| enrollment.participant_id == person.id);
    let is_current = u32::try_from(person.epoch) == Ok(claims.epoch);
    let practice = practices::find(db, person.practice_id).await?;
    let both = enrollment.filter(|_| is_current).zip(practice);
    Ok(both.map(|(enrollment, practice)| Held { enrollment, person, practice }))
}

/// Whether the form named somebody who is to be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Partner,
    Nobody,
}

impl Names {
    fn of(couple: Option<&Couple>) -> Self {
        if couple.is_some_and(|couple| couple.state == CoupleState::Named) { Self::Partner } else { Self::Nobody }
    }
}

/// One button: a scanner that opens the link changes nothing.
#[handler]
pub(super) async fn show(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    match follow(site, Purpose::Confirm, &token).await? {
        Link::Good(held) => {
            let couple = couples::of_inviter(site.db.reader(), held.enrollment.id).await?;
            asked(site, &token, &held, Names::of(couple.as_ref()))
        }
        Link::Over(held) => over(site, &held),
    }
}

fn asked(site: &Site, token: &str, held: &Held, names: Names) -> Result<Response, PageError> {
    let chrome = visitor::neutral(site, Some(&held.practice));
    match held.enrollment.standing {
        Standing::Pending | Standing::Lapsed if names == Names::Partner => Notice::new(
            "Confirm your place",
            "One step is left. Press the button, and your place is yours if there are two. Then we write to your partner.",
        )
        .detail("The email names you, and not what it is about. You can also come alone: then nobody is written to.")
        .detail(
            "If you did not fill in our form, close this page. Nothing will happen, and you will get no more email.",
        )
        .act(Act::post("Confirm, and ask my partner", format!("/confirm/{token}"), Look::Go, &[]))
        .act(Act::post("Confirm, and come alone", format!("/confirm/{token}"), Look::Plain, &[("alone", "yes")]))
        .show(site, &chrome),
        Standing::Pending | Standing::Lapsed => Notice::new(
            "Confirm your place",
            "One step is left. Press the button, and your place is yours if one is free.",
        )
        .detail(
            "If you did not fill in our form, close this page. Nothing will happen, and you will get no more email.",
        )
        .act(Act::post("Confirm my place", format!("/confirm/{token}"), Look::Go, &[]))
        .show(site, &chrome),
        Standing::Enrolled
        | Standing::Paused
        | Standing::Completed
        | Standing::Waitlisted
        | Standing::Offered
        | Standing::Accepted
        | Standing::Applied => Notice::new("This is confirmed already", "There is nothing more to do here.")
            .act(Act::link("Open my page", "/p", Look::Go))
            .find_my_link()
            .show(site, &chrome),
        Standing::Declined
        | Standing::OfferExpired
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed => over(site, held),
    }
}

fn over(site: &Site, held: &Held) -> Result<Response, PageError> {
    Notice::new("This link is no longer in use", "Its time is over, or it was replaced. Nothing was changed.")
        .act(Act::link("Fill in the form again", format!("/enroll/{}", held.enrollment.cohort_id), Look::Go))
        .find_my_link()
        .gone(site, &visitor::neutral(site, Some(&held.practice)))
}

#[handler]
pub(super) async fn confirm(
    Data(site): Data<&Site>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let held = match follow(site, Purpose::Confirm, &token).await? {
        Link::Good(held) => held,
        Link::Over(held) => return over(site, &held),
    };
    if fields.has("alone") {
        come_alone(&site.app, held.enrollment.id).await?;
    }
    match confirm_enrollment(&site.app, held.enrollment.id).await {
        Ok(now) => arrive(site, &held, &now).await,
        Err(Refused::Unknown | Refused::Over | Refused::Late | Refused::Standing(_)) => over(site, &held),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}

/// To their own page, signed in. Only the step itself signs in: a link that was used already does not.
pub(super) async fn arrive(site: &Site, held: &Held, now: &Enrollment) -> Result<Response, PageError> {
    let done = if now.standing == Standing::Waitlisted {
        "waitlisted"
    } else if now.standing == Standing::Applied {
        "applied"
    } else {
        "confirmed"
    };
    let response = see_other(&format!("/p?done={done}"));
    if held.enrollment.standing == now.standing {
        return Ok(response);
    }
    let signed_in = sign_in_participant(&site.app, held.person.id, PARTICIPANT_FOR).await;
    let signed_in = signed_in.map_err(anyhow::Error::from)?;
    Ok(with_sign_in(site, response, Who::Participant, &signed_in))
}
