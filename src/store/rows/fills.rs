//! What went into a stencil's holes, for each mail that was made with one?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::ids::{DeliveryId, PracticeId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "fills")]
pub struct Model {
    /// The mail's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub practice_id: PracticeId,
    /// As JSON.
    pub words: String,
    pub kept_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
