//! What did a coach write to a set of people?

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

pub use super::rows::announcements::Model as Announcement;
use super::{
    Result,
    rows::announcements::{Column, Entity},
};
use crate::domain::{
    announcement::Stage,
    ids::{AnnouncementId, PracticeId},
};

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: AnnouncementId) -> Result<Option<Announcement>> {
    Ok(Entity::find_by_id(id).filter(Column::PracticeId.eq(practice)).one(db).await?)
}

/// The newest first.
pub async fn of_practice(db: &impl ConnectionTrait, practice: PracticeId, most: u64) -> Result<Vec<Announcement>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .order_by_desc(Column::ChangedAt)
        .order_by_desc(Column::Id)
        .limit(most)
        .all(db)
        .await?)
}

pub async fn create(tx: &impl ConnectionTrait, announcement: Announcement) -> Result<()> {
    super::insert(tx, announcement).await
}

/// Writes a draft anew.
pub async fn save(tx: &impl ConnectionTrait, announcement: Announcement) -> Result<()> {
    announcement.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// From one stage to the next, for whoever comes first. `false`: somebody else did it.
pub async fn advance(
    tx: &impl ConnectionTrait,
    id: AnnouncementId,
    step: (Stage, Stage),
    at: DateTime<Utc>,
) -> Result<bool> {
    let (from, to) = step;
    let mut update = Entity::update_many()
        .col_expr(Column::Stage, Expr::value(to))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::Stage.eq(from));
    if to == Stage::Sent {
        update = update.col_expr(Column::SentAt, Expr::value(at));
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}
