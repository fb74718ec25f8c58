//! What must be known before a letter is written: who reads it, and where they stand?

use std::sync::Arc;

use super::{CannotCompose, for_many::Sheets, gather::Gathered};
use crate::{
    app::App,
    clock::Now,
    domain::{
        bounce::Scope,
        delivery::Occasion,
        discretion::{Discretion, ForbiddenWords, Voice, at_least},
        email_address::EmailAddress,
        ids::LessonId,
        name::Name,
        zone::Zone,
    },
    store::{
        coaches::Coach,
        cohorts::{Cohort, CohortLesson},
        enrollments::Enrollment,
        ledger::{self, Delivery},
        participants::Participant,
        practices::Practice,
        programs::{self, ProgramRow},
        sessions::SessionRow,
    },
};

/// Whom a delivery goes to, what the late gate asks, and everything the letter may say about where they stand.
#[derive(Debug)]
pub struct Facts {
    pub practice: Arc<Practice>,
    pub reader: Reader,
    pub level: Discretion,
    pub enrollment: Option<Enrollment>,
    pub cohort: Option<Arc<Cohort>>,
    pub program: Option<Arc<ProgramRow>>,
    /// Of this category in this program they want no more.
    pub stopped: bool,
    /// What is not sent to their address.
    pub suppressed: Option<Scope>,
    /// They had a lesson or an announcement of this program today, or may have.
    pub had_one_today: bool,
    /// The Message-ID of the mail that welcomed them to the cohort.
    pub welcome_id: Option<String>,
    /// The session that a reminder is about.
    pub session: Option<Arc<SessionRow>>,
    /// What a lesson needs beside them.
    pub lesson: Option<Arc<SharedLesson>>,
}

/// A lesson, and the sessions it may name: the same for everybody in the cohort.
#[derive(Debug)]
pub struct SharedLesson {
    pub copy: CohortLesson,
    pub meetings: Vec<SessionRow>,
    /// Its letter, as far as it was written for all.
    pub sheets: Sheets,
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

/// Reads what the letter needs, and what the late gate asks, for one mail.
pub async fn facts(app: &App, delivery: &Delivery, now: Now) -> Result<Facts, CannotCompose> {
    Gathered::of(app, std::slice::from_ref(delivery), now).await?.facts(app, delivery).await
}

/// What is for an old address, or for one that is to become the new one, stands nowhere but in the row.
pub(super) fn at_its_address(person: Participant, delivery: &Delivery) -> Participant {
    match ledger::other_address(delivery) {
        Some(email) => Participant { email, ..person },
        None => person,
    }
}

/// A test of a lesson is about a program, and about no cohort of it.
pub(super) async fn tested_program(app: &App, delivery: &Delivery) -> Result<Option<ProgramRow>, CannotCompose> {
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
pub(super) fn tested_level(delivery: &Delivery) -> Option<Discretion> {
    if delivery.occasion != Occasion::TestLesson {
        return None;
    }
    let params: serde_json::Value = serde_json::from_str(&delivery.params).ok()?;
    serde_json::from_value(params["level"].clone()).ok()
}

pub(super) fn level(reader: &Reader, cohort: Option<&Cohort>) -> Discretion {
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
