//! Is the plan what a coach would expect, whatever is changed, and in which order?

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use proptest::{prelude::*, sample::Index};
use uuid::Uuid;

use super::*;
use crate::domain::{
    schedule::{LessonClock, LessonTiming},
    session::{SessionRule, plan_sessions},
    timetable::{
        Due, Meeting, Work,
        history::{History, Known},
        timetable,
    },
    week::{Kind, weeks},
};

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

fn at(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

fn berlin(text: &str) -> DateTime<Utc> {
    zone("Europe/Berlin").resolve(chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
}

/// Six Thursdays at 19:00 in Berlin from Monday 12 October 2026 on; lessons Mondays at 07:00.
fn six_weeks() -> Schedule {
    let weeks = weeks(day(10, 12), 6, &[]).unwrap();
    let rule = SessionRule::new(Weekday::Thu, at(19), 75, zone("Europe/Berlin")).unwrap();
    let session = |(ordinal, planned): (u16, crate::domain::session::PlannedSession)| Session {
        id: SessionId(Uuid::from_u128(u128::MAX - 100 + u128::from(ordinal))),
        ordinal,
        week: planned.week,
        title: Name::parse(&format!("Evening {ordinal}")).unwrap(),
        slot: planned.slot,
        state: SessionState::Planned,
    };
    let sessions = (1..).zip(plan_sessions(&weeks, &rule)).map(session).collect();
    Schedule {
        zone: zone("Europe/Berlin"),
        starts_on: day(10, 12),
        weekday: Weekday::Thu,
        time: at(19),
        minutes: 75,
        weeks,
        sessions,
    }
}

/// A cohort in memory: what the actions do to the database, without it.
struct Cohort {
    schedule: Schedule,
    rule: LessonTiming,
    clock: LessonClock,
    zones: Vec<Zone>,
    /// Everything planned: instants by lesson and clock, and whether it went out.
    rows: BTreeMap<(u16, Option<Zone>), (DateTime<Utc>, bool)>,
    now: DateTime<Utc>,
    made: u128,
}

const LESSONS: [u16; 6] = [1, 2, 3, 4, 5, 6];

impl Cohort {
    fn new(clock: LessonClock, now: DateTime<Utc>) -> Self {
        let zones = match clock {
            LessonClock::Cohort => vec![],
            LessonClock::Participant => ["Asia/Tokyo", "Europe/Berlin", "America/New_York"].map(zone).to_vec(),
        };
        let (schedule, rule, rows) = (six_weeks(), LessonTiming::default(), BTreeMap::new());
        let mut cohort = Self { schedule, rule, clock, zones, rows, now, made: 0 };
        cohort.replan(None);
        cohort
    }

    fn history(&self, since: Option<DateTime<Utc>>) -> History {
        let out = self.rows.iter().filter(|(_, (_, is_out))| *is_out);
        let known = out.map(|((position, zone), (due_at, _))| Known {
            position: *position,
            zone: *zone,
            due_at: *due_at,
            is_out: true,
        });
        History { known: known.collect(), since }
    }

    /// What the timetable would be if it were made anew on top of what went out.
    fn from_scratch(&self, since: Option<DateTime<Utc>>) -> Vec<Due> {
        let history = self.history(since);
        let facts = self.facts(&history);
        let course = self.schedule.course(&facts, &[]);
        timetable(&course, &self.zones, &history)
    }

    fn facts<'a>(&'a self, history: &'a History) -> Facts<'a> {
        Facts {
            rule: &self.rule,
            lesson_clock: self.clock,
            positions: &LESSONS,
            zones: &self.zones,
            history,
            people: &[],
            titles: &[],
        }
    }

    fn replan(&mut self, since: Option<DateTime<Utc>>) {
        let rows = self.from_scratch(since);
        self.rows.retain(|_, (_, is_out)| *is_out);
        for row in rows {
            let key = (row.work.position().unwrap(), row.zone);
            // What lies in the past of the first plan is skipped.
            self.rows.entry(key).or_insert((row.due_at, row.due_at <= self.now));
        }
    }

    fn change(&mut self, change: &Change) -> Result<Plan, Refusal> {
        let history = self.history(Some(self.now));
        let mut plan = plan(&self.schedule, &self.facts(&history), change, self.now)?;
        for session in plan.after.sessions.iter_mut().filter(|session| session.is_new()) {
            self.made += 1;
            session.id = SessionId(Uuid::from_u128((1 << 100) + self.made));
        }
        self.schedule = plan.after.clone();
        self.replan(Some(self.now));
        Ok(plan)
    }

    fn pass_until(&mut self, now: DateTime<Utc>) {
        self.now = now;
        for (due_at, is_out) in self.rows.values_mut() {
            *is_out |= *due_at <= now;
        }
    }

    fn lesson(&self, position: u16) -> String {
        let (due_at, is_out) = self.rows[&(position, None)];
        let local = self.schedule.zone.local(due_at).format("%a %-d %b %H:%M").to_string();
        if is_out { format!("{local}, out") } else { local }
    }

    fn lessons(&self) -> Vec<String> {
        LESSONS.iter().map(|position| self.lesson(*position)).collect()
    }

    fn sessions(&self) -> Vec<String> {
        let mut sessions: Vec<_> = self.schedule.sessions.iter().collect();
        sessions.sort_by_key(|session| session.slot.starts_at());
        let local =
            |session: &Session| session.slot.date.and_time(session.slot.time).format("%a %-d %b %H:%M").to_string();
        let read = |session: &&Session| match session.state {
            SessionState::Planned => local(session),
            SessionState::Canceled => format!("{} canceled", local(session)),
        };
        sessions.iter().map(read).collect()
    }

    fn id(&self, ordinal: u16) -> SessionId {
        self.schedule.sessions.iter().find(|session| session.ordinal == ordinal).unwrap().id
    }
}

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
    let history = History { known: known.collect(), since: Some(cohort.now) };
    let facts = cohort.facts(&history);
    let rows = timetable(&cohort.schedule.course(&facts, &[]), &[zone("Asia/Kathmandu")], &history);
    let local: Vec<_> =
        rows.iter().map(|row| zone("Asia/Kathmandu").local(row.due_at).format("%a %-d %b %H:%M").to_string()).collect();
    assert_eq!(local[..2], ["Mon 12 Oct 07:00", "Mon 19 Oct 07:00"], "as everybody else has it now");
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
    fn after_any_changes_nothing_sent_moved_nothing_is_lost_and_the_plan_is_the_one_from_scratch(
        steps in prop::collection::vec((any_change(), 0_i64..200), 1..12), by_participant in any::<bool>(),
    ) {
        let clock = if by_participant { LessonClock::Participant } else { LessonClock::Cohort };
        let mut cohort = Cohort::new(clock, berlin("2026-10-01 09:00"));
        let mut sent: BTreeMap<(u16, Option<Zone>), DateTime<Utc>> = BTreeMap::new();
        for (of, hours) in steps {
            cohort.pass_until(cohort.now + TimeDelta::hours(hours));
            let (before, change) = (cohort.schedule.clone(), change_of(&cohort, of));
            let done = cohort.change(&change);
            let clocks = cohort.zones.len().max(1);
            // Nobody gets a lesson twice, none is lost: one row a lesson and clock, whatever happened.
            prop_assert_eq!(cohort.rows.len(), LESSONS.len() * clocks, "{:?}", change);
            for (key, due_at) in &sent {
                prop_assert_eq!(cohort.rows[key], (*due_at, true), "what went out stays: {:?} {:?}", key, change);
            }
            let ahead = cohort.rows.iter().filter(|(_, (_, is_out))| !is_out);
            prop_assert!(ahead.clone().all(|(_, (due_at, _))| *due_at > cohort.now), "no blast after {:?}", change);
            // From scratch, on what is out: the same.
            for row in cohort.from_scratch(Some(cohort.now)) {
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
        let in_break = cohort.schedule.weeks.iter().any(|week| week.kind == Kind::Break && week.contains(local));
        prop_assert!(!in_break, "a lesson in a break: {}", local);
    }
    for instants in by_clock.values() {
        prop_assert!(instants.is_sorted_by(|a, b| a < b), "{:?}", instants);
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
    let meetings: Vec<Meeting> = after
        .sessions
        .iter()
        .map(|session| Meeting {
            id: session.id,
            starts_at: session.slot.starts_at(),
            ends_at: session.slot.ends_at(),
            state: session.state,
        })
        .collect();
    let history = cohort.history(Some(cohort.now));
    let rows = timetable(&after.course(&cohort.facts(&history), &meetings), &[], &history);
    let planned = after.sessions.iter().filter(|session| session.state == SessionState::Planned).count();
    let reminders = rows.iter().filter(|row| matches!(row.work, Work::ReminderDay { .. } | Work::ReminderHour { .. }));
    prop_assert_eq!(reminders.count(), 2 * planned, "two reminders a session that takes place");
    Ok(())
}
