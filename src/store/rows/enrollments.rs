//! Where does a person stand in a cohort?

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    enrollment::{CalendarChoice, Resuming, Standing},
    ids::{CohortId, EnrollmentId, JourneyId, ParticipantId, PracticeId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "enrollments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EnrollmentId,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub participant_id: ParticipantId,
    pub journey_id: JourneyId,
    pub standing: Standing,
    pub calendar: CalendarChoice,
    pub track: String,
    pub reason: String,
    pub actor: String,
    pub note: String,
    pub seat: Option<i32>,
    pub asked_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub hold_until: Option<DateTime<Utc>>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub left_at: Option<DateTime<Utc>>,
    pub offered_at: Option<DateTime<Utc>>,
    pub reminded_at: Option<DateTime<Utc>>,
    pub paused_at: Option<DateTime<Utc>>,
    pub resume_on: Option<NaiveDate>,
    pub resume_as: Resuming,
    pub shift_days: i32,
    pub moved_to: Option<EnrollmentId>,
    pub completed_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
