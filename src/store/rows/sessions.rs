//! When does a cohort meet?

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    ids::{CohortId, PracticeId, SessionId},
    name::Name,
    session::SessionState,
    zone::Zone,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub ordinal: i32,
    pub week: i32,
    pub minutes: i32,
    pub generation: i32,
    pub version: i32,
    pub title: Name,
    pub zone: Zone,
    pub local_date: NaiveDate,
    pub local_time: NaiveTime,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub state: SessionState,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
