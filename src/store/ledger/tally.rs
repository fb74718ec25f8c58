//! How many emails stand where? Counted in the database, for pages that show numbers.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use uuid::Uuid;

use super::{Column, Entity, Result};
use crate::domain::{
    delivery::{Occasion, State},
    ids::{CohortId, EnrollmentId, ParticipantId, PracticeId},
};

/// How many emails of one occasion, due at one instant, are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub cohort: CohortId,
    pub occasion: Occasion,
    pub due_at: DateTime<Utc>,
    pub state: State,
    pub count: u64,
}

/// What cohorts sent, or will, between two instants.
pub async fn tally_between(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Tally>> {
    let rows: Vec<(CohortId, Occasion, DateTime<Utc>, State, i64)> = Entity::find()
        .select_only()
        .column(Column::CohortId)
        .column(Column::Occasion)
        .column(Column::DueAt)
        .column(Column::State)
        .column_as(Column::Id.count(), "number")
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::CohortId.is_not_null())
        .filter(Column::DueAt.gte(from))
        .filter(Column::DueAt.lt(to))
        .group_by(Column::CohortId)
        .group_by(Column::Occasion)
        .group_by(Column::DueAt)
        .group_by(Column::State)
        .into_tuple()
        .all(db)
        .await?;
    let tally = |(cohort, occasion, due_at, state, count): (_, _, _, _, i64)| Tally {
        cohort,
        occasion,
        due_at,
        state,
        count: u64::try_from(count).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(tally).collect())
}

/// How many of a practice's emails are in each state, due since an instant.
pub async fn count_by_state(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    since: DateTime<Utc>,
) -> Result<Vec<(State, u64)>> {
    let rows: Vec<(State, i64)> = Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "number")
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::DueAt.gte(since))
        .group_by(Column::State)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(state, count)| (state, u64::try_from(count).unwrap_or_default())).collect())
}

/// How many mails of each lesson of a cohort are in each state.
pub async fn lessons_of_cohort(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<(Uuid, State, u64)>> {
    let rows: Vec<(Uuid, State, i64)> = Entity::find()
        .select_only()
        .column(Column::ObjectId)
        .column(Column::State)
        .column_as(Column::Id.count(), "number")
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::Occasion.eq(Occasion::Lesson))
        .filter(Column::Generation.gte(0))
        .group_by(Column::ObjectId)
        .group_by(Column::State)
        .into_tuple()
        .all(db)
        .await?;
    let counted = |(lesson, state, count)| (lesson, state, u64::try_from(count).unwrap_or_default());
    Ok(rows.into_iter().map(counted).collect())
}

/// Where each email of a cohort stands, in the order they were due: the last of each enrollment is its newest.
pub async fn states_of_cohort(
    db: &impl ConnectionTrait,
    cohort: CohortId,
) -> Result<Vec<(EnrollmentId, State, DateTime<Utc>)>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::EnrollmentId)
        .column(Column::State)
        .column(Column::DueAt)
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::EnrollmentId.is_not_null())
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?)
}

/// How many were handed over since an instant of program time, by all processes.
pub async fn count_sent(db: &impl ConnectionTrait, since: DateTime<Utc>) -> Result<u64> {
    Ok(Entity::find().filter(Column::SentAt.gt(since)).count(db).await?)
}

/// How many mails of an occasion each of these people got, or is to get, since an instant of real time.
pub async fn count_to_each(
    db: &impl ConnectionTrait,
    people: &[ParticipantId],
    occasion: Occasion,
    since: DateTime<Utc>,
) -> Result<HashMap<ParticipantId, u64>> {
    let rows: Vec<(ParticipantId, i64)> = Entity::find()
        .select_only()
        .column(Column::ParticipantId)
        .column_as(Column::Id.count(), "mails")
        .filter(Column::ParticipantId.is_in(people.iter().copied()))
        .filter(Column::Occasion.eq(occasion))
        .filter(Column::NextTryAt.gt(since))
        .group_by(Column::ParticipantId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(person, mails)| (person, u64::try_from(mails).unwrap_or_default())).collect())
}
