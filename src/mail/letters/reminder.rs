//! When is the next session, one last time?

use serde::Serialize;

use crate::{
    domain::{
        category::Category,
        discretion::{Discretion, Voice},
    },
    mail::letter::Letter,
};

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

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        let about = match voice.level {
            Discretion::Open => "Rebuilding Trust, week 4",
            Discretion::Discreet => "your weekly course, part 4",
            Discretion::Minimal => "your appointment",
        };
        let letter = |subject: &str, lead| Self {
            subject: subject.to_owned(),
            lead,
            about: about.to_owned(),
            when: "Thu 4 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)".to_owned(),
            place: "Online. The join button is on your page.".to_owned(),
            opens_at: "19:50".to_owned(),
            page_url: "https://trellis.example/p/join/9f2c".to_owned(),
            absent_url: "https://trellis.example/rsvp/v1.9f2c".to_owned(),
        };
        vec![letter("Tomorrow at 20:00", Lead::Day), letter("In one hour", Lead::Hour)]
    }
}
