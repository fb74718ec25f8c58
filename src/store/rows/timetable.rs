//! What should happen when?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::ids::{CohortId, PracticeId, SessionId, TimetableId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "timetable")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TimetableId,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub work: String,
    pub object: String,
    pub zone: String,
    pub position: i32,
    pub session_id: Option<SessionId>,
    pub due_at: DateTime<Utc>,
    pub useful_until: DateTime<Utc>,
    pub released_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
