//! In which cohorts is a person, and where do they stand?

use serde::Serialize;

use super::history::{Past, history};
use crate::{
    domain::{civil, enrollment::Standing},
    store::{cohorts, enrollments, participants::Participant, programs},
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
            history: Past::samples(),
        };
        vec![place("8", Standing::Enrolled, false), place("9", Standing::Pending, true)]
    }
}

pub(super) async fn places(site: &Site, signed: &SignedCoach, person: &Participant) -> Result<Vec<Place>, PageError> {
    use crate::domain::enrollment::CalendarChoice;
    let (db, practice) = (site.db.reader(), signed.practice.id);
    let mut places = Vec::new();
    for enrollment in enrollments::of_participant(db, practice, person.id).await? {
        let Some(cohort) = cohorts::find(db, practice, enrollment.cohort_id).await? else { continue };
        let program = programs::find(db, practice, cohort.program_id).await?;
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
            note: enrollment.note.clone(),
            since: civil::moment(enrollment.asked_at, signed.coach.zone),
            can_remove: can_remove(enrollment.standing),
            can_ask_again: matches!(enrollment.standing, Standing::Pending | Standing::Lapsed),
            history: history(db, &enrollment, signed.coach.zone).await?,
        });
    }
    Ok(places)
}

/// Whether there is something to end.
pub(super) fn can_remove(standing: Standing) -> bool {
    standing.holds_seat() || matches!(standing, Standing::Waitlisted | Standing::Applied)
}
