//! Where does a person stand in a cohort?

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use crate::{
    clock::Now,
    domain::{
        enrollment::{CalendarChoice, Resuming, Standing},
        ids::{CohortId, EnrollmentId, JourneyId, ParticipantId, PracticeId},
    },
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

impl Model {
    /// A place as every place begins, asked for now: pending, without a seat, and nothing chosen. Whoever makes
    /// one says what differs, and why.
    #[must_use]
    pub fn begun(
        id: EnrollmentId,
        (practice_id, cohort_id): (PracticeId, CohortId),
        (participant_id, journey_id): (ParticipantId, JourneyId),
        now: Now,
    ) -> Self {
        Self {
            id,
            practice_id,
            cohort_id,
            participant_id,
            journey_id,
            standing: Standing::Pending,
            calendar: CalendarChoice::Neither,
            track: String::new(),
            reason: String::new(),
            actor: String::new(),
            note: String::new(),
            seat: None,
            asked_at: now.real,
            changed_at: now.program,
            hold_until: None,
            confirmed_at: None,
            left_at: None,
            offered_at: None,
            reminded_at: None,
            paused_at: None,
            resume_on: None,
            resume_as: Resuming::Rejoin,
            shift_days: 0,
            moved_to: None,
            completed_at: None,
        }
    }
}
