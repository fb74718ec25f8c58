//! Who of a cohort comes with whom?

use std::collections::BTreeMap;

use crate::{
    domain::{
        couple::CoupleState,
        ids::{EnrollmentId, ParticipantId},
    },
    store::{
        cohorts::Cohort,
        couples,
        enrollments::Enrollment,
        participants::{self, Participant},
    },
    web::{error::PageError, site::Site},
};

/// A line for each who has one: `Comes with Ben`.
pub(super) async fn of_cohort(
    site: &Site,
    cohort: &Cohort,
    everyone: &[Enrollment],
    people: &BTreeMap<ParticipantId, Participant>,
) -> Result<BTreeMap<EnrollmentId, String>, PageError> {
    let db = site.db.reader();
    let name = |id: EnrollmentId| {
        let person = everyone.iter().find(|enrollment| enrollment.id == id).map(|row| row.participant_id)?;
        people.get(&person).map(|person| person.name.expose().to_owned())
    };
    let mut lines = BTreeMap::new();
    for couple in couples::of_cohort(db, cohort.id).await? {
        if let (CoupleState::Together, Some(partner)) = (couple.state, couple.partner_id) {
            let two = [(couple.inviter_id, partner), (partner, couple.inviter_id)];
            lines
                .extend(two.into_iter().filter_map(|(one, other)| Some((one, format!("Comes with {}", name(other)?)))));
            continue;
        }
        let asked = match couple.person_id {
            Some(person) => participants::find(db, cohort.practice_id, person).await?,
            None => None,
        };
        let asked = asked.map_or(couple.partner_name, |person| person.name.expose().to_owned());
        lines.entry(couple.inviter_id).or_insert(format!("Asked {asked} to come along"));
    }
    Ok(lines)
}
