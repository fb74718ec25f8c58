//! Who is the tenant?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{category::Category, email_address::EmailAddress, ids::PracticeId, name::Name, zone::Zone};

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
    /// Calendars' organizer, and the sender of all that is no subscription.
    pub sender_email: EmailAddress,
    /// The sender of what a person can turn off, where that is another.
    pub list_email: Option<EmailAddress>,
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

impl Model {
    /// Whom a mail of this category is from (A9): what a person can turn off may have an address of its own.
    #[must_use]
    pub fn sender_of(&self, category: Category) -> &EmailAddress {
        let own = self.list_email.as_ref().filter(|_| category.subscribed());
        own.unwrap_or(&self.sender_email)
    }
}
