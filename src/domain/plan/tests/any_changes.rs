//! Whatever is changed, in which order, at which time: is the timetable the one from scratch, and does nothing sent move?

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use proptest::{prelude::*, sample::Index};

use super::{
    super::*,
    in_memory::{Cohort, LESSONS, at, berlin, day, zone},
};
use crate::domain::{
    schedule::{LessonClock, LessonTiming},
    timetable::{Work, timetable},
    week::Kind,
};

/// Any change, of anything, to anywhere: most are possible, the others refused.
fn any_change() -> impl Strategy<Value = (u8, u16, u16, Index)> {
    (0_u8..10, 0_u16..10, 0_u16..60, any::<Index>())
}

fn change_of(cohort: &Cohort, of: (u8, u16, u16, Index)) -> Change {
    let (kind, week, number, index) = of;
    let sessions = &cohort.schedule.sessions;
    let session = sessions[index.index(sessions.len())].id;
    let date = day(10, 1) + Days::new(u64::from(number));
    let weekday = Weekday::try_from(u8::try_from(number % 7).unwrap()).unwrap();
    let time = at(u32::from(number % 24));
    let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham"];
    let place = zone(zones[index.index(zones.len())]);
    match kind {
        0 => Change::MoveStart { to: date },
        1 => Change::Reslot { from_week: week, weekday, time, minutes: 60, zone: place },
        2 => Change::InsertBreak { before: week },
        3 => Change::RemoveBreak { week },
        4 => Change::MoveSession { session, date, time, minutes: 30 },
        5 => Change::CancelSession { session },
        6 => Change::RestoreSession { session },
        7 => Change::AddSession { date, time, minutes: 45, title: Name::parse("More").unwrap() },
        8 => Change::Extend { weeks: week % 3 },
        _ => Change::Shorten { weeks: week % 3 },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_changes_nothing_sent_moved_nothing_is_lost_and_the_plan_is_the_one_anew(
        steps in prop::collection::vec((any_change(), 0_i64..200), 1..12), by_participant in any::<bool>(), by_session in any::<bool>(),
    ) {
        let clock = if by_participant { LessonClock::Participant } else { LessonClock::Cohort };
        let timing = if by_session { LessonTiming::AfterSession { minutes: 30 } } else { LessonTiming::default() };
        let mut cohort = Cohort::timed(timing, clock, berlin("2026-10-01 09:00"));
        let mut sent: BTreeMap<(u16, Option<Zone>), DateTime<Utc>> = BTreeMap::new();
        for (of, hours) in steps {
            cohort.pass_until(cohort.now + TimeDelta::hours(hours));
            let (before, change) = (cohort.schedule.clone(), change_of(&cohort, of));
            let done = cohort.change(&change);
            let clocks = if by_session { 1 } else { cohort.zones.len().max(1) };
            // Nobody gets a lesson twice, none is lost: one row a lesson and clock, whatever happened.
            prop_assert_eq!(cohort.rows.len(), LESSONS.len() * clocks, "{:?}", change);
            for (key, due_at) in &sent {
                prop_assert_eq!(cohort.rows[key], (*due_at, true), "what went out stays: {:?} {:?}", key, change);
            }
            let ahead = cohort.rows.iter().filter(|(_, (_, is_out))| !is_out);
            prop_assert!(ahead.clone().all(|(_, (due_at, _))| *due_at > cohort.now), "no blast after {:?}", change);
            // From scratch, on what is out: the same.
            for row in cohort.anew(Some(cohort.now)) {
                let key = (row.work.position().unwrap(), row.zone);
                prop_assert_eq!(cohort.rows[&key], (row.due_at, false), "{:?}", change);
            }
            in_order(&cohort)?;
            if done.is_ok() {
                sound(&before, &cohort)?;
            } else {
                prop_assert_eq!(&before, &cohort.schedule);
            }
            sent = cohort.rows.iter().filter(|(_, (_, is_out))| *is_out).map(|(key, (due, _))| (*key, *due)).collect();
        }
    }
}

/// Lessons still to come keep their order by each clock, one firing each and none in a break.
fn in_order(cohort: &Cohort) -> Result<(), TestCaseError> {
    let mut by_clock: BTreeMap<Option<Zone>, Vec<DateTime<Utc>>> = BTreeMap::new();
    for ((_, zone), (due_at, is_out)) in &cohort.rows {
        if *is_out {
            continue;
        }
        by_clock.entry(*zone).or_default().push(*due_at);
        let local = zone.unwrap_or(cohort.schedule.zone).local(*due_at).date();
        if matches!(cohort.rule, LessonTiming::AfterSession { .. }) {
            continue;
        }
        let in_break = cohort.schedule.weeks.iter().any(|week| week.kind == Kind::Break && week.contains(local));
        prop_assert!(!in_break, "a lesson in a break: {}", local);
    }
    for instants in by_clock.values() {
        // Two sessions may be put at the same time, and then their lessons follow.
        let by_session = matches!(cohort.rule, LessonTiming::AfterSession { .. });
        prop_assert!(instants.is_sorted_by(|a, b| a < b || by_session && a == b), "{:?}", instants);
    }
    Ok(())
}

/// Sessions: none is gone, none that has begun moved, none moved into the past.
fn sound(before: &Schedule, cohort: &Cohort) -> Result<(), TestCaseError> {
    let after = &cohort.schedule;
    for old in &before.sessions {
        let session = after.session(old.id);
        prop_assert!(session.is_some(), "a session is gone");
        let session = session.unwrap();
        if old.slot.ends_at() <= cohort.now {
            prop_assert_eq!((old.slot, old.state), (session.slot, session.state), "what is over stays");
        }
        if old.slot != session.slot && session.state == SessionState::Planned {
            prop_assert!(session.slot.starts_at() > cohort.now, "into the past");
        }
    }
    let numbers: Vec<_> = after.weeks.iter().map(|week| week.number).collect();
    prop_assert_eq!(numbers, (1..=after.last_week()).collect::<Vec<_>>());
    prop_assert_eq!(after.weeks[0].first_day, after.starts_on);
    prop_assert_ne!(after.weeks.last().unwrap().kind, Kind::Break);
    let meetings = after.meetings();
    let history = cohort.history(Some(cohort.now));
    let rows = timetable(&after.course(&cohort.facts(&history), &meetings), &[], &history);
    let planned = after.sessions.iter().filter(|session| session.state == SessionState::Planned).count();
    let reminders = rows.iter().filter(|row| matches!(row.work, Work::ReminderDay { .. } | Work::ReminderHour { .. }));
    prop_assert_eq!(reminders.count(), 2 * planned, "two reminders a session that takes place");
    Ok(())
}
