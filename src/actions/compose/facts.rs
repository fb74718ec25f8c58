//! What must be known before a letter is written: who reads it, and where they stand?

use super::CannotCompose;
use crate::{
    app::App,
    domain::{
        delivery::Occasion,
        discretion::{Discretion, ForbiddenWords, Voice, at_least},
        email_address::EmailAddress,
        ids::LessonId,
        name::Name,
        zone::Zone,
    },
    store::{
        coaches::{self, Coach},
        cohorts::{self, Cohort},
        enrollments::{self, Enrollment},
        ledger::{self, Delivery},
        participants::{self, Participant},
        practices::{self, Practice},
        programs::{self, ProgramRow},
    },
};

/// Whom a delivery goes to, and everything the letter may say about where they stand.
#[derive(Debug)]
pub struct Facts {
    pub practice: Practice,
    pub reader: Reader,
    pub level: Discretion,
    pub enrollment: Option<Enrollment>,
    pub cohort: Option<Cohort>,
    pub program: Option<ProgramRow>,
    pub coach_name: Name,
}

/// The one who reads the letter.
#[derive(Debug)]
pub enum Reader {
    Participant(Participant),
    Coach(Coach),
}

impl Reader {
    #[must_use]
    pub fn address(&self) -> &EmailAddress {
        match self {
            Self::Participant(person) => &person.email,
            Self::Coach(coach) => &coach.email,
        }
    }

    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Participant(person) => &person.name,
            Self::Coach(coach) => &coach.name,
        }
    }

    #[must_use]
    pub fn zone(&self) -> Zone {
        match self {
            Self::Participant(person) => person.zone,
            Self::Coach(coach) => coach.zone,
        }
    }

    #[must_use]
    pub fn language(&self) -> &str {
        match self {
            Self::Participant(person) => &person.language,
            Self::Coach(_) => "en",
        }
    }
}

/// Reads what the letter needs, and what the late gate asks.
pub async fn facts(app: &App, delivery: &Delivery) -> Result<Facts, CannotCompose> {
    let db = app.db.reader();
    let practice = practices::find(db, delivery.practice_id).await?.ok_or(CannotCompose::Gone("the practice"))?;
    let reader = match (delivery.participant_id, delivery.coach_id) {
        (Some(id), _) => {
            let person = participants::find(db, practice.id, id).await?.ok_or(CannotCompose::Gone("the person"))?;
            Reader::Participant(at_its_address(person, delivery))
        }
        (None, Some(id)) => Reader::Coach(coaches::find(db, id).await?.ok_or(CannotCompose::Gone("the coach"))?),
        (None, None) => return Err(CannotCompose::Gone("the recipient")),
    };
    let enrollment = match delivery.enrollment_id {
        Some(id) => enrollments::find(db, practice.id, id).await?,
        None => None,
    };
    let cohort = match delivery.cohort_id {
        Some(id) => cohorts::find(db, practice.id, id).await?,
        None => None,
    };
    let program = match &cohort {
        Some(cohort) => programs::find(db, practice.id, cohort.program_id).await?,
        None => tested_program(app, delivery).await?,
    };
    let coach_name = coaches::of_practice(db, practice.id)
        .await?
        .into_iter()
        .next()
        .map_or_else(|| practice.first_name.clone(), |coach| coach.name);
    let level = tested_level(delivery).unwrap_or_else(|| level(&reader, cohort.as_ref()));
    Ok(Facts { level, practice, reader, enrollment, cohort, program, coach_name })
}

/// What is for an old address, or for one that is to become the new one, stands nowhere but in the row.
fn at_its_address(person: Participant, delivery: &Delivery) -> Participant {
    match ledger::other_address(delivery) {
        Some(email) => Participant { email, ..person },
        None => person,
    }
}

/// A test of a lesson is about a program, and about no cohort of it.
async fn tested_program(app: &App, delivery: &Delivery) -> Result<Option<ProgramRow>, CannotCompose> {
    if delivery.occasion != Occasion::TestLesson {
        return Ok(None);
    }
    let params: serde_json::Value = serde_json::from_str(&delivery.params).unwrap_or_default();
    let id: LessonId =
        serde_json::from_value(params["lesson"].clone()).map_err(|_| CannotCompose::Gone("the lesson"))?;
    let db = app.db.reader();
    let lesson = programs::lesson(db, delivery.practice_id, id).await?.ok_or(CannotCompose::Gone("the lesson"))?;
    Ok(programs::find(db, delivery.practice_id, lesson.program_id).await?)
}

/// As discreet as the coach wants to see it.
fn tested_level(delivery: &Delivery) -> Option<Discretion> {
    if delivery.occasion != Occasion::TestLesson {
        return None;
    }
    let params: serde_json::Value = serde_json::from_str(&delivery.params).ok()?;
    serde_json::from_value(params["level"].clone()).ok()
}

fn level(reader: &Reader, cohort: Option<&Cohort>) -> Discretion {
    match reader {
        Reader::Coach(_) => Discretion::Open,
        Reader::Participant(person) => {
            // Mail about no cohort, such as a sign-in, is as discreet as the person can be.
            let program = cohort.map_or(Discretion::Discreet, |cohort| cohort.discretion);
            at_least(program, person.discretion.unwrap_or(program))
        }
    }
}

impl Facts {
    #[must_use]
    pub fn voice(&self) -> Voice<'_> {
        Voice {
            level: self.level,
            practice: self.practice.name.expose(),
            neutral_name: self.practice.neutral_name.expose(),
            first_name: self.practice.first_name.expose(),
            calendar_title: self.program.as_ref().map_or("Group session", |program| &program.content.0.calendar_title),
        }
    }

    pub(super) fn forbidden(&self) -> ForbiddenWords {
        match (&self.program, self.level) {
            (Some(program), Discretion::Discreet | Discretion::Minimal) => {
                ForbiddenWords::new(program.content.0.forbidden_words.iter().chain([&program.content.0.title]))
            }
            _ => ForbiddenWords::default(),
        }
    }
}
