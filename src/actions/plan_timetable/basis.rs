//! What decides the timetables of these cohorts, as the database has it at one moment?

use std::{
    collections::{BTreeSet, HashMap},
    slice,
    sync::Arc,
};

use crate::{
    domain::{
        ids::CohortId,
        schedule::{LessonClock, LessonTiming},
        timetable::{Course, Due, Meeting, history::History, timetable},
        week::Week,
        zone::Zone,
    },
    store::{
        self, Connection,
        cohorts::Cohort,
        plans::{self, PlannedSession},
        timetable::TimetableRow,
    },
};

/// One cohort with all that its timetable is made of.
#[derive(Debug)]
pub(in crate::actions) struct Basis<'a> {
    pub cohort: &'a Cohort,
    pub rule: Arc<LessonTiming>,
    /// What was planned before, by time.
    pub rows: Vec<TimetableRow>,
    pub weeks: Vec<Week>,
    pub sessions: Vec<PlannedSession>,
    /// Of the lessons that use a firing: those timed by the rule, and those that used one before.
    pub positions: BTreeSet<u16>,
    /// Of those who hold a seat, where lessons keep each person's own clock. The cohort's own is always among them: it
    /// remembers what is out where nobody takes part yet.
    pub zones: BTreeSet<Zone>,
}

impl<'a> Basis<'a> {
    pub(in crate::actions) async fn of(db: &impl Connection, cohort: &'a Cohort) -> store::Result<Self> {
        let mut all = Self::of_all(db, slice::from_ref(cohort)).await?;
        Ok(all.pop().expect("one is made of each cohort"))
    }

    /// In the order of the cohorts. Each question is asked once, for all of them.
    pub(in crate::actions) async fn of_all(db: &impl Connection, cohorts: &'a [Cohort]) -> store::Result<Vec<Self>> {
        let ids: Vec<CohortId> = cohorts.iter().map(|cohort| cohort.id).collect();
        let mut all = Together::begin(cohorts);
        for row in plans::timetables(db, &ids).await? {
            all.of(row.cohort_id, |basis| basis.rows.push(row));
        }
        for row in plans::sessions(db, &ids).await? {
            all.of(row.cohort_id, |basis| basis.sessions.push(row));
        }
        for (cohort, week) in plans::weeks(db, &ids).await? {
            all.of(cohort, |basis| basis.weeks.push(week));
        }
        for (cohort, position) in plans::ruled_positions(db, &ids).await? {
            all.of(cohort, |basis| basis.positions.extend(u16::try_from(position)));
        }
        let by_participant = cohorts.iter().filter(|cohort| cohort.lesson_clock == LessonClock::Participant);
        let ids: Vec<CohortId> = by_participant.map(|cohort| cohort.id).collect();
        if !ids.is_empty() {
            for (cohort, zone) in plans::zones(db, &ids).await? {
                all.of(cohort, |basis| basis.zones.extend([zone]));
            }
        }
        Ok(all.bases.into_iter().map(Self::whole).collect())
    }

    fn begin(cohort: &'a Cohort, rule: Arc<LessonTiming>) -> Self {
        let zones = match cohort.lesson_clock {
            LessonClock::Cohort => BTreeSet::new(),
            LessonClock::Participant => [cohort.zone].into(),
        };
        let (rows, weeks, sessions) = (Vec::new(), Vec::new(), Vec::new());
        Self { cohort, rule, rows, weeks, sessions, positions: BTreeSet::new(), zones }
    }

    fn whole(mut self) -> Self {
        let out = self.rows.iter().filter(|row| row.work == "lesson" && row.released_at.is_some());
        self.positions.extend(out.filter_map(|row| u16::try_from(row.position).ok()));
        self
    }

    /// Everything that should still happen.
    pub(in crate::actions) fn dues(&self, history: &History) -> Vec<Due> {
        let meetings: Vec<Meeting> = self.sessions.iter().map(meeting).collect();
        let positions: Vec<u16> = self.positions.iter().copied().collect();
        let zones: Vec<Zone> = self.zones.iter().copied().collect();
        let course = Course {
            zone: self.cohort.zone,
            starts_on: self.cohort.starts_on,
            weeks: &self.weeks,
            rule: &self.rule,
            lesson_clock: self.cohort.lesson_clock,
            positions: &positions,
            meetings: &meetings,
        };
        timetable(&course, &zones, history)
    }
}

/// Many, found by their cohort.
struct Together<'a> {
    bases: Vec<Basis<'a>>,
    places: HashMap<CohortId, usize>,
}

impl<'a> Together<'a> {
    fn begin(cohorts: &'a [Cohort]) -> Self {
        // Most cohorts have one of a few rules, and reading one takes longer than planning by it.
        let mut rules: HashMap<&str, Arc<LessonTiming>> = HashMap::new();
        let mut read = |cohort: &'a Cohort| {
            let read = || Arc::new(LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default());
            rules.entry(&cohort.lesson_rule).or_insert_with(read).clone()
        };
        let bases = cohorts.iter().map(|cohort| Basis::begin(cohort, read(cohort))).collect();
        let places = cohorts.iter().enumerate().map(|(place, cohort)| (cohort.id, place)).collect();
        Self { bases, places }
    }

    fn of(&mut self, cohort: CohortId, told: impl FnOnce(&mut Basis<'a>)) {
        if let Some(place) = self.places.get(&cohort) {
            told(&mut self.bases[*place]);
        }
    }
}

fn meeting(row: &PlannedSession) -> Meeting {
    Meeting { id: row.id, starts_at: row.starts_at, ends_at: row.ends_at, state: row.state, is_extra: row.week == 0 }
}
