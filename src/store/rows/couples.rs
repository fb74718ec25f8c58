//! Who asked whom to come along?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    cohort::CoupleState,
    ids::{CohortId, EnrollmentId, PracticeId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "couples")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub inviter_id: EnrollmentId,
    pub partner_id: EnrollmentId,
    pub state: CoupleState,
    pub respond_by: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
