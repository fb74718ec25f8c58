//! What does the page look like in each of its states?

use super::{
    asks::Ask,
    calendars::{CalendarPart, Feed},
    check_ins::CheckInPart,
    page::{Group, MyProgram, Next, Teaser},
    standing::StandingPart,
    weeks::VineWeek,
};
use crate::web::{chrome::Tone, form::Entered, visitor::Choice};

pub(super) fn pages() -> Vec<(&'static str, MyProgram)> {
    let wrong = Entered::blank().with("name", "").wrong("name", "Enter a name. A first name or a nickname is enough");
    vec![
        ("in the middle", middle()),
        (
            "the room is open",
            MyProgram { next: Some(next(true)), check_in: Some(CheckInPart::sample(true)), ..middle() },
        ),
        ("wrong settings", MyProgram { form: wrong, ..middle() }),
        ("by feed", MyProgram { calendar: Some(calendar("feed")), groups: groups(), ..middle() }),
        (
            "waitlisted",
            bare(StandingPart { title: "You are on the waitlist".into(), text: "Nothing to do.".into(), act: None }),
        ),
        (
            "offered",
            bare(StandingPart {
                title: "A place is free for you".into(),
                text: "It is held until tomorrow.".into(),
                act: Some(("See the offer".into(), "/offer/x".into())),
            }),
        ),
        ("nowhere", bare(StandingPart::nowhere())),
    ]
}

fn bare(standing: StandingPart) -> MyProgram {
    MyProgram {
        standing: Some(standing),
        asks: Vec::new(),
        next: None,
        lesson: None,
        check_in: None,
        weeks: Vec::new(),
        calendar: None,
        can_leave: true,
        can_move: false,
        ..middle()
    }
}

fn middle() -> MyProgram {
    MyProgram {
        form: Entered::blank()
            .with("name", "Sam")
            .with("tz", "Europe/Berlin")
            .with("reminders", "on")
            .with("announcements", "on"),
        name: "Sam".into(),
        coach: "Nadia".into(),
        today: "Tuesday 2 March 2027".into(),
        clock: "Berlin time, UTC+01:00".into(),
        groups: Vec::new(),
        enrollment: "0193".into(),
        standing: None,
        asks: vec![Ask {
            title: "Please read this once",
            text: "A text you agree to reads differently now.",
            button: "Read it",
            href: "/p/agree".into(),
        }],
        next: Some(next(false)),
        lesson: Some(Teaser {
            week: 4,
            title: "Grief and anger".into(),
            opening: "Anger often arrives first because it is easier to carry.".into(),
            href: "/p/lesson/4".into(),
        }),
        check_in: Some(CheckInPart::sample(false)),
        weeks_word: "three".into(),
        weeks: weeks(),
        calendar: Some(calendar("neither")),
        levels: vec![Choice { value: "discreet".into(), text: "Discreet".into() }],
        zones: vec![Choice { value: "Europe/Berlin".into(), text: "Berlin (Europe), 11:41 now".into() }],
        can_leave: true,
        has_answers: true,
        can_move: true,
        pauses: false,
        email: "sam@example.org".into(),
    }
}

fn groups() -> Vec<Group> {
    let group = |id: &str, current| Group { id: id.into(), label: "From 8 March 2027".into(), current };
    vec![group("a", true), group("b", false)]
}

fn next(is_open: bool) -> Next {
    Next {
        id: "0193".into(),
        label: "week 4 of 6".into(),
        starts: "Thursday 4 March, 20:00".into(),
        until: "Until 21:15, Berlin time, UTC+01:00.".into(),
        title: "Grief and anger".into(),
        starts_iso: "2027-03-04T19:00:00Z".into(),
        now_iso: "2027-03-02T10:41:00Z".into(),
        left: [2, 8, 19],
        opens: "19:50".into(),
        is_open,
        declined: is_open,
    }
}

fn weeks() -> Vec<VineWeek> {
    let week = |state, leaf: &str, href: Option<&str>, chip| VineWeek {
        state,
        leaf: leaf.into(),
        title: "Where we are".into(),
        href: href.map(Into::into),
        when: "Thursday 11 February, 20:00".into(),
        chip,
    };
    vec![
        week("done", "1", Some("/p/lesson/1"), None),
        week("skip", "", None, None),
        week("now", "2", Some("/p/lesson/2"), None),
        week("", "3", None, Some(("Moved", Tone::Warn))),
    ]
}

fn calendar(choice: &'static str) -> CalendarPart {
    let feed = Feed { https: "https://group.example/c/x.ics".into(), webcal: "webcal://group.example/c/x.ics".into() };
    CalendarPart {
        choice,
        title: "Group session".into(),
        feed: (choice == "feed").then_some(feed),
        by_hand: vec![("Google Calendar", "https://calendar.google.com/calendar/render?text=x".into())],
        download: Some("/p/calendar.ics".into()),
    }
}
