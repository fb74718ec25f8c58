//! Who was not there several times in a row, so that a word may help?

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Need;
use crate::{
    app::App,
    clock::Now,
    domain::{
        absence::{WORTH_A_WORD, missed_in_a_row},
        cohort::Attendance,
        ids::EnrollmentId,
    },
    store::{self, attendances, cohorts::Cohort, enrollments::Enrollment, participants, practices::Practice},
};

/// A break between two sessions is part of it.
const LOOKED_AT: TimeDelta = TimeDelta::weeks(6);
/// Whoever was not missed since is not to be chased.
const RECENT: TimeDelta = TimeDelta::weeks(2);

pub(super) async fn absences(app: &App, practice: &Practice, all: &[Cohort], now: Now) -> store::Result<Vec<Need>> {
    let (db, since) = (app.db.reader(), now.program - LOOKED_AT);
    let often = attendances::often_absent(db, practice.id, since, WORTH_A_WORD).await?;
    if often.is_empty() {
        return Ok(Vec::new());
    }
    let mut by_person: HashMap<EnrollmentId, (Vec<Attendance>, DateTime<Utc>)> = HashMap::new();
    for (person, began, mark) in attendances::of_people_since(db, practice.id, &often, since).await? {
        let (marks, last) = by_person.entry(person).or_insert((Vec::new(), began));
        marks.push(mark);
        *last = began;
    }
    let missed = by_person.into_iter().map(|(person, (marks, last))| (last, person, missed_in_a_row(&marks)));
    let mut missed: Vec<_> =
        missed.filter(|(last, _, times)| *times >= WORTH_A_WORD && *last > now.program - RECENT).collect();
    missed.sort_unstable_by_key(|(last, person, _)| (std::cmp::Reverse(*last), *person));
    named(app, practice, all, &missed).await
}

async fn named(
    app: &App,
    practice: &Practice,
    all: &[Cohort],
    missed: &[(DateTime<Utc>, EnrollmentId, usize)],
) -> store::Result<Vec<Need>> {
    let db = app.db.reader();
    let ids: Vec<EnrollmentId> = missed.iter().map(|(_, id, _)| *id).collect();
    let places: Vec<Enrollment> = store::enrollments::with_ids(db, practice.id, &ids).await?;
    let people: Vec<_> = places.iter().map(|place| place.participant_id).collect();
    let people = participants::with_ids(db, practice.id, &people).await?;
    let need = |(_, id, times): &(DateTime<Utc>, EnrollmentId, usize)| {
        let place = places.iter().find(|place| place.id == *id)?;
        let person = people.iter().find(|person| person.id == place.participant_id)?;
        let cohort = all.iter().find(|cohort| cohort.id == place.cohort_id)?;
        let name = person.name.expose();
        Some(Need {
            tone: "warn",
            what: format!("{name} was not there the last {} of {}.", in_words(*times), cohort.name.expose()),
            act: format!("Open {name}"),
            path: format!("/coach/people/{}", person.id),
        })
    };
    Ok(missed.iter().filter_map(need).collect())
}

fn in_words(times: usize) -> String {
    match times {
        2 => "two times".to_owned(),
        3 => "three times".to_owned(),
        more => format!("{more} times"),
    }
}
