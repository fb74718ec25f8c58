//! What is a cohort's schedule, and what else decides what a change of it would do?

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::super::{
    open_cohort::session_title,
    plan_timetable::{basis::Basis, history},
    tell_calendars::{newest, planned_before, told},
};
use crate::{
    domain::{
        enrollment::Standing,
        ids::{CohortId, PracticeId},
        name::Name,
        people::CohortState,
        plan::{Attendee, Facts, Knows, Schedule, Session},
        schedule::{LessonClock, LessonTiming},
        session::Slot,
        timetable::history::History,
        week::MOST_WEEKS,
        zone::Zone,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        enrollments::{self, Enrollment},
        invites, participants, programs,
        sessions::{self, SessionRow},
    },
};

/// A cohort's schedule with everything a plan is computed from, as the database has it at one moment.
#[derive(Debug)]
pub struct Known {
    pub cohort: Cohort,
    pub schedule: Schedule,
    pub(super) rows: Vec<SessionRow>,
    rule: Arc<LessonTiming>,
    positions: Vec<u16>,
    zones: Vec<Zone>,
    history: History,
    people: Vec<Attendee>,
    titles: Vec<(u16, Name)>,
}

impl Known {
    /// Lessons come by each participant's own clock.
    #[must_use]
    pub fn is_by_participant(&self) -> bool {
        match *self.rule {
            LessonTiming::Rule(_) => self.cohort.lesson_clock == LessonClock::Participant,
            LessonTiming::AfterSession { .. } => false,
        }
    }

    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            rule: &self.rule,
            lesson_clock: self.cohort.lesson_clock,
            positions: &self.positions,
            zones: &self.zones,
            history: &self.history,
            people: &self.people,
            titles: &self.titles,
        }
    }
}

/// `None`: this practice has no such cohort.
pub(super) async fn read(
    db: &impl store::Connection,
    practice: PracticeId,
    id: CohortId,
    now: DateTime<Utc>,
) -> store::Result<Option<Known>> {
    let Some(cohort) = cohorts::find(db, practice, id).await? else { return Ok(None) };
    let rows = sessions::of_cohort(db, id).await?;
    let Basis { rule, rows: planned, weeks, positions, zones, .. } = Basis::of(db, &cohort).await?;
    let schedule = schedule(&cohort, weeks, &rows);
    let history = if cohort.state == CohortState::Draft { History::none() } else { history(&planned, now, Some(now)) };
    Ok(Some(Known {
        rule,
        positions: positions.into_iter().collect(),
        zones: zones.into_iter().collect(),
        people: people(db, &cohort, &rows).await?,
        titles: titles(db, &cohort).await?,
        history,
        schedule,
        rows,
        cohort,
    }))
}

fn schedule(cohort: &Cohort, weeks: Vec<crate::domain::week::Week>, rows: &[SessionRow]) -> Schedule {
    let schedule = Schedule {
        zone: cohort.zone,
        starts_on: cohort.starts_on,
        weekday: cohort.weekday.parse().unwrap_or(chrono::Weekday::Mon),
        time: cohort.session_time,
        minutes: number(cohort.session_minutes),
        weeks,
        sessions: rows.iter().map(session).collect(),
    };
    schedule.sorted()
}

fn session(row: &SessionRow) -> Session {
    Session {
        id: row.id,
        ordinal: number(row.ordinal),
        week: number(row.week),
        title: row.title.clone(),
        slot: Slot { date: row.local_date, time: row.local_time, zone: row.zone, minutes: number(row.minutes) },
        state: row.state,
    }
}

fn number(stored: i32) -> u16 {
    u16::try_from(stored).unwrap_or_default()
}

async fn people(db: &impl store::Connection, cohort: &Cohort, rows: &[SessionRow]) -> store::Result<Vec<Attendee>> {
    let here: Vec<Enrollment> = enrollments::of_cohort(db, cohort.id)
        .await?
        .into_iter()
        .filter(|enrollment| matches!(enrollment.standing, Standing::Enrolled | Standing::Paused))
        .collect();
    let ids: Vec<_> = here.iter().map(|enrollment| enrollment.participant_id).collect();
    let names = participants::with_ids(db, cohort.practice_id, &ids).await?;
    let known = invites::of_cohort(db, cohort.id).await?;
    let attendee = |enrollment: &Enrollment| {
        let person = names.iter().find(|person| person.id == enrollment.participant_id)?;
        let own: Vec<_> = known.iter().filter(|invite| invite.enrollment_id == enrollment.id).cloned().collect();
        let knows = rows.iter().filter_map(|row| {
            let invite = newest(&own, row)?;
            Some(Knows { session: row.id, told: planned_before(invite), calendar: told(invite) })
        });
        Some(Attendee {
            enrollment: enrollment.id,
            name: person.name.clone(),
            calendar: enrollment.calendar,
            is_unreachable: person.mail_problem.is_some(),
            knows: knows.collect(),
        })
    };
    Ok(here.iter().filter_map(attendee).collect())
}

async fn titles(db: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<(u16, Name)>> {
    let Some(program) = programs::find(db, cohort.practice_id, cohort.program_id).await? else {
        return Ok(Vec::new());
    };
    Ok((1..=MOST_WEEKS).map(|ordinal| (ordinal, session_title(&program, i32::from(ordinal)))).collect())
}
