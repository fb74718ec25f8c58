//! What should happen when, and what of it is due?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, OnConflict},
};

pub use super::rows::timetable::Model as TimetableRow;
use super::{
    ROWS_A_STATEMENT, Result,
    rows::timetable::{Column, Entity},
};
use crate::domain::ids::{CohortId, PracticeId, TimetableId};

/// Rows that go, and rows that come in their place. What was released stays as it is, whoever names it; and what
/// is there already stays, too.
pub async fn replace(tx: &impl ConnectionTrait, gone: &[TimetableId], come: Vec<TimetableRow>) -> Result<()> {
    for gone in gone.chunks(ROWS_A_STATEMENT) {
        Entity::delete_many()
            .filter(Column::Id.is_in(gone.iter().copied()))
            .filter(Column::ReleasedAt.is_null())
            .exec(tx)
            .await?;
    }
    let mut rows = come.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(ROWS_A_STATEMENT).collect();
        Entity::insert_many(chunk)
            .on_conflict(
                OnConflict::columns([Column::CohortId, Column::Work, Column::Object, Column::Zone])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Takes out everything that has not been released: the cohort does not take place.
pub async fn clear(tx: &impl ConnectionTrait, cohort: CohortId) -> Result<()> {
    Entity::delete_many().filter(Column::CohortId.eq(cohort)).filter(Column::ReleasedAt.is_null()).exec(tx).await?;
    Ok(())
}

/// Forgets the rows of one lesson that nobody got, released or not.
pub async fn forget_lesson(tx: &impl ConnectionTrait, of: (CohortId, u16)) -> Result<()> {
    Entity::delete_many()
        .filter(Column::CohortId.eq(of.0))
        .filter(Column::Work.eq("lesson"))
        .filter(Column::Position.eq(i32::from(of.1)))
        .exec(tx)
        .await?;
    Ok(())
}

/// What is due and not released, the oldest first.
pub async fn due(db: &impl ConnectionTrait, now: DateTime<Utc>, most: u64) -> Result<Vec<TimetableRow>> {
    Ok(all_due(now).order_by_asc(Column::DueAt).limit(most).all(db).await?)
}

pub(super) fn all_due(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find().filter(Column::ReleasedAt.is_null()).filter(Column::DueAt.lte(now))
}

/// The nearest instant at which something will be due.
pub async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>> {
    let next = Entity::find().filter(Column::ReleasedAt.is_null()).order_by_asc(Column::DueAt).one(db).await?;
    Ok(next.map(|row| row.due_at))
}

/// Marks it released; `false` when another replica did.
pub async fn mark_released(tx: &impl ConnectionTrait, id: TimetableId, at: DateTime<Utc>) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::ReleasedAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::ReleasedAt.is_null())
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Between two instants, for the coach's week.
pub async fn of_practice_between(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<TimetableRow>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::DueAt.gte(from))
        .filter(Column::DueAt.lt(to))
        .order_by_asc(Column::DueAt)
        .limit(1_000)
        .all(db)
        .await?)
}

pub async fn of_cohort(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<TimetableRow>> {
    Ok(Entity::find().filter(Column::CohortId.eq(cohort)).order_by_asc(Column::DueAt).all(db).await?)
}
