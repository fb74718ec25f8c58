//! What does the week look like with examples?

use super::{
    Filling, Need, WeekPage,
    coming::Coming,
    days::{Day, Event},
    first_steps::steps,
    going_out::Going,
};

pub(super) fn full() -> WeekPage {
    WeekPage {
        today: "Tuesday 2 March 2027, 10:41 (Dublin time, UTC+00:00)".to_owned(),
        week: "1 to 7 March".to_owned(),
        previous: "2027-02-22".to_owned(),
        next: "2027-03-08".to_owned(),
        is_this_week: true,
        lead: "2 group sessions and 42 lessons and reminders, 22 of them still to come. One thing needs you."
            .to_owned(),
        days: vec![
            day("Mon", "1", Some(("", "08:00 Lesson 4"))),
            Day { is_today: true, ..day("Tue", "2", Some(("live", "12:30 Lunch"))) },
            day("Wed", "3", None),
        ],
        coming: vec![session()],
        needs: vec![Need {
            tone: "bad",
            what: "A mail to Priya came back: the address does not take mail.".to_owned(),
            act: "See the message".to_owned(),
            path: "/coach/outbox/7".to_owned(),
        }],
        going: vec![
            mail("done", "Lesson 4, Grief and anger", (10, 1)),
            mail("now", "Day-before reminder", (0, 0)),
            mail("", "One-hour reminder", (0, 0)),
        ],
        filling: vec![Filling {
            name: "Monday evenings".to_owned(),
            path: "/coach/cohorts/8".to_owned(),
            starts: "Monday 8 March 2027".to_owned(),
            taken: 9,
            of: 12,
            waiting: 2,
        }],
        steps: Vec::new(),
    }
}

fn day(name: &str, number: &str, event: Option<(&'static str, &str)>) -> Day {
    let events = event.into_iter().map(|(kind, text)| Event { kind, text: text.to_owned() }).collect();
    Day { name: name.to_owned(), number: number.to_owned(), is_today: false, events }
}

fn session() -> Coming {
    Coming {
        time: "19:00".to_owned(),
        day: "Thu 4".to_owned(),
        when: "Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".to_owned(),
        cohort: "Thursday evenings".to_owned(),
        path: "/coach/cohorts/7".to_owned(),
        title: "Session 4".to_owned(),
        ordinal: 4,
        enrolled: 11,
        declined: 1,
        missing: vec!["Sam".to_owned()],
        room: "https://room.example/4".to_owned(),
    }
}

fn mail(state: &'static str, title: &str, became: (u64, u64)) -> Going {
    let (sent, lost) = became;
    Going {
        due_at: chrono::DateTime::UNIX_EPOCH,
        state,
        title: title.to_owned(),
        short: title.to_owned(),
        when: "Mon 08:00".to_owned(),
        cohort: "Thursday evenings".to_owned(),
        path: "/coach/outbox?cohort=7".to_owned(),
        to: 11,
        sent,
        waiting: 0,
        lost,
    }
}

pub(super) fn first_run() -> WeekPage {
    let nothing = WeekPage { coming: vec![], needs: vec![], going: vec![], filling: vec![], ..full() };
    WeekPage {
        steps: steps(true, false),
        lead: "No group sessions and no lessons or reminders. Nothing needs you.".to_owned(),
        ..nothing
    }
}
