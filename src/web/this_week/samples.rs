//! What does the week look like with examples?

use super::{
    Filling, Need, WeekPage,
    coming::Coming,
    days::{Day, Event},
    first_steps::steps,
    going_out::Going,
};

pub(super) fn full() -> WeekPage {
    let going = |state, title: &str, sent, lost| Going {
        due_at: chrono::DateTime::UNIX_EPOCH,
        state,
        title: title.to_owned(),
        short: title.to_owned(),
        when: "Mon 08:00".to_owned(),
        cohort: "Thursday evenings".to_owned(),
        path: "/coach/cohorts/7/emails".to_owned(),
        to: 11,
        sent,
        waiting: 0,
        lost,
    };
    WeekPage {
        today: "Tuesday 2 March 2027, 10:41 (Dublin time, UTC+00:00)".to_owned(),
        week: "1 to 7 March".to_owned(),
        previous: "2027-02-22".to_owned(),
        next: "2027-03-08".to_owned(),
        is_this_week: true,
        lead: "2 group sessions and 42 lessons and reminders, 22 of them still to come. One thing needs you."
            .to_owned(),
        days: days(),
        coming: coming(),
        needs: vec![Need {
            tone: "bad",
            what: "A mail to Priya came back: the address does not take mail.".into(),
            act: "See the message".into(),
            path: "/coach/outbox/7".into(),
        }],
        going: vec![
            going("done", "Lesson 4, Grief and anger", 10, 1),
            going("now", "Day-before reminder", 0, 0),
            going("", "One-hour reminder", 0, 0),
        ],
        filling: vec![Filling {
            name: "Monday evenings".into(),
            path: "/coach/cohorts/8".into(),
            starts: "Monday 8 March 2027".into(),
            taken: 9,
            of: 12,
            waiting: 2,
        }],
        steps: Vec::new(),
    }
}

fn days() -> Vec<Day> {
    vec![
        Day {
            name: "Mon".into(),
            number: "1".into(),
            is_today: false,
            events: vec![Event { kind: "", text: "08:00 Lesson 4".into() }],
        },
        Day {
            name: "Tue".into(),
            number: "2".into(),
            is_today: true,
            events: vec![Event { kind: "live", text: "12:30 Lunch".into() }],
        },
        Day { name: "Wed".into(), number: "3".into(), is_today: false, events: vec![] },
    ]
}

fn coming() -> Vec<Coming> {
    vec![Coming {
        time: "19:00".into(),
        day: "Thu 4".into(),
        when: "Thursday 4 March 2027, 19:00–20:15 (Dublin time, UTC+00:00)".into(),
        cohort: "Thursday evenings".into(),
        path: "/coach/cohorts/7".into(),
        title: "Session 4".into(),
        ordinal: 4,
        enrolled: 11,
        declined: 1,
        room: "https://room.example/4".into(),
    }]
}

pub(super) fn first_run() -> WeekPage {
    let nothing = WeekPage { coming: vec![], needs: vec![], going: vec![], filling: vec![], ..full() };
    WeekPage {
        steps: steps(true, false),
        lead: "No group sessions and no lessons or reminders. Nothing needs you.".to_owned(),
        ..nothing
    }
}
