//! What does a cohort's own copy of a lesson say?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::content::LessonContent;
use crate::domain::{
    cohort::Timing,
    ids::{CohortId, CohortLessonId, LessonId, PracticeId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cohort_lessons")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CohortLessonId,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub lesson_id: LessonId,
    pub position: i32,
    pub track: String,
    pub content: LessonContent,
    pub changed_at: DateTime<Utc>,
    pub timing: Timing,
    /// Why it is not timed by the rule; empty if it is.
    pub reason: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
