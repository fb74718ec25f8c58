//! Who asks for a place in a group right now, and what became of it?

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{enrollments::Enrollment, gather::Gather, sent_forms::Mark};
use crate::domain::{
    asking::Form,
    enrollment::Refusal,
    ids::{CohortId, EnrollmentId},
};

/// One form, and by what it is counted.
#[derive(Debug, Clone)]
pub struct Asking {
    pub form: Form,
    /// Of the address and the cohort: how often an address is asked for.
    pub address_hash: String,
    pub client: Option<Client>,
    pub mark: Option<Mark>,
}

/// Where a form came from, and how many may come from there within an hour.
#[derive(Debug, Clone)]
pub struct Client {
    pub hash: String,
    pub most: u32,
}

/// What became of one form.
#[derive(Debug, Clone)]
pub enum Asked {
    /// What is true of it is said by mail.
    Counted,
    SentBefore,
    /// Too many came from this client: until when nothing more is taken; real time.
    TooOften(DateTime<Utc>),
    /// The database did not do it.
    Lost(Arc<DbErr>),
}

/// Forms that wait for their turn, those of a cohort in one line.
pub type Line = Gather<CohortId, Asking, Asked>;

/// Somebody who confirms their address.
#[derive(Debug, Clone)]
pub struct Confirming {
    pub id: EnrollmentId,
    pub mark: Option<Mark>,
}

/// What became of a confirmation.
#[derive(Debug, Clone)]
pub enum Confirmed {
    Now(Box<Enrollment>),
    SentBefore,
    /// There is no such place any more.
    Unknown,
    /// The group has ended.
    Over,
    Refused(Refusal),
    /// The database did not do it.
    Lost(Arc<DbErr>),
}

/// Those who confirm, in one line for each cohort.
pub type Confirmations = Gather<CohortId, Confirming, Confirmed>;
