//! Who left, moved, pauses or is back? For the coach, without a reason.

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct RosterChanged {
    pub cohort: String,
    /// Full sentences, the first first.
    pub changes: Vec<String>,
    /// As in `11 of 12 places are taken.`
    pub seats: String,
    pub roster_url: String,
}

impl Letter for RosterChanged {
    const FOLDER: &'static str = "roster_changed";
    const READER: Reader = Reader::Coach;

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let sample = |changes: &[&str]| Self {
            cohort: "Thursday evenings".to_owned(),
            changes: changes.iter().map(|line| (*line).to_owned()).collect(),
            seats: "11 of 12 places are taken.".to_owned(),
            roster_url: "https://trellis.example/coach/cohorts/7".to_owned(),
        };
        vec![
            sample(&["Leo has left."]),
            sample(&["Priya went on with other dates: <Monday> mornings.", "Sam pauses until Monday 8 March 2027."]),
        ]
    }
}
