//! Which messages with holes are kept for those that many get?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::ids::PracticeId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stencils")]
pub struct Model {
    /// Made of the pieces: the same pieces are one row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    /// As JSON.
    pub pieces: String,
    pub used_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
