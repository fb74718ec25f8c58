//! What is a person's way through a program?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{
    clock::Now,
    domain::ids::{JourneyId, ParticipantId, PracticeId, ProgramId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "journeys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JourneyId,
    pub practice_id: PracticeId,
    pub participant_id: ParticipantId,
    pub program_id: ProgramId,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The journey of this participant through this program, beginning now.
    #[must_use]
    pub fn begun(
        id: JourneyId,
        (practice_id, program_id): (PracticeId, ProgramId),
        participant_id: ParticipantId,
        now: Now,
    ) -> Self {
        Self { id, practice_id, participant_id, program_id, created_at: now.real }
    }
}
