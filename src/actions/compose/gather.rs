//! What do all the mails in one hand need to know? Read together: a question costs the same for one as for all.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    CannotCompose,
    facts::{Facts, Reader, SharedLesson, at_its_address, level, tested_level, tested_program},
    for_many::Sheets,
};
use crate::{
    actions::suppress::address_hash,
    app::App,
    clock::Now,
    domain::{
        bounce::Scope,
        category::Category,
        delivery::Occasion,
        ids::{CoachId, CohortId, DeliveryId, EnrollmentId, ParticipantId, PracticeId, ProgramId, SessionId},
        one_a_day::day_of,
    },
    store::{
        self, Connection,
        coaches::{self, Coach},
        cohorts::{self, Cohort},
        database::Database,
        enrollments::{self, Enrollment},
        ledger::{self, Delivery, Reached},
        participants::{self, Participant},
        practices::{self, Practice},
        programs::{self, ProgramRow},
        sessions::{self, SessionRow},
        stops, suppressions,
    },
};

/// The longest that a day of somebody's clock can be, and some more.
const A_DAY: TimeDelta = TimeDelta::hours(30);

/// Everything that was read for some mails of one practice, and when.
#[derive(Debug)]
pub struct Gathered {
    at: Instant,
    now: Now,
    practice: Option<Arc<Practice>>,
    people: HashMap<ParticipantId, Participant>,
    coaches: HashMap<CoachId, Coach>,
    enrollments: HashMap<EnrollmentId, Enrollment>,
    cohorts: HashMap<CohortId, Arc<Cohort>>,
    programs: HashMap<ProgramId, Arc<ProgramRow>>,
    lessons: HashMap<(CohortId, Uuid), Arc<SharedLesson>>,
    sessions: HashMap<SessionId, Arc<SessionRow>>,
    stopped: HashSet<(ParticipantId, ProgramId, Category)>,
    suppressed: HashMap<String, Scope>,
    reached: Vec<Reached>,
    welcomes: HashMap<(ParticipantId, CohortId), String>,
}

impl Gathered {
    /// Reads for these mails, which are all of one practice, as it was at one instant.
    pub async fn of(app: &App, rows: &[Delivery], now: Now) -> store::Result<Self> {
        let snapshot = app.db.snapshot().await?;
        let gathered = Self::read(app, &snapshot, rows, now).await;
        Database::end_snapshot(snapshot).await?;
        gathered
    }

    async fn read(app: &App, db: &impl Connection, rows: &[Delivery], now: Now) -> store::Result<Self> {
        let practice_id = rows.first().map_or(PracticeId(Uuid::nil()), |row| row.practice_id);
        let people: Vec<_> = distinct(rows.iter().filter_map(|row| row.participant_id));
        let mut gathered = Self {
            at: Instant::now(),
            now,
            practice: practices::find(db, practice_id).await?.map(Arc::new),
            people: HashMap::new(),
            coaches: HashMap::new(),
            enrollments: HashMap::new(),
            cohorts: HashMap::new(),
            programs: HashMap::new(),
            lessons: HashMap::new(),
            sessions: HashMap::new(),
            stopped: HashSet::new(),
            suppressed: HashMap::new(),
            reached: Vec::new(),
            welcomes: HashMap::new(),
        };
        gathered.read_people(app, db, (practice_id, &people)).await?;
        gathered.read_places(db, rows).await?;
        gathered.read_shared(db, rows).await?;
        for id in distinct(rows.iter().filter_map(|row| row.coach_id)) {
            gathered.coaches.extend(coaches::find(db, id).await?.map(|coach| (id, coach)));
        }
        if rows.iter().any(|row| row.occasion.once_a_day()) {
            gathered.reached = ledger::reached_since(db, &people, now.program - A_DAY).await?;
            for (person, cohort, message_id) in ledger::welcomes_of(db, &people).await? {
                if let Some(message_id) = message_id {
                    gathered.welcomes.entry((person, cohort)).or_insert(message_id);
                }
            }
        }
        Ok(gathered)
    }

    async fn read_people(
        &mut self,
        app: &App,
        db: &impl Connection,
        (practice, people): (PracticeId, &[ParticipantId]),
    ) -> store::Result<()> {
        if people.is_empty() {
            return Ok(());
        }
        let rows = participants::with_ids(db, practice, people).await?;
        let hashes: Vec<String> = rows.iter().map(|person| address_hash(app, &person.email)).collect();
        let suppressed = suppressions::of_addresses(db, practice, &hashes).await?;
        self.suppressed = suppressed.into_iter().map(|row| (row.address_hash, row.scope)).collect();
        let stops = stops::of_people(db, people).await?;
        self.stopped = stops.into_iter().map(|stop| (stop.participant_id, stop.program_id, stop.category)).collect();
        self.people = rows.into_iter().map(|person| (person.id, person)).collect();
        Ok(())
    }

    async fn read_places(&mut self, db: &impl Connection, rows: &[Delivery]) -> store::Result<()> {
        let Some(practice) = self.practice.as_ref().map(|practice| practice.id) else { return Ok(()) };
        let places = distinct(rows.iter().filter_map(|row| row.enrollment_id));
        if !places.is_empty() {
            let places = enrollments::with_ids(db, practice, &places).await?;
            self.enrollments = places.into_iter().map(|place| (place.id, place)).collect();
        }
        for id in distinct(rows.iter().filter_map(|row| row.cohort_id)) {
            let Some(cohort) = cohorts::find(db, practice, id).await? else { continue };
            if !self.programs.contains_key(&cohort.program_id)
                && let Some(program) = programs::find(db, practice, cohort.program_id).await?
            {
                self.programs.insert(program.id, Arc::new(program));
            }
            self.cohorts.insert(id, Arc::new(cohort));
        }
        Ok(())
    }

    /// What many of these mails are about.
    async fn read_shared(&mut self, db: &impl Connection, rows: &[Delivery]) -> store::Result<()> {
        let Some(practice) = self.practice.as_ref().map(|practice| practice.id) else { return Ok(()) };
        let of = |wanted: fn(Occasion) -> bool| rows.iter().filter(move |row| wanted(row.occasion));
        let about: Vec<SessionId> = distinct(of(reminds).map(|row| row.object_id.into()));
        if !about.is_empty() {
            let sessions = sessions::with_ids(db, practice, &about).await?;
            self.sessions = sessions.into_iter().map(|session| (session.id, Arc::new(session))).collect();
        }
        let lessons = of(|occasion| occasion == Occasion::Lesson);
        for (cohort, lesson) in distinct(lessons.filter_map(|row| Some((row.cohort_id?, row.object_id)))) {
            let Some(copy) = cohorts::lesson_in(db, (cohort, lesson.into())).await? else { continue };
            let meetings = sessions::of_cohort(db, cohort).await?;
            self.lessons.insert((cohort, lesson), Arc::new(SharedLesson { copy, meetings, sheets: Sheets::default() }));
        }
        Ok(())
    }

    /// When it was read; by now it may be true no more.
    #[must_use]
    pub fn read_at(&self) -> Instant {
        self.at
    }

    /// What one of these mails needs.
    pub async fn facts(&self, app: &App, row: &Delivery) -> Result<Facts, CannotCompose> {
        let practice = self.practice.clone().ok_or(CannotCompose::Gone("the practice"))?;
        let reader = self.reader(row)?;
        let cohort = row.cohort_id.and_then(|id| self.cohorts.get(&id)).cloned();
        let program = match &cohort {
            Some(cohort) => self.programs.get(&cohort.program_id).cloned(),
            None => tested_program(app, row).await?.map(Arc::new),
        };
        let level = tested_level(row).unwrap_or_else(|| level(&reader, cohort.as_deref()));
        let person = match &reader {
            Reader::Participant(person) => Some(person),
            Reader::Coach(_) => None,
        };
        let in_program = person.zip(program.as_ref()).map(|(person, program)| (person, program.id));
        Ok(Facts {
            level,
            enrollment: row.enrollment_id.and_then(|id| self.enrollments.get(&id)).cloned(),
            stopped: in_program.is_some_and(|(person, id)| self.stopped.contains(&(person.id, id, row.category))),
            suppressed: person.and_then(|person| self.suppressed.get(&address_hash(app, &person.email))).copied(),
            had_one_today: in_program.is_some_and(|(person, id)| self.had_one(person, id, row.id)),
            welcome_id: person.zip(row.cohort_id).and_then(|(person, id)| self.welcomes.get(&(person.id, id))).cloned(),
            session: self.sessions.get(&row.object_id.into()).cloned(),
            lesson: row.cohort_id.and_then(|id| self.lessons.get(&(id, row.object_id))).cloned(),
            practice,
            reader,
            cohort,
            program,
        })
    }

    fn reader(&self, row: &Delivery) -> Result<Reader, CannotCompose> {
        match (row.participant_id, row.coach_id) {
            (Some(id), _) => {
                let person = self.people.get(&id).cloned().ok_or(CannotCompose::Gone("the person"))?;
                Ok(Reader::Participant(at_its_address(person, row)))
            }
            (None, Some(id)) => {
                Ok(Reader::Coach(self.coaches.get(&id).cloned().ok_or(CannotCompose::Gone("the coach"))?))
            }
            (None, None) => Err(CannotCompose::Gone("the recipient")),
        }
    }

    fn had_one(&self, person: &Participant, program: ProgramId, this: DeliveryId) -> bool {
        let today = day_of(self.now.program, person.zone);
        self.reached.iter().any(|other| {
            other.person == person.id && other.program == program && other.id != this && today.contains(&other.at)
        })
    }
}

fn reminds(occasion: Occasion) -> bool {
    matches!(occasion, Occasion::ReminderDay | Occasion::ReminderHour)
}

/// Each once, in the order of its first time.
fn distinct<T: Copy + Eq + std::hash::Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|one| seen.insert(*one)).collect()
}
