//! A pause begins: what stops, what stays, and how does it end?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, enrollment::Resuming},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct Paused {
    /// When it ends by itself, if a day was chosen.
    pub until: Option<String>,
    /// How it ends by itself.
    pub resume_as: Resuming,
    pub coach_name: String,
    pub resume_url: String,
}

impl Letter for Paused {
    const FOLDER: &'static str = "paused";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let sample = |until: Option<&str>, resume_as| Self {
            until: until.map(str::to_owned),
            resume_as,
            coach_name: "Nadia".to_owned(),
            resume_url: "https://trellis.example/pause/v1.abc.def".to_owned(),
        };
        let until = "Monday 8 March 2027, 07:00 (Berlin time, UTC+01:00)";
        vec![
            sample(None, Resuming::Rejoin),
            sample(Some(until), Resuming::Rejoin),
            sample(Some(until), Resuming::Shift),
        ]
    }
}
