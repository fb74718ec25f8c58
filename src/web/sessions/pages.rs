//! What does a coach see before a session changes?

use serde::Serialize;

use crate::{
    domain::civil::When,
    store::{cohorts::Cohort, sessions::SessionRow},
    web::{chrome, form::Entered, guard::SignedCoach, page::Page},
};

/// What stands above each of these pages.
#[derive(Debug, Clone, Serialize)]
pub(super) struct About {
    pub(super) session: String,
    pub(super) cohort: String,
    pub(super) cohort_name: String,
    pub(super) title: String,
    pub(super) when: String,
    pub(super) version: i32,
    pub(super) zone: String,
}

/// The new date and time.
#[derive(Debug, Serialize)]
pub(crate) struct MovePage {
    pub(super) about: About,
    pub(super) form: Entered,
}

impl Page for MovePage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "sessions/move.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let wrong = Entered::blank().with("date", "2026-02-30").wrong("date", "There is no such date");
        vec![
            ("blank", Self { about: About::sample(), form: Entered::blank() }),
            ("wrong", Self { about: About::sample(), form: wrong }),
        ]
    }
}

/// What would happen, before it does.
#[derive(Debug, Serialize)]
pub(crate) struct ConfirmPage {
    pub(super) about: About,
    /// `move`, `cancel` or `restore`.
    pub(super) verb: &'static str,
    /// The new time; empty for the others.
    pub(super) becomes: String,
    /// What the form carries on: date, time and minutes as typed.
    pub(super) form: Entered,
    pub(super) people: String,
    pub(super) calendars: u64,
    pub(super) at_once: bool,
}

impl Page for ConfirmPage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "sessions/confirm.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |verb, becomes: &str, at_once| Self {
            about: About::sample(),
            verb,
            becomes: becomes.to_owned(),
            form: Entered::blank().with("date", "2027-03-05").with("time", "20:00").with("minutes", "75"),
            people: "11 people".to_owned(),
            calendars: 4,
            at_once,
        };
        let becomes = "Friday 5 March 2027, 20:00–21:15 (Dublin time, UTC+00:00)";
        vec![
            ("move", page("move", becomes, false)),
            ("cancel", page("cancel", "", true)),
            ("restore", page("restore", "", false)),
        ]
    }
}

impl About {
    pub(super) fn of(session: &SessionRow, cohort: &Cohort, signed: &SignedCoach) -> Self {
        Self {
            session: session.id.to_string(),
            cohort: cohort.id.to_string(),
            cohort_name: cohort.name.expose().to_owned(),
            title: format!("{}. {}", session.ordinal, session.title.expose()),
            when: When::new(session.starts_at, session.ends_at, session.zone).beside(signed.coach.zone),
            version: session.version,
            zone: session.zone.city(),
        }
    }

    fn sample() -> Self {
        Self {
            session: "7".into(),
            cohort: "7".into(),
            cohort_name: "Thursday evenings".into(),
            title: "4. Grief and anger".into(),
            when: "Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".into(),
            version: 2,
            zone: "Dublin".into(),
        }
    }
}
