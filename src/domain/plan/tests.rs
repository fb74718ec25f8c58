//! Is the plan what a coach would expect, whatever is changed, and in which order?

use super::*;
use crate::domain::{
    schedule::LessonClock,
    timetable::{
        history::{History, Known},
        timetable,
    },
};

use self::in_memory::{Cohort, at, berlin, day, six_weeks, zone};

mod any_changes;
mod in_memory;

fn opened(now: &str) -> Cohort {
    let mut cohort = Cohort::new(LessonClock::Cohort, berlin("2026-10-01 09:00"));
    cohort.pass_until(berlin(now));
    cohort
}

#[test]
fn a_break_inserted_after_its_lesson_went_out_moves_the_sessions_and_no_lesson_is_early() {
    let mut cohort = opened("2026-10-27 12:00"); // Tuesday of week 3; its lesson went out on Monday
    let plan = cohort.change(&Change::InsertBreak { before: 3 }).unwrap();
    assert_eq!(plan.moved.len(), 4);
    assert_eq!(plan.lessons_out.len(), 3);
    assert_eq!(plan.summary, "made the week of Monday 26 October 2026 a break");
    assert_eq!(
        cohort.sessions(),
        [
            "Thu 15 Oct 19:00",
            "Thu 22 Oct 19:00",
            "Thu 5 Nov 19:00",
            "Thu 12 Nov 19:00",
            "Thu 19 Nov 19:00",
            "Thu 26 Nov 19:00"
        ]
    );
    assert_eq!(
        cohort.lessons(),
        [
            "Mon 12 Oct 07:00, out",
            "Mon 19 Oct 07:00, out",
            "Mon 26 Oct 07:00, out",
            "Mon 9 Nov 07:00",
            "Mon 16 Nov 07:00",
            "Mon 23 Nov 07:00"
        ],
        "lesson 4 stays with its session"
    );
    let back = cohort.change(&Change::RemoveBreak { week: 3 }).unwrap();
    assert_eq!(back.moved.len(), 4);
    assert_eq!(cohort.schedule, six_weeks());
    assert_eq!(cohort.lesson(4), "Mon 2 Nov 07:00");
}

#[test]
fn a_start_moved_later_after_lesson_one_keeps_it_and_moves_the_rest() {
    let mut cohort = opened("2026-10-13 12:00");
    let plan = cohort.change(&Change::MoveStart { to: day(10, 26) }).unwrap();
    assert_eq!(plan.summary, "moved the start from Monday 12 October 2026 to Monday 26 October 2026");
    assert_eq!(cohort.sessions()[0], "Thu 29 Oct 19:00");
    assert_eq!(cohort.lessons()[..3], ["Mon 12 Oct 07:00, out", "Mon 2 Nov 07:00", "Mon 9 Nov 07:00"]);
    assert!(plan.lessons_late.is_empty());
    let in_past = cohort.change(&Change::MoveStart { to: day(9, 28) });
    assert!(matches!(in_past, Err(Refusal::WouldBePast { .. })), "{in_past:?}");
}

#[test]
fn a_start_moved_sooner_loses_no_lesson_and_blasts_none() {
    let mut cohort = opened("2026-10-06 12:00"); // a Tuesday
    let plan = cohort.change(&Change::MoveStart { to: day(10, 5) }).unwrap();
    assert_eq!(cohort.sessions()[0], "Thu 8 Oct 19:00");
    assert_eq!(
        cohort.lessons(),
        [
            "Mon 12 Oct 07:00",
            "Mon 19 Oct 07:00",
            "Mon 26 Oct 07:00",
            "Mon 2 Nov 07:00",
            "Mon 9 Nov 07:00",
            "Mon 16 Nov 07:00"
        ],
        "Monday the 5th is over: each takes the next free time, in order"
    );
    assert_eq!(plan.lessons_late.len(), 1);
    assert_eq!(plan.lessons_late[0].missed.text(), "Monday 5 October 2026, 07:00 (UTC+02:00)");
    assert_eq!(plan.lessons_after_end, [6], "the last session is on the 12th of November");
}

#[test]
fn another_weekday_and_zone_from_a_week_on_leaves_the_weeks_before_alone() {
    let mut cohort = opened("2026-10-13 12:00");
    let lisbon = zone("Europe/Lisbon");
    let change = Change::Reslot { from_week: 3, weekday: Weekday::Tue, time: at(18), minutes: 60, zone: lisbon };
    let plan = cohort.change(&change).unwrap();
    assert_eq!(plan.moved.len(), 4);
    assert_eq!(
        cohort.sessions()[1..4],
        ["Thu 22 Oct 19:00", "Tue 27 Oct 18:00", "Tue 3 Nov 18:00"],
        "over the end of summer time the hour stays"
    );
    assert_eq!(plan.moved[0].session.slot.starts_at(), "2026-10-27T18:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let back =
        Change::Reslot { from_week: 3, weekday: Weekday::Thu, time: at(19), minutes: 75, zone: zone("Europe/Berlin") };
    cohort.change(&back).unwrap();
    assert_eq!(cohort.schedule, six_weeks());
    assert_eq!(cohort.change(&back), Err(Refusal::Nothing));
    let begun = Change::Reslot { from_week: 1, weekday: Weekday::Mon, time: at(19), minutes: 75, zone: lisbon };
    assert!(matches!(cohort.change(&begun), Err(Refusal::WouldBePast { .. })));
}

#[test]
fn weeks_taken_off_come_back_as_they_were_and_more_continue() {
    let mut cohort = opened("2026-10-13 12:00");
    let plan = cohort.change(&Change::Shorten { weeks: 2 }).unwrap();
    assert_eq!((plan.canceled.len(), plan.lessons_after_end.clone()), (2, vec![5, 6]));
    assert_eq!(cohort.sessions()[4..], ["Thu 12 Nov 19:00 canceled", "Thu 19 Nov 19:00 canceled"]);
    let plan = cohort.change(&Change::Extend { weeks: 3 }).unwrap();
    assert_eq!((plan.restored.len(), plan.added.len()), (2, 1));
    assert_eq!(cohort.sessions()[4..], ["Thu 12 Nov 19:00", "Thu 19 Nov 19:00", "Thu 26 Nov 19:00"]);
    assert_eq!(plan.added[0].title.expose(), "Session 7");
    assert_eq!((plan.added[0].ordinal, plan.added[0].week), (7, 7));
    assert_eq!(cohort.change(&Change::Shorten { weeks: 7 }), Err(Refusal::NoneLeft));
    assert!(matches!(cohort.change(&Change::Extend { weeks: 104 }), Err(Refusal::Weeks(_))));
    assert_eq!(cohort.change(&Change::Extend { weeks: 0 }), Err(Refusal::HowMany(104)));
}

#[test]
fn one_session_moves_goes_and_comes_back() {
    let mut cohort = opened("2026-10-13 12:00");
    let second = cohort.id(2);
    let change = Change::MoveSession { session: second, date: day(10, 23), time: at(20), minutes: 60 };
    let plan = cohort.change(&change).unwrap();
    assert_eq!((plan.moved.len(), plan.reminders.moved, plan.at_once), (1, 2, false));
    cohort.change(&Change::CancelSession { session: second }).unwrap();
    assert_eq!(cohort.change(&change), Err(Refusal::Canceled));
    assert_eq!(cohort.change(&Change::CancelSession { session: second }), Err(Refusal::Nothing));
    let plan = cohort.change(&Change::RestoreSession { session: second }).unwrap();
    assert_eq!(plan.restored.len(), 1);
    let past = Change::MoveSession { session: second, date: day(10, 12), time: at(20), minutes: 60 };
    assert_eq!(cohort.change(&past), Err(Refusal::Past));
    let first = cohort.id(1);
    cohort.pass_until(berlin("2026-10-16 12:00"));
    assert_eq!(cohort.change(&Change::CancelSession { session: first }), Err(Refusal::Over));
    assert_eq!(cohort.change(&Change::MoveStart { to: day(10, 19) }), Err(Refusal::Begun));
    let title = Name::parse("An evening more").unwrap();
    let plan = cohort.change(&Change::AddSession { date: day(10, 24), time: at(11), minutes: 60, title }).unwrap();
    assert_eq!((plan.added.len(), plan.reminders.added), (1, 2));
    assert_eq!(plan.added[0].label(), "Extra session");
}

#[test]
fn a_break_needs_a_week_that_is_still_to_come() {
    let mut cohort = opened("2026-10-23 12:00");
    assert_eq!(cohort.change(&Change::InsertBreak { before: 2 }), Err(Refusal::WeekBegun(2)));
    assert_eq!(cohort.change(&Change::InsertBreak { before: 9 }), Err(Refusal::NoWeek(9)));
    assert_eq!(cohort.change(&Change::RemoveBreak { week: 3 }), Err(Refusal::NotABreak(3)));
    cohort.change(&Change::InsertBreak { before: 3 }).unwrap();
    cohort.pass_until(berlin("2026-11-04 12:00"));
    let sooner = cohort.change(&Change::RemoveBreak { week: 3 });
    assert!(matches!(sooner, Err(Refusal::WouldBePast { .. })), "{sooner:?}");
}

#[test]
fn what_came_due_while_a_change_stood_is_due_again_when_it_is_undone() {
    let mut cohort = opened("2026-10-26 06:55");
    let before = cohort.schedule.clone();
    cohort.change(&Change::InsertBreak { before: 3 }).unwrap();
    let made_at = cohort.now;
    cohort.pass_until(berlin("2026-10-26 07:02"));
    cohort.schedule = before;
    cohort.replan(Some(made_at));
    assert_eq!(cohort.rows[&(3, None)].0, berlin("2026-10-26 07:00"), "lesson 3 is due at its own time, not lost");
    assert_eq!(cohort.lesson(4), "Mon 2 Nov 07:00");
}

#[test]
fn a_zone_that_is_new_follows_the_others() {
    let mut cohort = Cohort::new(LessonClock::Participant, berlin("2026-10-01 09:00"));
    cohort.pass_until(berlin("2026-10-06 12:00"));
    cohort.change(&Change::MoveStart { to: day(10, 5) }).unwrap();
    let known = cohort.rows.iter().map(|((position, zone), (due_at, is_out))| Known {
        position: *position,
        zone: *zone,
        due_at: *due_at,
        is_out: *is_out,
    });
    let history = History { known: known.collect(), since: Some(cohort.now), ..History::none() };
    let facts = cohort.facts(&history);
    let rows = timetable(&cohort.schedule.course(&facts, &[]), &[zone("Asia/Kathmandu")], &history);
    let local: Vec<_> =
        rows.iter().map(|row| zone("Asia/Kathmandu").local(row.due_at).format("%a %-d %b %H:%M").to_string()).collect();
    assert_eq!(local[..2], ["Mon 12 Oct 07:00", "Mon 19 Oct 07:00"], "as everybody else has it now");
}

/// Tokyo has had the first lesson; elsewhere its morning is still to come, and then belongs to a break.
#[test]
fn a_clock_by_which_nothing_is_out_yet_keeps_its_own_plan() {
    let mut cohort = Cohort::new(LessonClock::Participant, berlin("2026-10-01 09:00"));
    cohort.pass_until(berlin("2026-10-12 00:00"));
    cohort.change(&Change::InsertBreak { before: 1 }).unwrap();
    let first = |name: &str| {
        let (due_at, is_out) = cohort.rows[&(1, Some(zone(name)))];
        (zone(name).local(due_at).format("%a %-d %b %H:%M").to_string(), is_out)
    };
    assert_eq!(first("Asia/Tokyo"), ("Mon 12 Oct 07:00".to_owned(), true));
    assert_eq!(first("America/New_York"), ("Mon 19 Oct 07:00".to_owned(), false));
}

#[test]
fn another_plan_has_another_fingerprint() {
    let cohort = opened("2026-10-13 12:00");
    let (same, later) = (cohort.history(Some(cohort.now)), History::none());
    let change = Change::InsertBreak { before: 3 };
    let print = |history: &History, change: &Change| {
        plan(&cohort.schedule, &cohort.facts(history), change, cohort.now).unwrap().fingerprint
    };
    assert_eq!(print(&same, &change), print(&same, &change));
    assert_ne!(print(&same, &change), print(&later, &change), "a lesson that went out meanwhile");
    assert_ne!(print(&same, &change), print(&same, &Change::InsertBreak { before: 4 }), "another field in the form");
}
