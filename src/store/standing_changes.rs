//! Who came, left or paused, and when?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Query,
};

pub use super::rows::standing_changes::Model as StandingChange;
use super::{
    Result,
    rows::{
        enrollments,
        standing_changes::{Column, Entity},
    },
};
use crate::domain::ids::{CohortId, PracticeId};

/// Read at most: more than that in one span is a merger, and no news of single people.
const MOST: u64 = 500;

/// From the first instant on, before the second; the first first.
pub async fn of_cohort_between(
    db: &impl ConnectionTrait,
    cohort: CohortId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<StandingChange>> {
    let people = Query::select()
        .column(enrollments::Column::Id)
        .from(enrollments::Entity)
        .and_where(enrollments::Column::CohortId.eq(cohort))
        .to_owned();
    Ok(between(from, to).filter(Column::EnrollmentId.in_subquery(people)).all(db).await?)
}

/// The same for all cohorts of a practice.
pub async fn of_practice_between(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<StandingChange>> {
    Ok(between(from, to).filter(Column::PracticeId.eq(practice)).all(db).await?)
}

fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::MadeAt.gte(from))
        .filter(Column::MadeAt.lt(to))
        .order_by_asc(Column::MadeAt)
        .limit(MOST)
}
