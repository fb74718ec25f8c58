//! What does a calendar entry say when it goes?

use serde::Serialize;

use super::gallery::SESSION_TITLE;
use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

/// Why the entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    SessionCanceled,
    /// The person left, moved, or wants no calendar entries.
    PersonStopped,
}

#[derive(Debug, Clone, Serialize)]
pub struct InviteCancel {
    /// The invite's own, so that the messages stay one thread (H3).
    pub subject: String,
    pub when: String,
    pub why: Why,
}

impl Letter for InviteCancel {
    const FOLDER: &'static str = "invite_cancel";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        let letter = |why| Self {
            subject: voice.calendar_title(SESSION_TITLE).to_owned(),
            when: "Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
            why,
        };
        vec![letter(Why::SessionCanceled), letter(Why::PersonStopped)]
    }
}
