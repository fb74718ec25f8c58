//! What does a moved calendar entry say to the eye?

use serde::Serialize;

use super::gallery::SESSION_TITLE;
use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct InviteUpdate {
    /// The invite's own, so that the messages stay one thread (H3).
    pub subject: String,
    pub when: String,
    pub was: String,
    pub place: String,
    pub join_url: String,
    pub stop_url: String,
}

impl Letter for InviteUpdate {
    const FOLDER: &'static str = "invite_update";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            subject: voice.calendar_title(SESSION_TITLE).to_owned(),
            when: "Fri 19 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
            was: "Thu 18 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
            place: "Online".to_owned(),
            join_url: "https://trellis.example/join/v1.9f2c".to_owned(),
            stop_url: "https://trellis.example/p#calendar".to_owned(),
        }]
    }
}
