//! Which weeks does a cohort have?

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::{
    ids::{CohortId, PracticeId, WeekId},
    week::Kind,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "weeks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WeekId,
    pub practice_id: PracticeId,
    pub cohort_id: CohortId,
    pub number: i32,
    pub first_day: NaiveDate,
    pub kind: Kind,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
