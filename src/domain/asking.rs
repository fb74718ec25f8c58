//! What does somebody say who asks for a place?

use crate::domain::{
    discretion::Discretion,
    email_address::EmailAddress,
    enrollment::CalendarChoice,
    name::Name,
    program::{Document, intake::Answered},
    zone::Zone,
};

/// What the form says, in types that cannot be wrong.
#[derive(Debug, Clone)]
pub struct Form {
    pub email: EmailAddress,
    pub name: Name,
    pub zone: Zone,
    /// The key of one of the program's tracks, or empty.
    pub track: String,
    pub calendar: CalendarChoice,
    /// Raises the cohort's own level; never lowers it.
    pub discretion: Option<Discretion>,
    pub note: String,
    pub consents: Vec<Agreed>,
    /// What the program asked besides.
    pub intake: Vec<Answered>,
    /// Who is to be asked to come along, once the sender has confirmed.
    pub partner: Option<Partner>,
}

/// One thing agreed to, as it was worded.
#[derive(Debug, Clone)]
pub struct Agreed {
    pub kind: &'static str,
    pub version: i32,
    pub wording: String,
}

impl Agreed {
    #[must_use]
    pub fn to(kind: &'static str, document: &Document) -> Self {
        Self { kind, version: document.number(), wording: document.text.clone() }
    }
}

/// Somebody another person wants to come with.
#[derive(Debug, Clone)]
pub struct Partner {
    pub name: Name,
    pub email: EmailAddress,
}
