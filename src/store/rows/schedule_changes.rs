//! How was a cohort's schedule before each change, and after?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::ids::{CohortId, PracticeId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub actor: String,
    pub summary: String,
    /// The whole schedule, as JSON.
    pub was: String,
    pub became: String,
    pub made_at: DateTime<Utc>,
    pub tell_at: DateTime<Utc>,
    pub undone_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
