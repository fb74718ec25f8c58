//! Who asked whom to come along?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    couple::CoupleState,
    ids::{CohortId, EnrollmentId, ParticipantId, PracticeId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "couples")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub inviter_id: EnrollmentId,
    /// What the inviter typed, until the partner is asked; then both are empty.
    pub partner_name: String,
    pub partner_email: String,
    /// The person who was asked.
    pub person_id: Option<ParticipantId>,
    /// Their enrollment, once they said yes.
    pub partner_id: Option<EnrollmentId>,
    pub state: CoupleState,
    pub respond_by: Option<DateTime<Utc>>,
    /// Seats of the cohort that are held for the partner: 0 or 1.
    pub seats_held: i32,
    /// 1: both wait, until two places are free.
    pub in_line: i32,
    /// 1: the inviter comes in any case, and is not asked again.
    pub alone: i32,
    /// How often the partner was asked.
    pub round: i32,
    pub declined_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
