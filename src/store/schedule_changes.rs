//! How was a cohort's schedule before each change, and after?

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, sea_query::Expr};
use uuid::Uuid;

pub use super::rows::schedule_changes::Model as ScheduleChange;
use super::{
    Result, insert,
    rows::schedule_changes::{Column, Entity},
};
use crate::domain::ids::CohortId;

pub async fn create(tx: &impl ConnectionTrait, change: ScheduleChange) -> Result<()> {
    insert(tx, change).await
}

/// Those that people are told of at this instant or later and that were not undone, the newest first.
pub async fn told_from(
    db: &impl ConnectionTrait,
    cohort: CohortId,
    from: DateTime<Utc>,
) -> Result<Vec<ScheduleChange>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::TellAt.gte(from))
        .filter(Column::UndoneAt.is_null())
        .order_by_desc(Column::MadeAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await?)
}

/// The one that was made last and was not undone, told or not.
pub async fn last_of(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Option<ScheduleChange>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::UndoneAt.is_null())
        .order_by_desc(Column::MadeAt)
        .order_by_desc(Column::Id)
        .one(db)
        .await?)
}

/// All that still wait are told together, at this instant.
pub async fn tell_together(
    tx: &impl ConnectionTrait,
    cohort: CohortId,
    now: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::TellAt, Expr::value(at))
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::TellAt.gt(now))
        .filter(Column::UndoneAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// `false` when somebody undid it before.
pub async fn mark_undone(tx: &impl ConnectionTrait, id: Uuid, at: DateTime<Utc>) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::UndoneAt, Expr::value(at))
        .filter(Expr::col(Column::Id).eq(id))
        .filter(Column::UndoneAt.is_null())
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}
