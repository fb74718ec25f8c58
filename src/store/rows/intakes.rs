//! What did a person answer when they enrolled?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::ids::{EnrollmentId, PracticeId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "intakes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub enrollment_id: EnrollmentId,
    /// JSON: each question as it was asked, with its answer.
    pub answers: String,
    pub made_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
