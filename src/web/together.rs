//! Somebody asked their partner to come along: what can they choose when the partner has not joined?

use poem::{
    Response, handler,
    web::{Data, Path},
};

use crate::{
    actions::couples::choose::{Open, Refused, choose, what_is_open},
    domain::couple::Choice,
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
        guard::see_other,
        notices::{Act, Look, Notice},
        site::Site,
        table::{Access, Table},
        visitor,
    },
};

pub(crate) fn add(table: Table) -> Table {
    table.get("/together/:token", Access::Link, show).post("/together/:token", Access::Link, chosen)
}

struct Asker {
    couple: Couple,
    own: Enrollment,
    practice: Practice,
}

async fn read(site: &Site, token: &str) -> Result<Asker, PageError> {
    let claims = match site.links.read(Purpose::Together, token, site.clock.now().real) {
        Ok(claims) => claims,
        Err(BadLink::Expired(_)) => return Err(PageError::Gone),
        Err(BadLink::Forged) => return Err(PageError::NotFound),
    };
    asker(site, &claims).await?.ok_or(PageError::Gone)
}

async fn asker(site: &Site, claims: &Claims) -> Result<Option<Asker>, PageError> {
    let db = site.db.reader();
    let (Some(couple), Some(person)) =
        (couples::holding(db, claims.object).await?, participants::holding(db, claims.person.into()).await?)
    else {
        return Ok(None);
    };
    let is_current = u32::try_from(person.epoch) == Ok(claims.epoch);
    let own = enrollments::of_person_in(db, couple.cohort_id, person.id).await?;
    let own = own.filter(|own| is_current && (couple.inviter_id == own.id || couple.partner_id == Some(own.id)));
    let practice = practices::find(db, couple.practice_id).await?;
    Ok(own.zip(practice).map(|(own, practice)| Asker { couple, own, practice }))
}

/// The same address as in the mail, for *My program*.
pub(in crate::web) fn path(site: &Site, person: &Participant, couple: &Couple) -> String {
    let claims = Claims {
        person: person.id.0,
        object: couple.id,
        detail: 0,
        epoch: u32::try_from(person.epoch).unwrap_or_default(),
        expires_at: site.clock.now().real + chrono::TimeDelta::days(7),
    };
    format!("/together/{}", site.links.token(Purpose::Together, &claims))
}

#[handler]
async fn show(Data(site): Data<&Site>, Path(token): Path<String>) -> Result<Response, PageError> {
    let asker = read(site, &token).await?;
    let chrome = visitor::neutral(site, Some(&asker.practice));
    let to = format!("/together/{token}");
    let act = |text, choice: Choice, look| Act::post(text, to.clone(), look, &[("choice", choice.as_str())]);
    match what_is_open(&asker.couple, &asker.own) {
        Open::Missing => Notice::new(
            "How would you like to come?",
            "Your partner has not joined. Your own place is yours, whatever they do.",
        )
        .detail("If you wait, a place is kept for them for three more days if one is free.")
        .detail("If you do not come, your place goes to the next person. You do not have to explain.")
        .act(act("I come alone", Choice::Alone, Look::Go))
        .act(act("Wait a little longer", Choice::Wait, Look::Plain))
        .act(act("I do not come", Choice::Cancel, Look::Quiet))
        .show(site, &chrome),
        Open::InLine => Notice::new(
            "You are waiting for two places",
            "When two are free, we write to you and hold yours for a day. If you would rather not wait for two, you \
             can wait for one.",
        )
        .act(act("Come alone instead", Choice::Alone, Look::Go))
        .show(site, &chrome),
        Open::Nothing => Notice::new("Thank you", "There is nothing to choose at the moment.")
            .act(Act::link("Open my page", "/p", Look::Go))
            .find_my_link()
            .show(site, &chrome),
    }
}

#[handler]
async fn chosen(Data(site): Data<&Site>, Path(token): Path<String>, fields: Fields) -> Result<Response, PageError> {
    fields.form_token()?;
    let asker = read(site, &token).await?;
    let choice: Choice = fields
        .text("choice")
        .parse()
        .map_err(|_| PageError::BadRequest("A part of the form was missing. Nothing was changed.".into()))?;
    match choose(&site.app, (asker.couple.id, asker.own.id), choice).await {
        // What is over says so itself.
        Ok(()) | Err(Refused::Nothing | Refused::Couple(_)) => Ok(match choice {
            Choice::Cancel => see_other("/left"),
            Choice::Alone | Choice::Wait => see_other(&format!("/together/{token}")),
        }),
        Err(Refused::Store(error)) => Err(error.into()),
    }
}
