//! Does the timetable keep local hours, once each? Checked against a slow, different way to find out.

use chrono::{Days, NaiveTime, Weekday};
use proptest::{prelude::*, sample::select};

use super::*;
use crate::domain::{
    schedule::LessonRule,
    session::{SessionRule, plan_sessions},
    week::{Kind, weeks},
};

/// For each local time (rising), the first instant by which the clocks of a zone have reached it, found by
/// walking from quarter of an hour to quarter of an hour and looking at the clock.
fn by_walking(zone: Zone, wanted: &[NaiveDateTime]) -> Vec<DateTime<Utc>> {
    let mut instant = wanted[0].and_utc() - TimeDelta::hours(20);
    let reach = |wanted: &NaiveDateTime| {
        while zone.local(instant) < *wanted {
            instant += TimeDelta::minutes(15);
        }
        instant
    };
    wanted.iter().map(reach).collect()
}

/// Whole hours and halves, at midnight and at three in the morning, on either side of the equator.
const ZONES: [&str; 12] = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Nuuk",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];

const TIMES: [(u32, u32); 5] = [(0, 0), (1, 30), (2, 15), (7, 0), (23, 45)];

#[test]
fn lessons_and_sessions_keep_their_local_hour_for_104_weeks_in_twelve_zones() {
    let starts_on = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let breaks = [1, 12, 13, 44, 96];
    let weeks = weeks(starts_on, 99, &breaks).unwrap();
    let positions: Vec<u16> = (1..=99 * 7).collect();
    let days: Vec<u64> = (0..104 * 7).filter(|day| !breaks.contains(&u16::try_from(day / 7 + 1).unwrap())).collect();
    let times = TIMES.map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
    let locals = days.iter().flat_map(|day| times.map(|time| (starts_on + Days::new(*day)).and_time(time)));
    let locals: Vec<_> = locals.collect();
    for zone in ZONES.map(|name| Zone::parse(name).unwrap()) {
        let walked = by_walking(zone, &locals);
        for (index, time) in times.into_iter().enumerate() {
            let expected: Vec<_> = walked.iter().skip(index).step_by(times.len()).copied().collect();
            let course = Setting { zone, starts_on, weeks: &weeks, positions: &positions };
            assert_eq!(course.lessons_at(time), expected, "lessons in {zone} at {time}");
            assert_eq!(course.sessions_at(time), expected, "sessions in {zone} at {time}");
        }
    }
}

/// A cohort with a lesson on every day, and with a session on every weekday of each week.
struct Setting<'a> {
    zone: Zone,
    starts_on: NaiveDate,
    weeks: &'a [Week],
    positions: &'a [u16],
}

impl Setting<'_> {
    fn lessons_at(&self, time: NaiveTime) -> Vec<DateTime<Utc>> {
        let &Self { zone, starts_on, weeks, positions } = self;
        let rule = LessonTiming::parse(&time.format("%-M %-H * * *").to_string()).unwrap();
        let lesson_clock = LessonClock::Cohort;
        let course = Course { zone, starts_on, weeks, rule: &rule, lesson_clock, positions, meetings: &[] };
        timetable(&course, &[], &History::none()).iter().map(|row| row.due_at).collect()
    }

    fn sessions_at(&self, time: NaiveTime) -> Vec<DateTime<Utc>> {
        let on = |day| SessionRule::new(Weekday::try_from(day).unwrap(), time, 60, self.zone).unwrap();
        let planned = (0..7).flat_map(|day| plan_sessions(self.weeks, &on(day)));
        let mut sessions: Vec<_> = planned.map(|session| session.slot.starts_at()).collect();
        sessions.sort();
        sessions
    }
}

prop_compose! {
    fn any_rule()(
        minute in select(&[0_u32, 15, 30, 47][..]), hour in prop_oneof![0_u32..4, 0_u32..24], day in select(&["*", "*", "*", "1-7", "*/10", "1,15", "31"][..]),
        month in select(&["*", "*", "*", "*/2", "MAR,OCT"][..]), weekday in select(&["*", "MON", "SUN", "FRI-MON", "TUE,THU"][..]),
    ) -> Option<LessonRule> {
        LessonRule::parse(&format!("{minute} {hour} {day} {month} {weekday}")).ok()
    }
}

/// Any day, but half of them in the weeks in which clocks change.
fn any_start() -> impl Strategy<Value = NaiveDate> {
    let season = (2000..2095, select(&[3, 9, 10][..]), 15_u32..30);
    let season = season.prop_map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap());
    let any = (0_u64..34_000).prop_map(|day| NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + Days::new(day));
    prop_oneof![season, any]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_lesson_comes_once_at_its_local_hour(
        starts_on in any_start(), zone in select(Zone::all().collect::<Vec<_>>()), rule in any_rule(),
        teach_weeks in 1_u16..12, breaks in prop::collection::vec(1_u16..12, 0..4), lessons in 1_u16..12,
    ) {
        let (Some(rule), Ok(weeks)) = (rule.map(LessonTiming::Rule), weeks(starts_on, teach_weeks, &breaks)) else { return Ok(()) };
        let positions: Vec<u16> = (1..=lessons).collect();
        let course = Course {
            zone: Zone::utc(), starts_on, weeks: &weeks, rule: &rule, lesson_clock: LessonClock::Participant,
            positions: &positions, meetings: &[],
        };
        let rows = timetable(&course, &[zone], &History::none());
        prop_assert_eq!(rows.iter().map(|row| row.work.position().unwrap()).collect::<Vec<_>>(), positions);
        prop_assert!(rows.is_sorted_by(|a, b| a.due_at < b.due_at && a.useful_until <= b.due_at));
        let fields: Vec<u32> = rule.expression().split(' ').take(2).map(|field| field.parse().unwrap()).collect();
        let time = NaiveTime::from_hms_opt(fields[1], fields[0], 0).unwrap();
        for row in &rows {
            let local = zone.local(row.due_at);
            let on = if local.time() < time { local.date() - Days::new(1) } else { local.date() };
            let wanted = on.and_time(time);
            let before = zone.local(row.due_at - TimeDelta::seconds(1));
            prop_assert!(local == wanted || before < wanted && wanted < local, "{} wanted {}", local, wanted);
            for minutes in [30, 60, 120] {
                prop_assert!(zone.local(row.due_at - TimeDelta::minutes(minutes)) < wanted, "{} is the second", local);
            }
            prop_assert!(on >= starts_on);
            prop_assert!(!weeks.iter().any(|week| week.kind == Kind::Break && week.contains(on)));
            prop_assert!(row.useful_until <= row.due_at + LESSON_USEFUL && row.useful_until > row.due_at);
        }
    }
}
