//! What was one calendar told about one session?

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::domain::{
    email_address::EmailAddress,
    ids::{EnrollmentId, InviteId, PracticeId, SessionId},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "invites")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InviteId,
    pub practice_id: PracticeId,
    pub enrollment_id: EnrollmentId,
    pub session_id: SessionId,
    pub uid: String,
    pub generation: i32,
    pub sequence: i32,
    pub last_method: String,
    pub rsvp: String,
    pub told_state: String,
    /// As it stood in the first REQUEST; the same for the life of the entry (C10).
    pub organizer: Option<EmailAddress>,
    pub requested_at: Option<DateTime<Utc>>,
    pub stamped_at: Option<DateTime<Utc>>,
    pub told_starts_at: Option<DateTime<Utc>>,
    pub told_ends_at: Option<DateTime<Utc>>,
    pub in_calendar_starts_at: Option<DateTime<Utc>>,
    pub in_calendar_ends_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
