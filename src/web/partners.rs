//! Somebody was asked to come along: what do they see, and what can they answer?
//!
//! The first page names nobody but the one who asked. What it is about is on the second, which is a program's
//! own form. Nothing is asked or shown here of the inviter's answers, and nothing of this reaches the inviter.

use poem::{
    Response, handler,
    web::{Data, Path},
};
use uuid::Uuid;

use crate::{
    actions::{
        couples::answer::{self, Refused, decline, has_place, join},
        sign_in::{PARTICIPANT_FOR, sign_in_participant},
    },
    domain::{civil, couple::presentable, enrollment::Standing, people::Who},
    links::{BadLink, Purpose},
    store::{
        couples::{self, Couple},
        enrollments::{self, Enrollment},
        participants::{self, Participant},
        practices::{self, Practice},
    },
    web::{
        enrollments::{FormPage, Offered, Whose, blank, check},
        error::PageError,
        fields::Fields,
        form::Entered,
        guard::{see_other, with_sign_in},
        notices::{Act, Look, Notice},
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

pub(crate) fn add(table: Table) -> Table {
    table
        .get("/partner/:token", Access::Link, show)
        .get("/partner/:token/join", Access::Link, ask)
        .post("/partner/:token/join", Access::Link, come)
        .post("/partner/:token/decline", Access::Link, refuse)
}

/// What the link leads to: who was asked, and by which couple.
struct Invited {
    couple: Couple,
    person: Participant,
    practice: Practice,
    here: Option<Enrollment>,
    token: String,
}

impl Invited {
    /// None: the time to answer is over, whatever ended it.
    async fn read(site: &Site, token: &str) -> Result<(Self, bool), PageError> {
        let now = site.clock.now().real;
        let claims = match site.links.read(Purpose::Partner, token, now) {
            Ok(claims) => claims,
            Err(BadLink::Expired(_)) => return Err(PageError::Gone),
            Err(BadLink::Forged) => return Err(PageError::NotFound),
        };
        let db = site.db.reader();
        let couple = couples::holding(db, claims.object).await?.ok_or(PageError::Gone)?;
        let person = participants::holding(db, claims.person.into()).await?.ok_or(PageError::Gone)?;
        let is_current = u32::try_from(person.epoch) == Ok(claims.epoch);
        if couple.person_id != Some(person.id) || !is_current {
            return Err(PageError::Gone);
        }
        let practice = practices::find(db, couple.practice_id).await?.ok_or(PageError::Gone)?;
        let here = enrollments::of_person_in(db, couple.cohort_id, person.id).await?;
        let in_time = couple.respond_by.is_some_and(|until| until > now);
        let removed = here.as_ref().is_some_and(|here| here.standing == Standing::Removed);
        let is_open = couple.state.is_open() && in_time && !removed;
        Ok((Self { couple, person, practice, here, token: token.to_owned() }, is_open))
    }

    fn path(&self, end: &str) -> String {
        format!("/partner/{}{end}", self.token)
    }

    /// The name the inviter goes by, as the letter gave it.
    async fn inviter(&self, site: &Site) -> Result<String, PageError> {
        let db = site.db.reader();
        let inviter = enrollments::holding(db, self.couple.inviter_id).await?;
        let person = match inviter {
            Some(inviter) => participants::holding(db, inviter.participant_id).await?,
            None => None,
        };
        Ok(person.and_then(|person| presentable(&person.name)).unwrap_or_else(|| "Somebody".to_owned()))
    }

    fn is_joined(&self) -> bool {
        self.couple.partner_id.is_some()
    }
}

fn over(site: &Site, invited: &Invited) -> Result<Response, PageError> {
    let chrome = visitor::neutral(site, Some(&invited.practice));
    if invited.is_joined() {
        return Notice::new("You have answered", "There is nothing more to do here.")
            .act(Act::link("Open my page", "/p", Look::Go))
            .find_my_link()
            .show(site, &chrome);
    }
    Notice::new("The time to answer is over", "Nothing was changed, and nobody is told anything.")
        .detail("If you would like a place of your own, you can still ask for one.")
        .act(Act::link("See what it is about", format!("/enroll/{}", invited.couple.cohort_id), Look::Plain))
        .gone(site, &chrome)
}

#[handler]
async fn show(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let (invited, is_open) = Invited::read(site, &token).await?;
    if !is_open {
        return over(site, &invited);
    }
    let chrome = visitor::neutral(site, Some(&invited.practice));
    if invited.couple.declined_at.is_some() {
        return Notice::new(
            "You said no",
            "Thank you for telling us. Nobody is told, and no more email comes about it.",
        )
        .act(Act::link("I have changed my mind", invited.path("/join"), Look::Quiet))
        .show(site, &chrome);
    }
    let inviter = invited.inviter(site).await?;
    let until = invited.couple.respond_by.map(|until| civil::moment(until, invited.person.zone)).unwrap_or_default();
    Notice::new(
        "An invitation for you",
        format!("{inviter} would like you to come along. What it is about is on the next page: open it when nobody looks over your shoulder."),
    )
    .detail(format!("You can answer until {until}."))
    .detail("Nobody is told what you answer. What you choose and write is yours alone, and you can leave at any time without the person who asked.")
    .act(Act::link("See what it is about", invited.path("/join"), Look::Go))
    .act(Act::post("No, thank you", invited.path("/decline"), Look::Plain, &[]))
    .show(site, &chrome)
}

/// The form; for somebody who has a place already, one button.
#[handler]
async fn ask(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let (invited, is_open) = Invited::read(site, &token).await?;
    if !is_open {
        return over(site, &invited);
    }
    if invited.here.as_ref().is_some_and(|here| has_place(here.standing)) {
        let coach = invited.practice.first_name.expose();
        return Notice::new(
            "Come together?",
            format!("You are with us already, and nothing of that changes. If you press the button, {coach} knows that the two of you belong together."),
        )
        .detail("The person who asked is not told whether you had a place, nor what you answer.")
        .act(Act::post("Yes, we belong together", invited.path("/join"), Look::Go, &[]))
        .act(Act::post("No, thank you", invited.path("/decline"), Look::Plain, &[]))
        .show(site, &visitor::neutral(site, Some(&invited.practice)));
    }
    form(site, &invited, None).await
}

async fn form(site: &Site, invited: &Invited, refused: Option<Entered>) -> Result<Response, PageError> {
    let offered = Offered::read(site, &invited.couple.cohort_id.to_string()).await?;
    let knows_us = invited.person.confirmed_at.is_some();
    let zone = if knows_us { invited.person.zone } else { offered.cohort.zone };
    let Some(dates) = offered.running(site, zone) else { return over(site, invited) };
    let whose = Whose::Partner { email: &invited.person.email, action: invited.path("/join"), back: invited.path("") };
    // The device knows better than the inviter where somebody is.
    let empty = blank(&offered, knows_us.then_some(zone)).with("name", invited.person.name.expose());
    let (is_refused, lesson) = (refused.is_some(), offered.first_lesson(site).await?);
    let page = FormPage::new(site, (&offered, lesson), dates, &whose, refused.unwrap_or(empty));
    let chrome = visitor::neutral(site, Some(&invited.practice));
    if is_refused { site.pages.refused(&chrome, &page) } else { site.pages.render(&chrome, &page) }
}

#[handler]
async fn come(Data(site): Data<&Site>, Path(token): Path<String>, fields: Fields) -> Result<Response, PageError> {
    fields.form_token()?;
    let (invited, is_open) = Invited::read(site, &token).await?;
    if !is_open {
        return over(site, &invited);
    }
    let of: (Uuid, _) = (invited.couple.id, invited.person.id);
    if invited.here.as_ref().is_some_and(|here| has_place(here.standing)) {
        return answered(site, &invited, join(&site.app, of, None).await).await;
    }
    let offered = Offered::read(site, &invited.couple.cohort_id.to_string()).await?;
    let whose = Whose::Partner { email: &invited.person.email, action: invited.path("/join"), back: invited.path("") };
    match check(&offered, &whose, &fields) {
        Ok(own) => answered(site, &invited, join(&site.app, of, Some(&own)).await).await,
        Err(entered) => form(site, &invited, Some(entered)).await,
    }
}

/// To their own page, signed in: the link came to their inbox, and the button was pressed.
async fn answered(site: &Site, invited: &Invited, outcome: Result<Enrollment, Refused>) -> Result<Response, PageError> {
    let now = match outcome {
        Ok(now) => now,
        Err(Refused::Over | Refused::Confirm(_)) => return over(site, invited),
        Err(Refused::Store(error)) => return Err(error.into()),
    };
    let done = match now.standing {
        Standing::Waitlisted => "waitlisted",
        Standing::Enrolled if !invited.here.as_ref().is_some_and(|here| has_place(here.standing)) => "confirmed",
        Standing::Enrolled
        | Standing::Pending
        | Standing::Applied
        | Standing::Accepted
        | Standing::Declined
        | Standing::Offered
        | Standing::OfferExpired
        | Standing::Paused
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed
        | Standing::Completed
        | Standing::Lapsed => "together",
    };
    let response = see_other(&format!("/p?done={done}"));
    let signed_in = sign_in_participant(&site.app, invited.person.id, PARTICIPANT_FOR).await;
    let signed_in = signed_in.map_err(anyhow::Error::from)?;
    Ok(with_sign_in(site, response, Who::Participant, &signed_in))
}

#[handler]
async fn refuse(Data(site): Data<&Site>, Path(token): Path<String>, fields: Fields) -> Result<Response, PageError> {
    fields.form_token()?;
    let (invited, is_open) = Invited::read(site, &token).await?;
    if !is_open {
        return over(site, &invited);
    }
    match decline(&site.app, (invited.couple.id, invited.person.id)).await {
        Ok(()) => Ok(see_other(&invited.path(""))),
        Err(answer::Refused::Over | answer::Refused::Confirm(_)) => over(site, &invited),
        Err(answer::Refused::Store(error)) => Err(error.into()),
    }
}
