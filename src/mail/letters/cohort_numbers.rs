//! For the coach: how many will come, and does the cohort take place?

use serde::Serialize;

use crate::{
    domain::{category::Category, discretion::Voice, reading::Reader},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct CohortNumbers {
    pub subject: String,
    pub cohort: String,
    pub starts: String,
    /// Local time with zone and offset.
    pub decide_by: String,
    pub enrolled: u64,
    pub needed: i32,
    pub capacity: i32,
    /// Places held for people who have not answered yet.
    pub held: u64,
    /// Applications that nobody has answered.
    pub applied: u64,
    pub waiting: u64,
    pub decide_url: String,
}

impl Letter for CohortNumbers {
    const FOLDER: &'static str = "cohort_numbers";
    const READER: Reader = Reader::Coach;

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let sample = |enrolled, held, applied, waiting| Self {
            subject: format!("{enrolled} of 6: does it take place?"),
            cohort: "Thursday evenings".to_owned(),
            starts: "Thursday 11 March 2027".to_owned(),
            decide_by: "Thu 4 Mar 2027, 18:00 (Dublin time, UTC+00:00)".to_owned(),
            enrolled,
            needed: 6,
            capacity: 12,
            held,
            applied,
            waiting,
            decide_url: "https://trellis.example/coach/cohorts/7/decide".to_owned(),
        };
        vec![sample(4, 1, 2, 0), sample(12, 0, 0, 3)]
    }
}
