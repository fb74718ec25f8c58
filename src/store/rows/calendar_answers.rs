//! What did a calendar answer to an invite?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    ids::{InviteId, PracticeId},
    rsvp::{Act, Weight},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_answers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub invite_id: InviteId,
    pub digest: String,
    pub act: Act,
    pub weight: Weight,
    pub sequence: i32,
    pub stamped_at: DateTime<Utc>,
    pub note: String,
    pub made_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
