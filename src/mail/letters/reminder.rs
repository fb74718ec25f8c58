//! When is the next session, one last time?

use serde::Serialize;

use crate::{domain::category::Category, mail::letter::Letter};

/// How long before the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lead {
    /// There is still time to say no.
    Day,
    /// There is time to come.
    Hour,
}

#[derive(Debug, Clone, Serialize)]
pub struct Reminder {
    /// As in `Tomorrow at 20:00` or `In one hour`; also the heading.
    pub subject: String,
    pub lead: Lead,
    /// As in `your weekly course, part 4`.
    pub about: String,
    pub when: String,
    pub place: String,
    /// Local time, as in `19:50`.
    pub opens_at: String,
    pub page_url: String,
    pub absent_url: String,
}

impl Letter for Reminder {
    const FOLDER: &'static str = "reminder";

    fn category(&self) -> Category {
        Category::Reminder
    }

    fn samples() -> Vec<Self> {
        vec![
            Self {
                subject: "Tomorrow at 20:00".to_owned(),
                lead: Lead::Day,
                about: "week 4, Grief and anger".to_owned(),
                when: "Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
                place: "Online, camera optional".to_owned(),
                opens_at: "19:50".to_owned(),
                page_url: "https://trellis.example/p/9f2c".to_owned(),
                absent_url: "https://trellis.example/p/9f2c/absent/4".to_owned(),
            },
            Self {
                subject: "In one hour".to_owned(),
                lead: Lead::Hour,
                about: "your weekly course, part 4".to_owned(),
                when: "Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
                place: "Online, camera optional".to_owned(),
                opens_at: "19:50".to_owned(),
                page_url: "https://trellis.example/p/9f2c".to_owned(),
                absent_url: "https://trellis.example/p/9f2c/absent/4".to_owned(),
            },
        ]
    }
}
