//! What needs the coach today?

use serde::Serialize;

use super::SessionLine;
use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

/// One thing and what can be done about it.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// A full sentence.
    pub what: String,
    /// The link's words, a verb first.
    pub act: String,
    pub url: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct CoachNote {
    pub subject: String,
    /// As in `Tuesday 2 March 2027`.
    pub day: String,
    /// Empty: nothing needs the coach.
    pub items: Vec<Item>,
    pub sessions: Vec<SessionLine>,
    pub week_url: String,
}

impl Letter for CoachNote {
    const FOLDER: &'static str = "coach_note";
    const READER: Reader = Reader::Coach;

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        vec![
            Self {
                subject: "2 things need you today".to_owned(),
                day: "Tuesday 2 March 2027".to_owned(),
                items: vec![
                    Item {
                        what: "Priya’s address bounced. Her provider says the mailbox does not exist.".to_owned(),
                        act: "Correct the address".to_owned(),
                        url: "https://trellis.example/coach/people/7".to_owned(),
                    },
                    Item {
                        what: "Leo has missed two sessions.".to_owned(),
                        act: "Write to Leo".to_owned(),
                        url: "https://trellis.example/coach/people/9/write".to_owned(),
                    },
                ],
                sessions: vec![SessionLine::held("Thursday", "Thu 4 Mar 2027, 20:00–21:15 (Dublin time, UTC+00:00)")],
                week_url: "https://trellis.example/coach".to_owned(),
            },
            Self {
                subject: "Nothing needs you today".to_owned(),
                day: "Wednesday 3 March 2027".to_owned(),
                items: vec![],
                sessions: vec![],
                week_url: "https://trellis.example/coach".to_owned(),
            },
        ]
    }
}
