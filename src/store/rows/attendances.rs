//! Who came to which session?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    cohort::Attendance,
    ids::{EnrollmentId, PracticeId, SessionId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attendances")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub enrollment_id: EnrollmentId,
    pub session_id: SessionId,
    pub mark: Attendance,
    pub actor: String,
    pub marked_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
