//! Which lessons went out before this person could have them?

use serde::Serialize;

use crate::{
    domain::{
        category::Category,
        discretion::{Discretion, Voice},
    },
    mail::letter::Letter,
};

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

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        let missed = |week: u16, title: &str| Missed {
            label: format!("Week {week}"),
            title: match voice.level {
                Discretion::Open | Discretion::Discreet => title.to_owned(),
                Discretion::Minimal => "Your note".to_owned(),
            },
            url: format!("https://trellis.example/p/lesson/{week}"),
        };
        let several = vec![
            missed(1, "What happened, and what did not"),
            missed(2, "Sleep, food and one safe hour"),
            missed(3, "Questions & answers, <carefully>"),
        ];
        let letter = |subject: &str, since, lessons| Self {
            subject: subject.to_owned(),
            since,
            lessons,
            page_url: "https://trellis.example/p".to_owned(),
        };
        vec![
            letter("What came before you joined", "joined", several),
            letter("What came during your pause", "paused", vec![missed(1, "What happened, and what did not")]),
            letter("What the others have had so far", "moved", vec![missed(2, "Sleep, food and one safe hour")]),
        ]
    }
}
