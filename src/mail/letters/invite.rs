//! What does a calendar invite say to the eye? It repeats the entry, because some clients show nothing else (C23).

use serde::Serialize;

use super::gallery::SESSION_TITLE;
use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct Invite {
    /// The same text as the entry's title (P6), and the base of every update's and cancellation's subject.
    pub subject: String,
    pub when: String,
    pub place: String,
    pub join_url: String,
    pub stop_url: String,
}

impl Letter for Invite {
    const FOLDER: &'static str = "invite";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        vec![Self {
            subject: voice.calendar_title(SESSION_TITLE).to_owned(),
            when: "Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
            place: "Online".to_owned(),
            join_url: "https://trellis.example/join/v1.9f2c".to_owned(),
            stop_url: "https://trellis.example/p#calendar".to_owned(),
        }]
    }
}
