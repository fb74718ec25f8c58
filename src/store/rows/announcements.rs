//! What does a coach announce?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    announcement::Stage,
    ids::{AnnouncementId, PracticeId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "announcements")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AnnouncementId,
    pub practice_id: PracticeId,
    pub subject: String,
    pub discreet_subject: String,
    pub body: String,
    pub audience: String,
    pub wish: String,
    pub stage: Stage,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
