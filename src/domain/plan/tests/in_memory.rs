//! What do the actions do to a cohort, without the database?

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::*;
use crate::domain::{
    schedule::{LessonClock, LessonTiming},
    session::{SessionRule, plan_sessions},
    timetable::{
        Due,
        history::{History, Known},
        timetable,
    },
    week::weeks,
};

pub(super) fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

pub(super) fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

pub(super) fn at(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

pub(super) fn berlin(text: &str) -> DateTime<Utc> {
    zone("Europe/Berlin").resolve(chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
}

/// Six Thursdays at 19:00 in Berlin from Monday 12 October 2026 on; lessons Mondays at 07:00.
pub(super) fn six_weeks() -> Schedule {
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
pub(super) struct Cohort {
    pub(super) schedule: Schedule,
    pub(super) rule: LessonTiming,
    pub(super) clock: LessonClock,
    pub(super) zones: Vec<Zone>,
    /// Everything planned: instants by lesson and clock, and whether it went out.
    pub(super) rows: BTreeMap<(u16, Option<Zone>), (DateTime<Utc>, bool)>,
    pub(super) now: DateTime<Utc>,
    pub(super) made: u128,
}

pub(super) const LESSONS: [u16; 6] = [1, 2, 3, 4, 5, 6];

impl Cohort {
    pub(super) fn new(clock: LessonClock, now: DateTime<Utc>) -> Self {
        Self::timed(LessonTiming::default(), clock, now)
    }

    pub(super) fn timed(rule: LessonTiming, clock: LessonClock, now: DateTime<Utc>) -> Self {
        let zones = match clock {
            LessonClock::Cohort => vec![],
            LessonClock::Participant => ["Asia/Tokyo", "Europe/Berlin", "America/New_York"].map(zone).to_vec(),
        };
        let (schedule, rows) = (six_weeks(), BTreeMap::new());
        let mut cohort = Self { schedule, rule, clock, zones, rows, now, made: 0 };
        cohort.replan(None);
        cohort
    }

    pub(super) fn history(&self, since: Option<DateTime<Utc>>) -> History {
        let out = self.rows.iter().filter(|(_, (_, is_out))| *is_out);
        let known = out.map(|((position, zone), (due_at, _))| Known {
            position: *position,
            zone: *zone,
            due_at: *due_at,
            is_out: true,
        });
        let clocks: BTreeSet<_> = self.rows.keys().map(|(_, zone)| *zone).collect();
        History { known: known.collect(), clocks: clocks.into_iter().collect(), since }
    }

    /// What the timetable would be if it were made anew on top of what went out.
    pub(super) fn anew(&self, since: Option<DateTime<Utc>>) -> Vec<Due> {
        let history = self.history(since);
        let facts = self.facts(&history);
        let meetings = self.schedule.meetings();
        let course = self.schedule.course(&facts, &meetings);
        let mut rows = timetable(&course, &self.zones, &history);
        rows.retain(|row| row.work.position().is_some());
        rows
    }

    pub(super) fn facts<'a>(&'a self, history: &'a History) -> Facts<'a> {
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

    pub(super) fn replan(&mut self, since: Option<DateTime<Utc>>) {
        let rows = self.anew(since);
        self.rows.retain(|_, (_, is_out)| *is_out);
        for row in rows {
            let key = (row.work.position().unwrap(), row.zone);
            // What lies in the past of the first plan is skipped.
            self.rows.entry(key).or_insert((row.due_at, row.due_at <= self.now));
        }
    }

    pub(super) fn change(&mut self, change: &Change) -> Result<Plan, Refusal> {
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

    pub(super) fn pass_until(&mut self, now: DateTime<Utc>) {
        self.now = now;
        for (due_at, is_out) in self.rows.values_mut() {
            *is_out |= *due_at <= now;
        }
    }

    pub(super) fn lesson(&self, position: u16) -> String {
        let (due_at, is_out) = self.rows[&(position, None)];
        let local = self.schedule.zone.local(due_at).format("%a %-d %b %H:%M").to_string();
        if is_out { format!("{local}, out") } else { local }
    }

    pub(super) fn lessons(&self) -> Vec<String> {
        LESSONS.iter().map(|position| self.lesson(*position)).collect()
    }

    pub(super) fn sessions(&self) -> Vec<String> {
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

    pub(super) fn id(&self, ordinal: u16) -> SessionId {
        self.schedule.sessions.iter().find(|session| session.ordinal == ordinal).unwrap().id
    }
}
