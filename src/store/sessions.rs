//! When does a cohort meet?

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

pub use super::rows::sessions::Model as SessionRow;
use super::{
    Result, insert_all,
    rows::sessions::{Column, Entity},
};
use crate::domain::{
    ids::{CohortId, PracticeId, SessionId},
    session::SessionState,
};

/// By time, canceled ones too.
pub async fn of_cohort(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<SessionRow>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Ordinal)
        .all(db)
        .await?)
}

/// When the cohort meets for the last time; of one whose every session is canceled, when it would have.
pub async fn last_end(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Option<DateTime<Utc>>> {
    let all = of_cohort(db, cohort).await?;
    let planned = all.iter().filter(|session| session.state == SessionState::Planned);
    let last = planned.map(|session| session.ends_at).max();
    Ok(last.or_else(|| all.iter().map(|session| session.ends_at).max()))
}

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: SessionId) -> Result<Option<SessionRow>> {
    Ok(Entity::find_by_id(id).filter(Column::PracticeId.eq(practice)).one(db).await?)
}

/// Of these cohorts, those that have not begun; canceled ones too.
pub async fn to_come(db: &impl ConnectionTrait, cohorts: &[CohortId], now: DateTime<Utc>) -> Result<Vec<SessionRow>> {
    Ok(Entity::find()
        .filter(Column::CohortId.is_in(cohorts.iter().copied()))
        .filter(Column::StartsAt.gt(now))
        .order_by_asc(Column::StartsAt)
        .all(db)
        .await?)
}

/// Several at once; what is not of this practice is not among them.
pub async fn with_ids(db: &impl ConnectionTrait, practice: PracticeId, ids: &[SessionId]) -> Result<Vec<SessionRow>> {
    let mut rows = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(db).await?;
    rows.retain(|session| session.practice_id == practice);
    Ok(rows)
}

/// Between two instants, for the coach's week and feed.
pub async fn of_practice_between(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<SessionRow>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::StartsAt.gte(from))
        .filter(Column::StartsAt.lt(to))
        .order_by_asc(Column::StartsAt)
        .limit(1_000)
        .all(db)
        .await?)
}

/// The next planned one of a cohort that has not ended.
pub async fn next_of_cohort(
    db: &impl ConnectionTrait,
    cohort: CohortId,
    now: DateTime<Utc>,
) -> Result<Option<SessionRow>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::State.eq(SessionState::Planned))
        .filter(Column::EndsAt.gt(now))
        .order_by_asc(Column::StartsAt)
        .one(db)
        .await?)
}

pub async fn create_all(tx: &impl ConnectionTrait, rows: Vec<SessionRow>) -> Result<()> {
    insert_all(tx, rows).await
}

pub async fn save(tx: &impl ConnectionTrait, session: SessionRow) -> Result<()> {
    session.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// One that nobody ever heard of is not remembered either.
pub async fn forget(tx: &impl ConnectionTrait, id: SessionId) -> Result<()> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}
