//! Who did what, and why? Append-only.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

pub use super::rows::audits::Model as Audit;
use super::{
    Result, insert,
    rows::audits::{Column, Entity},
};
use crate::domain::ids::PracticeId;

pub async fn note(tx: &impl ConnectionTrait, audit: Audit) -> Result<()> {
    insert(tx, audit).await
}

/// The newest first.
pub async fn of_practice(db: &impl ConnectionTrait, practice: PracticeId, most: u64) -> Result<Vec<Audit>> {
    Ok(Entity::find().filter(Column::PracticeId.eq(practice)).order_by_desc(Column::MadeAt).limit(most).all(db).await?)
}
