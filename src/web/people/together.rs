//! Who comes with whom, as the coach sees it; and how are two taken apart?

use poem::{
    Response, handler,
    web::{Data, Path},
};
use serde::Serialize;

use super::found;
use crate::{
    actions::couples::part::part_couple,
    domain::{couple::CoupleState, ids::EnrollmentId},
    store::{
        couples::{self, Couple},
        enrollments::{self, Enrollment},
        participants,
    },
    web::{
        desk,
        error::PageError,
        fields::Fields,
        guard::{SignedCoach, see_other},
        site::Site,
        table::{Access, Table},
    },
};

/// One link between two people.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Link {
    pub(crate) id: String,
    /// `Comes with`, `Asked to come along:`
    pub(crate) text: &'static str,
    pub(crate) name: String,
    /// Where the other is found; empty for somebody who has no place.
    pub(crate) person: String,
}

impl Link {
    pub(crate) fn sample() -> Self {
        Self { id: "1".into(), text: "Comes with", name: "Ben".into(), person: "8".into() }
    }
}

pub(super) fn add(table: Table) -> Table {
    table.post("/coach/people/:id/places/:enrollment/part", Access::Coach, part)
}

/// Those of one place, each other person once.
pub(crate) async fn links(site: &Site, signed: &SignedCoach, own: &Enrollment) -> Result<Vec<Link>, PageError> {
    let mut links: Vec<Link> = Vec::new();
    for couple in couples::of_enrollment(site.db.reader(), own.id).await? {
        let link = link(site, signed, own, &couple).await?;
        if !links.iter().any(|known| !link.person.is_empty() && known.person == link.person) {
            links.push(link);
        }
    }
    Ok(links)
}

async fn link(site: &Site, signed: &SignedCoach, own: &Enrollment, couple: &Couple) -> Result<Link, PageError> {
    let db = site.db.reader();
    let other = if couple.inviter_id == own.id { couple.partner_id } else { Some(couple.inviter_id) };
    let other = match other {
        Some(other) => enrollments::find(db, signed.practice.id, other).await?.map(|other| other.participant_id),
        None => None,
    };
    let person = match other.or(couple.person_id) {
        Some(person) => participants::find(db, signed.practice.id, person).await?,
        None => None,
    };
    let text = match couple.state {
        CoupleState::Named => "Wants to come with",
        CoupleState::Asked | CoupleState::Waiting => "Asked to come along:",
        CoupleState::Undecided => "Chooses whether to come without",
        CoupleState::Together | CoupleState::Alone | CoupleState::Canceled => "Comes with",
    };
    let name = person.as_ref().map_or_else(|| couple.partner_name.clone(), |person| person.name.expose().to_owned());
    let person = person.filter(|_| other.is_some()).map(|person| person.id.to_string()).unwrap_or_default();
    Ok(Link { id: couple.id.to_string(), text, name, person })
}

#[handler]
async fn part(
    Data(site): Data<&Site>,
    signed: SignedCoach,
    Path(ids): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, PageError> {
    fields.form_token()?;
    let person = found(site, &signed, &ids.0).await?;
    let id: EnrollmentId = desk::id(&ids.1)?;
    let own = enrollments::find(site.db.reader(), signed.practice.id, id).await?;
    let own = own.filter(|own| own.participant_id == person.id).ok_or(PageError::NotFound)?;
    let by = (own.id, signed.coach.name.expose());
    let parted = part_couple(&site.app, (signed.practice.id, desk::id(fields.text("couple"))?), by).await?;
    let done = if parted { "parted" } else { "gone" };
    Ok(see_other(&format!("/coach/people/{}?done={done}", person.id)))
}
