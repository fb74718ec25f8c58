//! The dates are off: what can the reader do instead?

use serde::Serialize;

use super::Calendar;
use crate::{
    domain::{category::Category, discretion::Voice},
    mail::letter::Letter,
};

#[derive(Debug, Clone, Serialize)]
pub struct CalledOff {
    /// The first session as the reader knew it; empty when there was none.
    pub first_session: String,
    /// The first session of the group the others go to, if the coach asks people over.
    pub instead: Option<String>,
    /// What the coach adds in their own words, plain text; its paragraphs.
    pub words: Vec<String>,
    /// Until when a choice counts, for somebody who had a place; who only waited has nothing to lose.
    pub choose_by: Option<String>,
    pub calendar: Calendar,
    pub choose_url: String,
}

impl Letter for CalledOff {
    const FOLDER: &'static str = "called_off";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(_: &Voice<'_>) -> Vec<Self> {
        let sample = |instead: Option<&str>, words: &[&str], choose_by: Option<&str>, calendar| Self {
            first_session: "Mon 8 Mar 2027, 20:00–21:15 (Dublin time, UTC+00:00)".to_owned(),
            instead: instead.map(str::to_owned),
            words: words.iter().map(|paragraph| (*paragraph).to_owned()).collect(),
            choose_by: choose_by.map(str::to_owned),
            calendar,
            choose_url: "https://trellis.example/choose/9f2c".to_owned(),
        };
        let by = Some("Tue 16 Mar 2027, 18:00 (Dublin time, UTC+00:00)");
        vec![
            sample(None, &["We were too few this time. I am sorry."], by, Calendar::Invites),
            sample(Some("Thu 15 Apr 2027, 20:00–21:15 (Dublin time, UTC+01:00)"), &[], by, Calendar::Feed),
            sample(None, &[], None, Calendar::Neither),
        ]
    }
}
