//! A program gets dates: a cohort is made from it, checked, and opened.

use chrono::{NaiveDate, NaiveTime, Weekday};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::{Admission, Decision, LateJoiners, Timing},
        discretion::Discretion,
        enrollment::{ACCEPT_HOURS, OFFER_HOURS},
        holiday::Country,
        ids::{CohortId, ProgramId},
        name::Name,
        people::CohortState,
        schedule::{LessonClock, LessonTiming},
        session::{BadLength, SessionRule, SessionState, plan_sessions},
        week::{BadWeeks, Week, weeks},
        zone::Zone,
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort, CohortLesson, WeekRow},
        database::Tx,
        practices::Practice,
        programs::{self, ProgramRow},
        sessions::{self, SessionRow},
    },
};

use super::plan_timetable::plan_timetable;

/// What a coach decides for a new cohort.
#[derive(Debug, Clone)]
pub struct NewCohort {
    pub program: ProgramId,
    pub name: Name,
    pub zone: Zone,
    pub starts_on: NaiveDate,
    pub weekday: Weekday,
    pub time: NaiveTime,
    pub minutes: u16,
    /// Calendar weeks, counted from 1, in which nothing happens.
    pub breaks: Vec<u16>,
    pub capacity: u16,
    pub rule: LessonTiming,
    /// Kept for rules by weekday and time: what follows a session comes to everybody at once.
    pub lesson_clock: LessonClock,
    pub discretion: Discretion,
    /// Whose public holidays the coach is warned of.
    pub holiday_country: Option<Country>,
    pub late_joiners: LateJoiners,
    pub room_url: String,
    pub crisis_line: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this program does not exist")]
    NoProgram,
    #[error("this program has no lessons yet: write or import them first")]
    NoLessons,
    #[error(transparent)]
    Weeks(#[from] BadWeeks),
    #[error(transparent)]
    Length(#[from] BadLength),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Makes the cohort as a draft: nobody sees it and nothing is sent before it is opened.
pub async fn create_cohort(app: &App, practice: &Practice, new: &NewCohort, actor: &str) -> Result<CohortId, Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| create(app, tx, practice, new, actor, now).await)
}

/// The same, inside a transaction that does more.
pub(super) async fn create(
    app: &App,
    tx: &Tx,
    practice: &Practice,
    new: &NewCohort,
    actor: &str,
    now: Now,
) -> Result<CohortId, Refused> {
    let id: CohortId = app.random.id(now.real);
    let program = programs::find(tx, practice.id, new.program).await?.ok_or(Refused::NoProgram)?;
    let calendar_weeks = weeks(new.starts_on, program.content.0.weeks, &new.breaks)?;
    cohorts::create(tx, cohort_row(id, practice, new, now)).await?;
    let rows = calendar_weeks.iter().map(|week| week_row(app, practice, id, week, now)).collect();
    cohorts::set_weeks(tx, id, rows).await?;
    copy_lessons(app, tx, (practice, id), &program, now).await?;
    let rows = session_rows(app, (practice, id), &program, new, &calendar_weeks, now)?;
    sessions::create_all(tx, rows).await?;
    note(app, tx, (practice, id), "cohort made", actor, now).await?;
    Ok(id)
}

fn cohort_row(id: CohortId, practice: &Practice, new: &NewCohort, now: Now) -> Cohort {
    Cohort {
        id,
        practice_id: practice.id,
        program_id: new.program,
        name: new.name.clone(),
        zone: new.zone,
        lesson_rule: new.rule.expression(),
        room_url: new.room_url.clone(),
        crisis_line: new.crisis_line.clone(),
        starts_on: new.starts_on,
        weekday: new.weekday.to_string().to_lowercase(),
        lesson_clock: new.lesson_clock,
        discretion: new.discretion,
        state: CohortState::Draft,
        session_time: new.time,
        session_minutes: i32::from(new.minutes),
        capacity: i32::from(new.capacity),
        seats_taken: 0,
        version: 0,
        tell_changes_at: None,
        opened_at: None,
        closed_at: None,
        created_at: now.program,
        changed_at: now.program,
        holiday_country: new.holiday_country.map(Country::code).unwrap_or_default().to_owned(),
        admission: Admission::Open,
        enroll_from_on: None,
        enroll_until_on: None,
        move_until_on: None,
        pause_until_on: None,
        late_joiners: new.late_joiners,
        offer_hours: i32::from(OFFER_HOURS),
        accept_hours: i32::from(ACCEPT_HOURS),
        min_participants: 0,
        decide_by: None,
        numbers_told_at: None,
        decision: Decision::Undecided,
        merged_into: None,
    }
}

fn week_row(app: &App, practice: &Practice, cohort_id: CohortId, week: &Week, now: Now) -> WeekRow {
    WeekRow {
        id: app.random.id(now.real),
        practice_id: practice.id,
        cohort_id,
        number: i32::from(week.number),
        first_day: week.first_day,
        kind: week.kind,
    }
}

async fn copy_lessons(
    app: &App,
    tx: &Tx,
    key: (&Practice, CohortId),
    program: &ProgramRow,
    now: Now,
) -> Result<(), Refused> {
    let (practice, cohort_id) = key;
    let lessons = programs::lessons_of(tx, program.id).await?;
    if lessons.is_empty() {
        return Err(Refused::NoLessons);
    }
    let copies = lessons.into_iter().map(|lesson| CohortLesson {
        id: app.random.id(now.real),
        practice_id: practice.id,
        cohort_id,
        lesson_id: lesson.id,
        position: lesson.week,
        track: lesson.track,
        content: lesson.content,
        changed_at: now.real,
        timing: Timing::Rule,
        reason: String::new(),
    });
    cohorts::create_lessons(tx, copies.collect()).await?;
    Ok(())
}

fn session_rows(
    app: &App,
    key: (&Practice, CohortId),
    program: &ProgramRow,
    new: &NewCohort,
    calendar_weeks: &[Week],
    now: Now,
) -> Result<Vec<SessionRow>, Refused> {
    let (practice, cohort_id) = key;
    let rule = SessionRule::new(new.weekday, new.time, new.minutes, new.zone)?;
    let planned = plan_sessions(calendar_weeks, &rule).into_iter().zip(1..);
    Ok(planned
        .map(|(planned, ordinal)| {
            let slot = planned.slot;
            SessionRow {
                id: app.random.id(now.real),
                practice_id: practice.id,
                cohort_id,
                ordinal,
                week: i32::from(planned.week),
                minutes: i32::from(slot.minutes),
                generation: 0,
                version: 0,
                title: session_title(program, ordinal),
                zone: slot.zone,
                local_date: slot.date,
                local_time: slot.time,
                starts_at: slot.starts_at(),
                ends_at: slot.ends_at(),
                changed_at: now.program,
                state: SessionState::Planned,
            }
        })
        .collect())
}

pub(super) fn session_title(program: &ProgramRow, ordinal: i32) -> Name {
    let week = program.content.0.outline.iter().find(|week| i32::from(week.number) == ordinal);
    week.and_then(|week| Name::parse(&week.session_title).ok())
        .or_else(|| Name::parse(&format!("Session {ordinal}")).ok())
        .expect("a number makes a name")
}

/// What a participant would miss, so that the cohort does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Room,
    CrisisLine,
    Sender,
    TestMail,
}

impl Missing {
    /// What it is and what to do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Room => "The room is missing: add the meeting link that people will join by",
            Self::CrisisLine => "The crisis line is missing: every lesson names it, so add the one for your country",
            Self::Sender => "The sender is incomplete: add a postal address in Settings; mail has to carry one",
            Self::TestMail => "No test mail has arrived yet: send yourself one, open it and press its button",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    #[error("something a participant would miss is unset")]
    Missing(Vec<Missing>),
    #[error("this cohort does not exist")]
    Unknown,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(CannotOpen);

/// What is still missing before the cohort can open.
#[must_use]
pub fn missing(practice: &Practice, cohort: &Cohort) -> Vec<Missing> {
    let checks = [
        (cohort.room_url.trim().is_empty(), Missing::Room),
        (cohort.crisis_line.trim().is_empty(), Missing::CrisisLine),
        (practice.postal_address.trim().is_empty(), Missing::Sender),
        (practice.mail_tested_at.is_none(), Missing::TestMail),
    ];
    checks.into_iter().filter_map(|(unset, what)| unset.then_some(what)).collect()
}

/// Opens enrollment, and writes the timetable: from here on everything happens by itself.
pub async fn open_cohort(app: &App, practice: &Practice, id: CohortId, actor: &str) -> Result<(), CannotOpen> {
    let now = app.clock.now();
    transact!(app.db, |tx| open(app, tx, (practice, id), actor, now).await)?;
    app.bell.notify_waiters();
    Ok(())
}

/// The same, inside a transaction that does more.
pub(super) async fn open(
    app: &App,
    tx: &Tx,
    of: (&Practice, CohortId),
    actor: &str,
    now: Now,
) -> Result<(), CannotOpen> {
    let (practice, id) = of;
    cohorts::lock(tx, id).await?;
    let cohort = cohorts::find(tx, practice.id, id).await?.ok_or(CannotOpen::Unknown)?;
    let missing = missing(practice, &cohort);
    if !missing.is_empty() {
        return Err(CannotOpen::Missing(missing));
    }
    let opened_at = cohort.opened_at.or(Some(now.program));
    let cohort = Cohort { state: CohortState::Open, opened_at, changed_at: now.program, ..cohort };
    cohorts::save(tx, cohort.clone()).await?;
    plan_timetable(app, tx, &cohort, now).await?;
    note(app, tx, of, "cohort opened", actor, now).await?;
    Ok(())
}

async fn note(app: &App, tx: &Tx, key: (&Practice, CohortId), act: &str, actor: &str, now: Now) -> store::Result<()> {
    let (practice, cohort) = key;
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id: practice.id,
        act: act.to_owned(),
        actor: actor.to_owned(),
        subject: cohort.to_string(),
        detail: String::new(),
        made_at: now.real,
    };
    audits::note(tx, audit).await
}
