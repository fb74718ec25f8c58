//! Who is the tenant?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{email_address::EmailAddress, ids::PracticeId, name::Name, zone::Zone};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "practices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PracticeId,
    pub practice_id: PracticeId,
    pub name: Name,
    pub neutral_name: Name,
    pub first_name: Name,
    pub zone: Zone,
    pub sender_email: EmailAddress,
    pub reply_email: EmailAddress,
    pub postal_address: String,
    pub crisis_line: String,
    pub brand_color: String,
    pub mail_tested_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
