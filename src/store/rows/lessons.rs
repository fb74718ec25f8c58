//! What does one lesson of a program say?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::content::LessonContent;
use crate::domain::ids::{LessonId, PracticeId, ProgramId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "lessons")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LessonId,
    pub practice_id: PracticeId,
    pub program_id: ProgramId,
    pub week: i32,
    pub track: String,
    pub content: LessonContent,
    pub changed_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
