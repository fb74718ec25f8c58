//! Which email goes to whom, why, and what became of it?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    category::Category,
    delivery::{Occasion, State},
    ids::{CoachId, CohortId, DeliveryId, EnrollmentId, ParticipantId, PracticeId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub practice_id: PracticeId,
    pub occasion: Occasion,
    pub category: Category,
    pub state: State,
    pub subject_id: Uuid,
    pub object_id: Uuid,
    pub generation: i32,
    pub tries: i32,
    pub priority: i32,
    /// How often it may have arrived without our knowing.
    pub doubts: i32,
    pub participant_id: Option<ParticipantId>,
    pub coach_id: Option<CoachId>,
    pub enrollment_id: Option<EnrollmentId>,
    pub cohort_id: Option<CohortId>,
    pub lease_token: Option<Uuid>,
    pub due_at: DateTime<Utc>,
    pub next_try_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub useful_until: Option<DateTime<Utc>>,
    pub lease_until: Option<DateTime<Utc>>,
    pub sent_at: Option<DateTime<Utc>>,
    pub params: String,
    pub reason: Option<String>,
    pub message_id: Option<String>,
    pub subject: Option<String>,
    pub body: Option<String>,
    pub actor: Option<String>,
    pub frozen: Option<Vec<u8>>,
    pub sent_to: Option<String>,
    pub frozen_for: Option<String>,
    /// What many get alike, and what goes into its holes for this one: in place of `frozen` and `body`.
    pub stencil_id: Option<Uuid>,
    pub fills: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
