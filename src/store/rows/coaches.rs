//! Who signs in with a password?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    email_address::EmailAddress,
    ids::{CoachId, PracticeId},
    name::Name,
    people::Role,
    zone::Zone,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coaches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CoachId,
    pub practice_id: PracticeId,
    pub email: EmailAddress,
    pub email_key: String,
    pub name: Name,
    pub zone: Zone,
    pub password_hash: String,
    pub feed_hash: String,
    pub role: Role,
    pub epoch: i32,
    pub feed_rotation: i32,
    pub created_at: DateTime<Utc>,
    /// Words with a space between, such as `answers`.
    pub rights: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
