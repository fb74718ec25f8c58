//! Which lessons went out before this person could have them?

use serde::Serialize;

use crate::{domain::category::Category, mail::letter::Letter};

/// A lesson that can be read on the page.
#[derive(Debug, Clone, Serialize)]
pub struct Missed {
    /// As in `Week 1`.
    pub label: String,
    pub title: String,
    pub url: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct CatchUp {
    pub subject: String,
    /// Why these were not had yet: `joined`, `paused` or `moved`.
    pub since: &'static str,
    /// In the order of the weeks; never empty.
    pub lessons: Vec<Missed>,
    pub page_url: String,
}

impl Letter for CatchUp {
    const FOLDER: &'static str = "catch_up";

    fn category(&self) -> Category {
        Category::Lesson
    }

    fn samples() -> Vec<Self> {
        vec![
            Self {
                subject: "Weeks 1 to 3, in one place".to_owned(),
                since: "joined",
                lessons: vec![
                    Missed {
                        label: "Week 1".to_owned(),
                        title: "What happened, and what did not".to_owned(),
                        url: "https://trellis.example/p/9f2c/lesson/1".to_owned(),
                    },
                    Missed {
                        label: "Week 2".to_owned(),
                        title: "Sleep, food and one safe hour".to_owned(),
                        url: "https://trellis.example/p/9f2c/lesson/2".to_owned(),
                    },
                    Missed {
                        label: "Week 3".to_owned(),
                        title: "Questions & answers, <carefully>".to_owned(),
                        url: "https://trellis.example/p/9f2c/lesson/3".to_owned(),
                    },
                ],
                page_url: "https://trellis.example/p/9f2c".to_owned(),
            },
            Self {
                subject: "Weekly course, parts so far".to_owned(),
                since: "paused",
                lessons: vec![Missed {
                    label: "Part 1".to_owned(),
                    title: "Open part 1".to_owned(),
                    url: "https://trellis.example/p/9f2c/lesson/1".to_owned(),
                }],
                page_url: "https://trellis.example/p/9f2c".to_owned(),
            },
        ]
    }
}
