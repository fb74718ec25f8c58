//! Who is a person to a practice?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    discretion::Discretion,
    email_address::EmailAddress,
    ids::{ParticipantId, PracticeId},
    name::Name,
    zone::Zone,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "participants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ParticipantId,
    pub practice_id: PracticeId,
    pub email: EmailAddress,
    pub email_key: String,
    pub name: Name,
    pub zone: Zone,
    pub feed_hash: String,
    pub language: String,
    pub discretion: Option<Discretion>,
    pub mail_problem: Option<String>,
    pub epoch: i32,
    pub feed_rotation: i32,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
