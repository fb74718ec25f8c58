//! What do these pages look like in each of their states?

use super::{
    dates::{DatesPage, Group},
    pauses::PausePage,
};
use crate::web::form::Entered;

pub(super) fn dates() -> Vec<(&'static str, DatesPage)> {
    let page = |groups, closed: &str| DatesPage {
        until: "until Sunday 8 November 2026 (Berlin time)".to_owned(),
        closed: closed.to_owned(),
        groups,
        zone_note: "Times are for Lisbon.".to_owned(),
    };
    let group = |id: &str, title: &str| Group {
        id: id.to_owned(),
        title: title.to_owned(),
        dates: vec![
            "Tue 20 Oct 2026, 18:00–19:15 (Lisbon time, UTC+01:00)".to_owned(),
            "Tue 27 Oct 2026, 18:00–19:15 (Lisbon time, UTC+00:00)".to_owned(),
        ],
        href: format!("/p/dates/{id}"),
    };
    vec![
        (
            "some",
            page(vec![group("7", "From Tuesday 20 October 2026"), group("8", "From Thursday 7 January 2027")], ""),
        ),
        ("none", page(vec![], "")),
        ("too late", page(vec![], "You could move to other dates until Sunday 8 November 2026 (Berlin time).")),
    ]
}

pub(super) fn pauses() -> Vec<(&'static str, PausePage)> {
    let page = || PausePage {
        form: Entered::blank().with("resume_as", "rejoin"),
        pauses: false,
        ends: String::new(),
        until: String::new(),
        closed: String::new(),
        days: ["2026-10-21".to_owned(), "2027-04-20".to_owned()],
        coach: "Nadia".to_owned(),
        enrollment: "0193".to_owned(),
        pause_path: "/p/pause".to_owned(),
        resume_path: "/p/resume".to_owned(),
    };
    let wrong = Entered::blank().with("resume_as", "shift").wrong("resume_on", "Choose a day from tomorrow on");
    let ends = "Monday 9 November 2026, 07:00 (Lisbon time, UTC+00:00)".to_owned();
    vec![
        ("to begin", page()),
        ("wrong day", PausePage { form: wrong, ..page() }),
        ("within days", PausePage { until: "until Sunday 8 November 2026 (Berlin time)".to_owned(), ..page() }),
        ("too late", PausePage { closed: "A pause could begin until Sunday 8 November 2026.".to_owned(), ..page() }),
        ("runs", PausePage { pauses: true, ..page() }),
        ("ends", PausePage { pauses: true, ends, ..page() }),
    ]
}
