//! Who waits for the coach's answer, whose place is about to go on, and what must be decided?

use chrono::{DateTime, TimeDelta, Utc};

use super::Need;
use crate::{
    app::App,
    clock::Now,
    domain::{civil, cohort::Decision, enrollment::Standing, people::CohortState, zone::Zone},
    store::{self, cohorts::Cohort, enrollments::Enrollment, holds, participants, practices::Practice},
};

/// A place that is held no longer than this is about to lapse.
const SOON: TimeDelta = TimeDelta::hours(6);
/// A decision is due this long before it must fall: as soon as the numbers are told.
const DECIDE_SOON: TimeDelta = TimeDelta::hours(48);

pub(super) async fn places(app: &App, practice: &Practice, all: &[Cohort], now: Now) -> store::Result<Vec<Need>> {
    let db = app.db.reader();
    let unanswered = holds::unanswered(db, practice.id).await?;
    let mut needs: Vec<Need> = all.iter().filter_map(|cohort| decision(cohort, practice.zone, now.program)).collect();
    needs.extend(all.iter().filter_map(|cohort| applications(cohort, &unanswered)));
    let lapsing: Vec<&Enrollment> = unanswered.iter().filter(|held| is_lapsing(held, now.real)).collect();
    let ids: Vec<_> = lapsing.iter().map(|held| held.participant_id).collect();
    let people = participants::with_ids(db, practice.id, &ids).await?;
    for held in lapsing {
        let Some(person) = people.iter().find(|person| person.id == held.participant_id) else { continue };
        let until = held.hold_until.map_or_else(String::new, |at| civil::relative(at, practice.zone, now.real));
        needs.push(Need {
            tone: "warn",
            what: format!("{} has not answered the place that is held. It goes on: {until}.", person.name.expose()),
            act: format!("Open {}", person.name.expose()),
            path: format!("/coach/people/{}", person.id),
        });
    }
    Ok(needs)
}

fn is_lapsing(held: &Enrollment, now: DateTime<Utc>) -> bool {
    matches!(held.standing, Standing::Offered | Standing::Accepted)
        && held.hold_until.is_some_and(|until| until - now <= SOON)
}

fn applications(cohort: &Cohort, unanswered: &[Enrollment]) -> Option<Need> {
    let waits = |it: &&Enrollment| it.cohort_id == cohort.id && it.standing == Standing::Applied;
    let count = unanswered.iter().filter(waits).count();
    let what = match count {
        0 => return None,
        1 => format!("One application for {} waits for your answer.", cohort.name.expose()),
        many => format!("{many} applications for {} wait for your answer.", cohort.name.expose()),
    };
    Some(Need {
        tone: "warn",
        what,
        act: "Read and answer".to_owned(),
        path: format!("/coach/cohorts/{}/applications", cohort.id),
    })
}

fn decision(cohort: &Cohort, zone: Zone, now: DateTime<Utc>) -> Option<Need> {
    let by = cohort.decide_by.filter(|by| *by - now <= DECIDE_SOON)?;
    let has_begun = cohort.zone.local(now).date() > cohort.starts_on;
    if cohort.decision != Decision::Undecided || cohort.state == CohortState::Draft || has_begun {
        return None;
    }
    let name = cohort.name.expose();
    let (tone, what) = if by <= now {
        ("bad", format!("You wanted to decide whether {name} takes place. Until you do, it goes on as planned."))
    } else {
        ("warn", format!("Does {name} take place? You decide: {}.", civil::relative(by, zone, now)))
    };
    Some(Need {
        tone,
        what,
        act: "See the numbers and decide".to_owned(),
        path: format!("/coach/cohorts/{}/decide", cohort.id),
    })
}
