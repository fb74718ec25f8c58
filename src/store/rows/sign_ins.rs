//! Which one-time links and codes are out?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{ids::PracticeId, people::Who};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_ins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub who: Who,
    pub purpose: String,
    pub person_id: Uuid,
    pub token_hash: String,
    pub code_hash: String,
    pub browser_hash: String,
    pub wrong_codes: i32,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub spent_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
