//! What if the ground shakes: the disk is full, the clock jumps, the power fails, the database goes away in the middle?

mod cut;
mod full;
mod jumps;
mod power;

use chrono::{DateTime, TimeDelta, Utc};
use trellis::{
    actions::seed::{Seeded, seed},
    domain::{delivery::Occasion, ids::CohortId},
    store::{
        ledger::{self, Delivery, Filter},
        practices::Practice,
        timetable,
    },
};

use crate::world::World;

/// So many take part; returns when their first lesson is due.
pub async fn with_people(world: &World, practice: &Practice, people: usize) -> (CohortId, DateTime<Utc>) {
    let cohort = world.cohort(practice, |new| new.capacity = 500).await;
    let program = trellis::store::cohorts::anywhere(world.app.db.reader(), cohort).await.unwrap().unwrap().program_id;
    let tracks = vec!["broke".to_owned(), "hurt".to_owned()];
    seed(&world.app, &Seeded { practice: practice.id, cohort, program, number: 1, people, tracks }).await.unwrap();
    let rows = timetable::of_cohort(world.app.db.reader(), cohort).await.unwrap();
    let first = rows.iter().filter(|row| row.work == "lesson").map(|row| row.due_at).min().unwrap();
    (cohort, first)
}

async fn lessons(world: &World, practice: &Practice) -> Vec<Delivery> {
    let filter = Filter { occasion: Some(Occasion::Lesson), page_size: 10_000, ..Filter::default() };
    ledger::of_practice(world.app.db.reader(), practice.id, &filter).await.unwrap().0
}

/// Longer than any lease.
fn a_lease() -> TimeDelta {
    TimeDelta::minutes(3)
}
