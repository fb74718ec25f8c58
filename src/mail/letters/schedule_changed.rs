//! What is different in the schedule now? Everything in one letter.

use serde::Serialize;

use super::{Calendar, SessionLine};
use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

/// A session at another time.
#[derive(Debug, Clone, Serialize)]
pub struct Moved {
    /// As in `Week 6`.
    pub label: String,
    pub now: String,
    pub was: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct ScheduleChanged {
    pub subject: String,
    /// A word of the coach, plain text.
    pub note: Option<String>,
    pub moved: Vec<Moved>,
    pub canceled: Vec<SessionLine>,
    pub restored: Vec<SessionLine>,
    pub added: Vec<SessionLine>,
    /// Weeks in which there is neither session nor lesson, and those in which there is after all: the first day
    /// of each, in full.
    pub breaks: Vec<String>,
    pub breaks_gone: Vec<String>,
    pub calendar: Calendar,
    pub page_url: String,
}

impl Letter for ScheduleChanged {
    const FOLDER: &'static str = "schedule_changed";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![
            Self {
                subject: "The schedule has changed".to_owned(),
                note: None,
                moved: vec![Moved {
                    label: "Week 6".to_owned(),
                    now: "Fri 19 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
                    was: "Thu 18 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
                }],
                canceled: vec![],
                restored: vec![],
                added: vec![],
                breaks: vec![],
                breaks_gone: vec![],
                calendar: Calendar::Invites,
                page_url: "https://trellis.example/p/9f2c".to_owned(),
            },
            Self {
                subject: "The schedule has changed".to_owned(),
                note: Some("I am away that week, and I am sorry for the short notice. <Nadia> & I".to_owned()),
                moved: vec![Moved {
                    label: "Week 4".to_owned(),
                    now: "Fri 5 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
                    was: "Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
                }],
                canceled: vec![SessionLine::held("Week 5", "Thu 11 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)")],
                restored: vec![SessionLine::held("Week 3", "Thu 25 Feb 2027, 20:00–21:15 (Berlin time, UTC+01:00)")],
                added: vec![SessionLine::held("Week 7", "Thu 1 Apr 2027, 20:00–21:15 (Berlin time, UTC+02:00)")],
                breaks: vec!["Monday 15 March 2027".to_owned()],
                breaks_gone: vec!["Monday 22 March 2027".to_owned()],
                calendar: Calendar::Neither,
                page_url: "https://trellis.example/p/9f2c".to_owned(),
            },
        ]
    }
}
