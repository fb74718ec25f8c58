//! What is taught?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::content::ProgramContent;
use crate::domain::{
    ids::{PracticeId, ProgramId},
    name::Name,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "programs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProgramId,
    pub practice_id: PracticeId,
    pub code: String,
    pub title: Name,
    pub content: ProgramContent,
    pub slug: Option<String>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
