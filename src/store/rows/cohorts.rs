//! When is it taught, and to how many?

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
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
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
