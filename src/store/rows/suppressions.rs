//! What is not sent to an address any more?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    bounce::{BounceClass, Scope},
    ids::PracticeId,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "suppressions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub practice_id: PracticeId,
    pub address_hash: String,
    pub scope: Scope,
    pub class: BounceClass,
    pub made_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
