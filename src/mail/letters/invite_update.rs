//! What does a moved calendar entry say to the eye?

use serde::Serialize;

use crate::{domain::category::Category, mail::letter::Letter};

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

    fn samples() -> Vec<Self> {
        vec![Self {
            subject: "Group session".to_owned(),
            when: "Fri 19 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
            was: "Thu 18 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
            place: "Online, by the join page".to_owned(),
            join_url: "https://trellis.example/j/9f2c".to_owned(),
            stop_url: "https://trellis.example/p/9f2c/calendar".to_owned(),
        }]
    }
}
