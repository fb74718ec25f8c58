//! Which places are held for somebody, and who waits for an answer?

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{
    Result,
    enrollments::Enrollment,
    rows::enrollments::{Column, Entity},
};
use crate::domain::{enrollment::Standing, ids::PracticeId};

/// Offered, not answered, and not reminded of yet. `now` is real time.
pub async fn not_reminded(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Enrollment>> {
    Ok(all_not_reminded(now).order_by_asc(Column::HoldUntil).limit(1_000).all(db).await?)
}

pub(super) fn all_not_reminded(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::HoldUntil.gt(now))
        .filter(Column::Standing.is_in([Standing::Offered, Standing::Accepted]))
        .filter(Column::RemindedAt.is_null())
        .filter(Column::OfferedAt.is_not_null())
}

/// Applications, and places that somebody has not taken yet, the longest waiting first.
pub async fn unanswered(db: &impl ConnectionTrait, practice: PracticeId) -> Result<Vec<Enrollment>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::Standing.is_in([Standing::Applied, Standing::Offered, Standing::Accepted]))
        .order_by_asc(Column::AskedAt)
        .limit(1_000)
        .all(db)
        .await?)
}
