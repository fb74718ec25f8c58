//! What of a program does a cohort send, in which order? Its own copies, until they are out.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::Expr,
};

use super::{
    Result, insert,
    rows::cohort_lessons::{Column, Entity, Model as CohortLesson},
};
use crate::domain::{
    cohort::Timing,
    ids::{CohortId, CohortLessonId, PracticeId},
};

/// By position, then in the order in which they came; those taken out too.
pub async fn with_removed(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<CohortLesson>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Track)
        .order_by_asc(Column::Id)
        .all(db)
        .await?)
}

/// One of a practice's copies.
pub async fn find(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    of: (CohortId, CohortLessonId),
) -> Result<Option<CohortLesson>> {
    Ok(Entity::find_by_id(of.1)
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::CohortId.eq(of.0))
        .one(db)
        .await?)
}

pub async fn create(tx: &impl ConnectionTrait, lesson: CohortLesson) -> Result<()> {
    insert(tx, lesson).await
}

pub async fn save(tx: &impl ConnectionTrait, lesson: CohortLesson) -> Result<()> {
    lesson.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// Writes what times the lessons of one position that the rule timed until now, and why.
pub async fn time(
    tx: &impl ConnectionTrait,
    of: (CohortId, u16),
    timing: (Timing, &str),
    at: DateTime<Utc>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Timing, Expr::value(timing.0))
        .col_expr(Column::Reason, Expr::value(timing.1))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::CohortId.eq(of.0))
        .filter(Column::Position.eq(i32::from(of.1)))
        .filter(Column::Timing.eq(Timing::Rule))
        .exec(tx)
        .await?;
    Ok(())
}

/// Those skipped for this reason are timed by the rule again.
pub async fn untime(tx: &impl ConnectionTrait, of: (CohortId, u16), reason: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Timing, Expr::value(Timing::Rule))
        .col_expr(Column::Reason, Expr::value(""))
        .filter(Column::CohortId.eq(of.0))
        .filter(Column::Position.eq(i32::from(of.1)))
        .filter(Column::Timing.eq(Timing::Skipped))
        .filter(Column::Reason.eq(reason))
        .exec(tx)
        .await?;
    Ok(())
}

/// Everything from this position on stands `by` places later, or earlier.
pub async fn shift(tx: &impl ConnectionTrait, of: (CohortId, i32), by: i32) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Position, Expr::col(Column::Position).add(by))
        .filter(Column::CohortId.eq(of.0))
        .filter(Column::Position.gte(of.1))
        .filter(Column::Timing.ne(Timing::Removed))
        .exec(tx)
        .await?;
    Ok(())
}
