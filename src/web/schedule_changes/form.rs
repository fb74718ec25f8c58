//! What does a coach enter for a change of schedule?

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::kind::Kind;
use crate::{
    actions::change_schedule::read::Known,
    domain::{
        civil::{self, When},
        plan::{Schedule, Session},
        week::{Kind as WeekKind, Week},
        zone::Zone,
    },
    web::{
        chrome,
        form::Entered,
        labels::{self, Choice},
        page::Page,
    },
};

/// What stands above each of these pages, and where they lead.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct About {
    pub(crate) cohort: String,
    pub(crate) cohort_name: String,
    /// The address that the form is sent to.
    pub(crate) action: String,
    /// The session it is about, with the time it has; empty for a whole cohort.
    pub(crate) session: String,
    pub(crate) when: String,
    /// `Berlin`
    pub(crate) zone: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ChangePage {
    pub(crate) about: About,
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) form: Entered,
    pub(crate) weeks: Vec<Choice>,
    pub(crate) weekdays: Vec<Choice>,
    pub(crate) zones: Vec<Choice>,
}

impl Page for ChangePage {
    type Chrome = chrome::Coach;
    const TEMPLATE: &'static str = "schedule_changes/form.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let nobody = crate::domain::ids::SessionId(uuid::Uuid::nil());
        let page = |kind: Kind, form| Self {
            about: About::sample(kind),
            kind: kind.word(),
            title: kind.words().title,
            form,
            weeks: vec![Choice::new(4, "Week 4, from Monday 1 March 2027")],
            weekdays: labels::weekdays(),
            zones: vec![Choice::new("Europe/Dublin", "Europe/Dublin")],
        };
        let wrong = Entered::blank().with("date", "2026-02-30").wrong("date", "There is no such date");
        vec![
            ("start", page(Kind::Start, Entered::blank().with("to", "2027-02-08"))),
            ("weekday", page(Kind::Weekday, Entered::blank())),
            ("break", page(Kind::Break, Entered::blank())),
            ("unbreak", page(Kind::Unbreak, Entered::blank())),
            ("add", page(Kind::Add, Entered::blank())),
            ("extend", page(Kind::Extend, Entered::blank())),
            ("shorten", page(Kind::Shorten, Entered::blank())),
            ("move", page(Kind::Move(nobody), wrong)),
            ("over", page(Kind::Cancel(nobody), Entered::blank().wrong("session", "This session is over"))),
        ]
    }
}

impl ChangePage {
    pub(super) fn of(about: About, kind: Kind, known: &Known, form: Entered, now: DateTime<Utc>) -> Self {
        let is_weekday = matches!(kind, Kind::Weekday);
        Self {
            about,
            kind: kind.word(),
            title: kind.words().title,
            form,
            weeks: weeks(kind, &known.schedule, now),
            weekdays: if is_weekday { labels::weekdays() } else { Vec::new() },
            zones: if is_weekday { labels::zones() } else { Vec::new() },
        }
    }
}

impl About {
    pub(super) fn of(known: &Known, kind: Kind, own: Zone) -> Self {
        let cohort = known.cohort.id.to_string();
        let about = Self {
            action: format!("/coach/cohorts/{cohort}/schedule/{}", kind.word()),
            cohort,
            cohort_name: known.cohort.name.expose().to_owned(),
            session: String::new(),
            when: String::new(),
            zone: known.schedule.zone.city(),
        };
        let (Kind::Move(id) | Kind::Cancel(id) | Kind::Restore(id)) = kind else { return about };
        let action = format!("/coach/sessions/{id}/{}", kind.word());
        let Some(session) = known.schedule.session(id) else { return Self { action, ..about } };
        let slot = session.slot;
        Self {
            action,
            session: titled(session),
            when: When::new(slot.starts_at(), slot.ends_at(), slot.zone).beside(own),
            zone: slot.zone.city(),
            ..about
        }
    }

    pub(super) fn sample(kind: Kind) -> Self {
        let is_session = matches!(kind, Kind::Move(_) | Kind::Cancel(_) | Kind::Restore(_));
        let text = |text: &str| if is_session { text.to_owned() } else { String::new() };
        Self {
            cohort: "7".to_owned(),
            cohort_name: "Thursday evenings".to_owned(),
            action: format!("/coach/cohorts/7/schedule/{}", kind.word()),
            session: text("4. Grief and anger"),
            when: text("Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)"),
            zone: "Dublin".to_owned(),
        }
    }
}

/// `4. Grief and anger`; one that was added besides has no number.
pub(crate) fn titled(session: &Session) -> String {
    if session.ordinal == 0 {
        session.title.expose().to_owned()
    } else {
        format!("{}. {}", session.ordinal, session.title.expose())
    }
}

/// The weeks that this kind of change is possible from.
fn weeks(kind: Kind, schedule: &Schedule, now: DateTime<Utc>) -> Vec<Choice> {
    let today = schedule.zone.local(now).date();
    let ends = |week: &Week| week.first_day + TimeDelta::weeks(1);
    let session = |week: &Week| schedule.sessions.iter().find(|session| session.week == week.number);
    let is_ahead = |week: &Week| session(week).is_none_or(|session| session.slot.starts_at() > now);
    let is_offered = |week: &&Week| match kind {
        Kind::Weekday => session(week).is_some() && is_ahead(week),
        Kind::Break => ends(week) > today && is_ahead(week),
        Kind::Unbreak => week.kind == WeekKind::Break && ends(week) > today,
        Kind::Start | Kind::Add | Kind::Extend | Kind::Shorten | Kind::Move(_) | Kind::Cancel(_) | Kind::Restore(_) => {
            false
        }
    };
    let choice = |week: &Week| {
        let text = format!("Week {}, {}", week.number, civil::short_date(week.first_day));
        Choice::new(week.number, with_session(text, week, session(week)))
    };
    schedule.weeks.iter().filter(is_offered).map(choice).collect()
}

fn with_session(text: String, week: &Week, session: Option<&Session>) -> String {
    match (week.kind, session) {
        (WeekKind::Break, _) => format!("{text} (break)"),
        (WeekKind::CatchUp, _) => format!("{text} (no session)"),
        (WeekKind::Teach, None) => text,
        (WeekKind::Teach, Some(session)) => {
            let on = if session.slot.date == week.first_day {
                String::new()
            } else {
                format!(" on {}", civil::short_date(session.slot.date))
            };
            format!("{text}: session {}{on}", session.ordinal)
        }
    }
}
