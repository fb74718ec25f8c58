//! Which rows does a list of people become?

use std::collections::{BTreeMap, BTreeSet};

use super::Coming;
use crate::{
    app::App,
    clock::Now,
    domain::{
        enrollment::Standing,
        ids::{JourneyId, ParticipantId},
    },
    store::{
        self,
        cohorts::Cohort,
        database::Tx,
        enrollments::{self, Enrollment, Journey, StandingChange},
        participants::Participant,
        roster::{self, Brought},
    },
};

pub(super) struct Made {
    pub(super) brought: Brought,
    /// Those who were here before: as they stood, and as they stand now.
    pub(super) again: Vec<(Enrollment, Enrollment)>,
}

pub(super) async fn make(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    coming: &[Coming],
    actor: &str,
    now: Now,
) -> store::Result<Made> {
    let mut seats = free_seats(tx, cohort).await?;
    let known: Vec<ParticipantId> =
        coming.iter().filter_map(|one| one.known.as_ref()).map(|person| person.id).collect();
    let journeys = roster::journeys_of(tx, cohort.program_id, &known).await?;
    let journeys: BTreeMap<_, _> = journeys.into_iter().map(|journey| (journey.participant_id, journey.id)).collect();
    let mut made = Made { brought: Brought::default(), again: Vec::new() };
    for one in coming {
        let person = one.known.as_ref().map_or_else(|| person(app, cohort, one, now), Clone::clone);
        if one.known.is_none() {
            made.brought.people.push(person.clone());
        }
        let journey_id = journeys.get(&person.id).copied().unwrap_or_else(|| {
            let journey = journey(app, cohort, person.id, now);
            let id = journey.id;
            made.brought.journeys.push(journey);
            id
        });
        let seat = one.before.as_ref().and_then(|before| before.seat).or_else(|| seats.next());
        let fresh = enrollment(app, cohort, (person.id, journey_id, seat), (one, actor), now);
        match &one.before {
            None => {
                made.brought.history.push(history(app, &fresh, now));
                made.brought.enrollments.push(fresh);
            }
            Some(before) => made.again.push((before.clone(), back(before, fresh))),
        }
    }
    Ok(made)
}

/// Seat numbers that nobody has, the lowest first.
async fn free_seats(tx: &Tx, cohort: &Cohort) -> store::Result<impl Iterator<Item = i32>> {
    let here = enrollments::of_cohort(tx, cohort.id).await?;
    let taken: BTreeSet<i32> = here.into_iter().filter_map(|enrollment| enrollment.seat).collect();
    Ok((1..).filter(move |seat| !taken.contains(seat)))
}

fn person(app: &App, cohort: &Cohort, one: &Coming, now: Now) -> Participant {
    let id: ParticipantId = app.random.id(now.real);
    Participant {
        id,
        practice_id: cohort.practice_id,
        email_key: one.listed.email.key(),
        email: one.listed.email.clone(),
        name: one.listed.name.clone(),
        zone: one.listed.zone.unwrap_or(cohort.zone),
        feed_hash: app.links.feed_hash(&app.links.feed_token(id.0, 0)),
        language: "en".to_owned(),
        discretion: None,
        mail_problem: None,
        epoch: 0,
        feed_rotation: 0,
        confirmed_at: None,
        created_at: now.real,
    }
}

fn journey(app: &App, cohort: &Cohort, person: ParticipantId, now: Now) -> Journey {
    Journey::begun(app.random.id(now.real), (cohort.practice_id, cohort.program_id), person, now)
}

fn enrollment(
    app: &App,
    cohort: &Cohort,
    of: (ParticipantId, JourneyId, Option<i32>),
    how: (&Coming, &str),
    now: Now,
) -> Enrollment {
    let ((participant_id, journey_id, seat), (one, actor)) = (of, how);
    let place = (cohort.practice_id, cohort.id);
    Enrollment {
        standing: Standing::Enrolled,
        track: one.listed.track.clone(),
        reason: "on a list of the coach".to_owned(),
        actor: actor.to_owned(),
        seat,
        ..Enrollment::begun(app.random.id(now.real), place, (participant_id, journey_id), now)
    }
}

/// In place of the earlier one: what the person chose then stays.
fn back(before: &Enrollment, fresh: Enrollment) -> Enrollment {
    let track = if fresh.track.is_empty() { before.track.clone() } else { fresh.track };
    Enrollment {
        id: before.id,
        calendar: before.calendar,
        note: before.note.clone(),
        confirmed_at: before.confirmed_at,
        asked_at: before.asked_at,
        track,
        ..fresh
    }
}

fn history(app: &App, enrollment: &Enrollment, now: Now) -> StandingChange {
    StandingChange {
        id: app.random.uuid(now.real),
        practice_id: enrollment.practice_id,
        enrollment_id: enrollment.id,
        was: String::new(),
        became: enrollment.standing.to_string(),
        actor: enrollment.actor.clone(),
        reason: enrollment.reason.clone(),
        made_at: enrollment.changed_at,
    }
}
