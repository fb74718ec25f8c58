//! Your place is confirmed: when, where, and what comes?

use serde::Serialize;

use super::{Calendar, SessionLine};
use crate::{
    domain::{
        category::Category,
        discretion::{Body, Discretion, Voice},
    },
    mail::{lesson_html, letter::Letter},
};

#[derive(Debug, Clone, Serialize)]
pub struct Welcome {
    pub subject: String,
    /// In the reader's own zone, every week of the cohort.
    pub sessions: Vec<SessionLine>,
    /// Where two clocks differ: whose time the list shows.
    pub zone_note: Option<String>,
    /// The program's own welcome: sanitized HTML and its text, or neither.
    pub welcome_html: Option<String>,
    pub welcome_text: Option<String>,
    /// How one gets into the room.
    pub room_note: String,
    pub calendar: Calendar,
    pub page_url: String,
    /// Links that do one thing each, without a sign-in: other dates, a pause, leaving.
    pub dates_url: String,
    pub pause_url: String,
    pub leave_url: String,
}

impl Letter for Welcome {
    const FOLDER: &'static str = "welcome";

    fn category(&self) -> Category {
        Category::Service
    }

    fn samples(voice: &Voice<'_>) -> Vec<Self> {
        let own = match voice.body() {
            Body::Full => Some((lesson_html::style(SAMPLE_HTML), SAMPLE_TEXT.to_owned())),
            Body::LinkOnly => None,
        };
        let (welcome_html, welcome_text) = own.unzip();
        let letter = |calendar, zone_note: Option<&str>| Self {
            subject: match voice.level {
                Discretion::Open => "Your place in Rebuilding Trust is confirmed".to_owned(),
                Discretion::Discreet | Discretion::Minimal => "Your place is confirmed".to_owned(),
            },
            sessions: sessions(),
            zone_note: zone_note.map(str::to_owned),
            welcome_html: welcome_html.clone(),
            welcome_text: welcome_text.clone(),
            room_note: "The join button is on your page. The room opens ten minutes before each session.".to_owned(),
            calendar,
            page_url: "https://trellis.example/p".to_owned(),
            dates_url: "https://trellis.example/dates/v1.abc.def".to_owned(),
            pause_url: "https://trellis.example/pause/v1.abc.def".to_owned(),
            leave_url: "https://trellis.example/leaving/v1.abc.def".to_owned(),
        };
        vec![
            letter(Calendar::Invites, Some("Times are for Berlin. The group itself keeps Dublin time.")),
            letter(Calendar::Feed, None),
            letter(Calendar::Neither, None),
        ]
    }
}

const SAMPLE_HTML: &str = "<p>Have a quiet place and a glass of water ready. <strong>Nothing else.</strong></p>";
const SAMPLE_TEXT: &str = "Have a quiet place and a glass of water ready. Nothing else.";

fn sessions() -> Vec<SessionLine> {
    vec![
        SessionLine::held("Week 1", "Mon 8 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)"),
        SessionLine::held("Week 2", "Mon 15 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)"),
        SessionLine::held("Week 3", "Mon 22 Mar 2027, 20:00–21:15 (Berlin time, UTC+01:00)"),
        SessionLine::pause("No session", "Mon 29 Mar 2027, Easter Monday"),
        SessionLine::held("Week 4", "Mon 5 Apr 2027, 20:00–21:15 (Berlin time, UTC+02:00)"),
        SessionLine::held("Week 5", "Mon 12 Apr 2027, 20:00–21:15 (Berlin time, UTC+02:00)"),
        SessionLine::held("Week 6", "Mon 19 Apr 2027, 20:00–21:15 (Berlin time, UTC+02:00)"),
    ]
}
