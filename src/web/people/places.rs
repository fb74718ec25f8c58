//! In which cohorts is a person, and where do they stand?

use serde::Serialize;

use super::{
    history::{Past, history},
    together::{Link, links},
};
use crate::{
    domain::{
        civil,
        enrollment::Standing,
        people::{Right, may},
    },
    store::{cohorts, consents, enrollments, participants::Participant, programs},
    web::{
        error::PageError,
        guard::SignedCoach,
        labels::{self, Label},
        site::Site,
    },
};

#[derive(Debug, Serialize)]
pub(super) struct Place {
    enrollment: String,
    cohort: String,
    cohort_name: String,
    standing: Label,
    track: String,
    calendar: &'static str,
    note: String,
    since: String,
    can_remove: bool,
    can_ask_again: bool,
    /// A text was changed after they agreed to it.
    not_agreed: bool,
    couples: Vec<Link>,
    history: Vec<Past>,
}

impl Place {
    pub(super) fn samples() -> Vec<Self> {
        let place = |enrollment: &str, standing, can_ask_again| Self {
            enrollment: enrollment.to_owned(),
            cohort: "7".to_owned(),
            cohort_name: "Thursday evenings".to_owned(),
            standing: labels::standing(standing),
            track: "I was hurt".to_owned(),
            calendar: "Invites by email",
            note: "I may be late on Thursdays.".to_owned(),
            since: "Tuesday 9 February 2027, 10:00 (Dublin time, UTC+00:00)".to_owned(),
            can_remove: true,
            can_ask_again,
            not_agreed: can_ask_again,
            couples: if can_ask_again { vec![] } else { vec![Link::sample()] },
            history: Past::samples(),
        };
        vec![place("8", Standing::Enrolled, false), place("9", Standing::Pending, true)]
    }
}

pub(super) async fn places(site: &Site, signed: &SignedCoach, person: &Participant) -> Result<Vec<Place>, PageError> {
    use crate::domain::enrollment::CalendarChoice;
    let (db, practice) = (site.db.reader(), signed.practice.id);
    let reads_answers = may(signed.coach.role, &signed.coach.rights, Right::Answers);
    let mut places = Vec::new();
    for enrollment in enrollments::of_participant(db, practice, person.id).await? {
        let Some(cohort) = cohorts::find(db, practice, enrollment.cohort_id).await? else { continue };
        let program = programs::find(db, practice, cohort.program_id).await?;
        let agreed = consents::versions_of(db, enrollment.id).await?;
        let not_agreed = program.as_ref().is_some_and(|program| !program.content.0.not_agreed(&agreed).is_empty());
        let tracks = program.map(|program| program.content.0.tracks).unwrap_or_default();
        let track = tracks.into_iter().find(|track| track.key == enrollment.track);
        places.push(Place {
            enrollment: enrollment.id.to_string(),
            cohort: cohort.id.to_string(),
            cohort_name: cohort.name.expose().to_owned(),
            standing: labels::standing(enrollment.standing),
            track: track.map(|track| track.label).unwrap_or_default(),
            calendar: match enrollment.calendar {
                CalendarChoice::Invites => "Invites by email",
                CalendarChoice::Feed => "A private feed",
                CalendarChoice::Neither => "Neither",
            },
            // Whoever wrote it was told that only the coach reads it.
            note: if reads_answers { enrollment.note.clone() } else { String::new() },
            since: civil::moment(enrollment.asked_at, signed.coach.zone),
            can_remove: can_remove(enrollment.standing),
            not_agreed: not_agreed && takes_part(enrollment.standing),
            couples: links(site, signed, &enrollment).await?,
            can_ask_again: matches!(enrollment.standing, Standing::Pending | Standing::Lapsed),
            history: history(db, &enrollment, signed.coach.zone).await?,
        });
    }
    Ok(places)
}

/// Whether they are asked again on their own page.
fn takes_part(standing: Standing) -> bool {
    standing.takes_part() || standing == Standing::Paused
}

/// Whether there is something to end.
pub(super) fn can_remove(standing: Standing) -> bool {
    standing.holds_seat() || matches!(standing, Standing::Waitlisted | Standing::Applied)
}
