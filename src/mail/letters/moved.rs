//! Your place is with other dates now: which, and what becomes of the old ones?

use serde::Serialize;

use super::{Calendar, SessionLine};
use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct Moved {
    /// The new dates, all of them.
    pub sessions: Vec<SessionLine>,
    /// Said when the group keeps another clock than the reader.
    pub zone_note: Option<String>,
    pub calendar: Calendar,
    pub page_url: String,
}

impl Letter for Moved {
    const FOLDER: &'static str = "moved";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let sample = |calendar| Self {
            sessions: vec![
                SessionLine::held("Week 1", "Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)"),
                SessionLine::pause("Week 2", "Canceled"),
            ],
            zone_note: None,
            calendar,
            page_url: "https://trellis.example/p".to_owned(),
        };
        vec![
            Self {
                zone_note: Some("Times are for New York. The group itself keeps Berlin time.".to_owned()),
                ..sample(Calendar::Invites)
            },
            sample(Calendar::Feed),
            sample(Calendar::Neither),
        ]
    }
}
