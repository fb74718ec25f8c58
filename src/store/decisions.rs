//! Which cohorts wait for a word, or are over?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    Result,
    cohorts::Cohort,
    rows::{
        cohorts::{Column, Entity},
        enrollments, sessions,
    },
};
use crate::domain::{
    cohort::Decision, enrollment::Standing, ids::CohortId, people::CohortState, session::SessionState,
};

/// Those about which the coach decides before this instant, and has not been told how many come.
pub async fn numbers_due(db: &impl ConnectionTrait, decided_before: DateTime<Utc>) -> Result<Vec<Cohort>> {
    Ok(all_numbers_due(decided_before).order_by_asc(Column::DecideBy).limit(50).all(db).await?)
}

pub(super) fn all_numbers_due(decided_before: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::DecideBy.lte(decided_before))
        .filter(Column::NumbersToldAt.is_null())
        .filter(Column::Decision.eq(Decision::Undecided))
        .filter(Column::State.ne(CohortState::Draft))
}

/// `false` when another replica was faster.
pub async fn mark_numbers_told(tx: &impl ConnectionTrait, id: CohortId, at: DateTime<Utc>) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::NumbersToldAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::NumbersToldAt.is_null())
        .filter(Column::Decision.eq(Decision::Undecided))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Those in which somebody still takes part though no session is to come.
pub async fn without_sessions_to_come(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Cohort>> {
    Ok(Entity::find()
        .filter(Column::State.ne(CohortState::Draft))
        .filter(Expr::exists(people_in()))
        .filter(Expr::exists(sessions_to_come(now)).not())
        .order_by_asc(Column::StartsOn)
        .all(db)
        .await?)
}

fn people_in() -> SelectStatement {
    use enrollments::Column as Of;
    Query::select()
        .column((enrollments::Entity, Of::Id))
        .from(enrollments::Entity)
        .and_where(Expr::col((enrollments::Entity, Of::CohortId)).equals((Entity, Column::Id)))
        .and_where(
            Expr::col((enrollments::Entity, Of::Standing))
                .is_in([Standing::Enrolled.as_str(), Standing::Paused.as_str()]),
        )
        .to_owned()
}

fn sessions_to_come(now: DateTime<Utc>) -> SelectStatement {
    use sessions::Column as Of;
    Query::select()
        .column((sessions::Entity, Of::Id))
        .from(sessions::Entity)
        .and_where(Expr::col((sessions::Entity, Of::CohortId)).equals((Entity, Column::Id)))
        .and_where(Expr::col((sessions::Entity, Of::State)).eq(SessionState::Planned.as_str()))
        .and_where(Expr::col((sessions::Entity, Of::EndsAt)).gt(now))
        .to_owned()
}
