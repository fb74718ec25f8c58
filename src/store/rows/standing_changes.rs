//! Who changed where a person stands, when and why?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::ids::{EnrollmentId, PracticeId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "standing_changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub enrollment_id: EnrollmentId,
    /// Empty when the enrollment was made.
    pub was: String,
    pub became: String,
    pub actor: String,
    pub reason: String,
    pub made_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
