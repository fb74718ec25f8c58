//! A pause is over: what comes next, and when?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, enrollment::Resuming},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct Resumed {
    pub resumed_as: Resuming,
    pub next_lesson: Option<String>,
    /// Only where lessons go on by themselves, after those of the group.
    pub last_lesson: Option<String>,
    pub next_session: Option<String>,
    pub page_url: String,
}

impl Letter for Resumed {
    const FOLDER: &'static str = "resumed";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let at = |text: &str| Some(text.to_owned());
        let page_url = "https://trellis.example/p".to_owned();
        vec![
            Self {
                resumed_as: Resuming::Shift,
                next_lesson: at("Monday 8 March 2027, 07:00 (Berlin time, UTC+01:00)"),
                last_lesson: at("Monday 5 April 2027, 07:00 (Berlin time, UTC+02:00)"),
                next_session: at("Thursday 11 March 2027, 20:00–21:15 (Berlin time, UTC+01:00)"),
                page_url: page_url.clone(),
            },
            Self {
                resumed_as: Resuming::Rejoin,
                next_lesson: at("Monday 8 March 2027, 07:00 (Berlin time, UTC+01:00)"),
                last_lesson: None,
                next_session: at("Thursday 11 March 2027, 20:00–21:15 (Berlin time, UTC+01:00)"),
                page_url: page_url.clone(),
            },
            Self { resumed_as: Resuming::Rejoin, next_lesson: None, last_lesson: None, next_session: None, page_url },
        ]
    }
}
