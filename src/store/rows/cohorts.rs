//! When is it taught, and to how many?

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    cohort::{Admission, Decision, LateJoiners},
    discretion::Discretion,
    ids::{CohortId, PracticeId, ProgramId},
    name::Name,
    people::CohortState,
    schedule::LessonClock,
    zone::Zone,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cohorts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CohortId,
    pub practice_id: PracticeId,
    pub program_id: ProgramId,
    pub name: Name,
    pub zone: Zone,
    pub lesson_rule: String,
    pub room_url: String,
    pub crisis_line: String,
    pub starts_on: NaiveDate,
    pub weekday: String,
    pub lesson_clock: LessonClock,
    pub discretion: Discretion,
    pub state: CohortState,
    pub session_time: NaiveTime,
    pub session_minutes: i32,
    pub capacity: i32,
    pub seats_taken: i32,
    pub version: i32,
    pub tell_changes_at: Option<DateTime<Utc>>,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub holiday_country: String,
    pub admission: Admission,
    pub enroll_from_on: Option<NaiveDate>,
    pub enroll_until_on: Option<NaiveDate>,
    pub move_until_on: Option<NaiveDate>,
    pub pause_until_on: Option<NaiveDate>,
    pub late_joiners: LateJoiners,
    pub offer_hours: i32,
    pub accept_hours: i32,
    pub min_participants: i32,
    pub decide_by: Option<DateTime<Utc>>,
    pub numbers_told_at: Option<DateTime<Utc>>,
    pub decision: Decision,
    pub merged_into: Option<CohortId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
