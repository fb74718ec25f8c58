//! Where does the signed-in person stand, and what of their group may they see?

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    actions::own_lessons::own_lessons,
    domain::{
        cohort::Timing,
        discretion::{Discretion, Voice, at_least},
        enrollment::Standing,
        ids::{EnrollmentId, SessionId},
        reach::{Reach, reach},
        session::SessionState,
    },
    store::{
        Connection,
        cohorts::{self, Cohort, CohortLesson, WeekRow},
        enrollments::{self, Enrollment},
        invites::{self, Invite},
        ledger,
        programs::{self, ProgramRow},
        sessions::{self, SessionRow},
    },
    web::{error::PageError, guard::SignedParticipant, site::Site},
};

/// The room opens this long before a session.
pub(in crate::web) const OPENS_EARLY: TimeDelta = TimeDelta::minutes(10);

/// One person's place in one cohort, with everything their pages show of it.
pub(in crate::web) struct Place {
    pub(in crate::web) enrollment: Enrollment,
    pub(in crate::web) cohort: Cohort,
    pub(in crate::web) program: ProgramRow,
    pub(in crate::web) meetings: Vec<SessionRow>,
    pub(in crate::web) weeks: Vec<WeekRow>,
    pub(in crate::web) level: Discretion,
    pub(in crate::web) invites: Vec<Invite>,
    /// Those of this person's track, released or not, in order.
    lessons: Vec<CohortLesson>,
    /// When the lesson of a position arrives, or arrived.
    due: BTreeMap<i32, DateTime<Utc>>,
}

/// All places of a person that say something, the current one first.
pub(in crate::web) async fn all(site: &Site, signed: &SignedParticipant) -> Result<Vec<Enrollment>, PageError> {
    let mut places = enrollments::of_participant(site.db.reader(), signed.practice.id, signed.person.id).await?;
    places.sort_by_key(|place| rank(place.standing));
    if places.first().is_some_and(|first| rank(first.standing) < GONE) {
        places.retain(|place| rank(place.standing) < GONE);
    }
    Ok(places)
}

const GONE: u8 = 4;

fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Enrolled | Standing::Paused => 0,
        Standing::Offered | Standing::Accepted => 1,
        Standing::Waitlisted | Standing::Applied | Standing::Pending => 2,
        Standing::Completed => 3,
        Standing::Withdrawn | Standing::Removed | Standing::Transferred => GONE,
        Standing::Declined | Standing::OfferExpired | Standing::Lapsed => 5,
    }
}

/// Whether lessons and sessions are this person's to see.
pub(in crate::web) fn is_inside(standing: Standing) -> bool {
    standing.takes_part() || standing == Standing::Paused
}

impl Place {
    /// The place of this id, or the current one; none when the person has no place, or not this one.
    pub(in crate::web) async fn find(
        site: &Site,
        signed: &SignedParticipant,
        wanted: &str,
    ) -> Result<Option<Self>, PageError> {
        let wanted: Option<EnrollmentId> = wanted.parse().ok();
        let places = all(site, signed).await?;
        let found = places.into_iter().find(|place| wanted.is_none_or(|wanted| place.id == wanted));
        match found {
            Some(enrollment) => Self::read(site, signed, enrollment).await.map(Some),
            None => Ok(None),
        }
    }

    /// The place from which this person may see a session; any other session is not found.
    pub(in crate::web) async fn around(
        site: &Site,
        signed: &SignedParticipant,
        session: &str,
    ) -> Result<(Self, SessionRow), PageError> {
        let id: SessionId = session.parse().map_err(|_| PageError::NotFound)?;
        let db = site.db.reader();
        let meeting = sessions::find(db, signed.practice.id, id).await?.ok_or(PageError::NotFound)?;
        let enrollment = enrollments::of_person_in(db, meeting.cohort_id, signed.person.id).await?;
        let enrollment = enrollment.filter(|enrollment| is_inside(enrollment.standing)).ok_or(PageError::NotFound)?;
        Ok((Self::read(site, signed, enrollment).await?, meeting))
    }

    pub(in crate::web) async fn read(
        site: &Site,
        signed: &SignedParticipant,
        enrollment: Enrollment,
    ) -> Result<Self, PageError> {
        let (db, person) = (site.db.reader(), &signed.person);
        let cohort = cohorts::find(db, signed.practice.id, enrollment.cohort_id).await?.ok_or(PageError::NotFound)?;
        let program = programs::find(db, signed.practice.id, cohort.program_id).await?.ok_or(PageError::NotFound)?;
        let mut lessons = cohorts::lessons_of(db, cohort.id).await?;
        lessons.retain(|lesson| lesson.track.is_empty() || lesson.track == enrollment.track);
        let due = own_dates(db, &cohort, &enrollment, &lessons).await?;
        Ok(Self {
            meetings: sessions::of_cohort(db, cohort.id).await?,
            weeks: cohorts::weeks_of(db, cohort.id).await?,
            invites: invites::of_enrollment(db, enrollment.id).await?,
            level: at_least(cohort.discretion, person.discretion.unwrap_or(cohort.discretion)),
            enrollment,
            cohort,
            program,
            lessons,
            due,
        })
    }

    pub(in crate::web) fn is_inside(&self) -> bool {
        is_inside(self.enrollment.standing)
    }

    /// The lessons of a week, if they are out for this person.
    pub(in crate::web) fn out(&self, position: i32, now: DateTime<Utc>) -> Vec<&CohortLesson> {
        let is_inside = self.is_inside();
        self.lessons
            .iter()
            .filter(|lesson| is_inside && lesson.position == position && self.is_out(lesson, now))
            .collect()
    }

    /// What is not mailed can be read once the lesson beside it, or the one it comes with, is out.
    fn is_out(&self, lesson: &CohortLesson, now: DateTime<Utc>) -> bool {
        let gone = |wanted: &dyn Fn(i32) -> bool| self.due.iter().any(|(at, due)| wanted(*at) && *due <= now);
        match lesson.timing {
            Timing::Rule => gone(&|at| at == lesson.position),
            Timing::Now => true,
            // With the next, or at once where none is left.
            Timing::WithNext => gone(&|at| at > lesson.position) || !self.due.keys().any(|at| *at > lesson.position),
            Timing::Skipped => gone(&|at| at <= lesson.position),
            Timing::Removed => false,
        }
    }

    /// The latest week whose lesson is out.
    pub(in crate::web) fn latest(&self, now: DateTime<Utc>) -> Option<i32> {
        let out = self.due.iter().filter(|(position, due)| **due <= now && !self.out(**position, now).is_empty());
        out.max_by_key(|(position, due)| (**due, **position))
            .map(|(position, _)| *position)
            .filter(|_| self.is_inside())
    }

    /// Whether this person's track has a lesson there, out or not.
    pub(in crate::web) fn has_lesson(&self, position: i32) -> bool {
        self.lessons.iter().any(|lesson| lesson.position == position)
    }

    /// Positions of this person's lessons after this one, in order.
    pub(in crate::web) fn beyond(&self, last: i32) -> Vec<i32> {
        let mut positions: Vec<i32> = self.lessons.iter().map(|lesson| lesson.position).collect();
        positions.retain(|position| *position > last);
        positions.dedup();
        positions
    }

    pub(in crate::web) fn arrives(&self, position: i32) -> Option<DateTime<Utc>> {
        self.due.get(&position).copied()
    }

    /// The next session that takes place and is not over.
    pub(in crate::web) fn next(&self, now: DateTime<Utc>) -> Option<&SessionRow> {
        let to_come = self.meetings.iter().filter(|m| m.state == SessionState::Planned && m.ends_at > now);
        to_come.min_by_key(|meeting| meeting.starts_at)
    }

    /// What this person said about coming to a session: `declined`, or something else.
    pub(in crate::web) fn has_declined(&self, session: SessionId) -> bool {
        let newest = self.invites.iter().rev().find(|invite| invite.session_id == session);
        newest.is_some_and(|invite| invite.rsvp == "declined")
    }

    pub(in crate::web) fn voice<'a>(&'a self, signed: &'a SignedParticipant) -> Voice<'a> {
        Voice {
            level: self.level,
            practice: signed.practice.name.expose(),
            neutral_name: signed.practice.neutral_name.expose(),
            first_name: signed.practice.first_name.expose(),
            calendar_title: &self.program.content.0.calendar_title,
        }
    }
}

/// When each lesson arrives, or arrived, for this person: by their own pauses, and at once if they had it with
/// other dates already. What falls into a pause that runs has no date yet.
async fn own_dates(
    db: &impl Connection,
    cohort: &Cohort,
    enrollment: &Enrollment,
    lessons: &[CohortLesson],
) -> Result<BTreeMap<i32, DateTime<Utc>>, PageError> {
    let mut due: BTreeMap<i32, DateTime<Utc>> = own_lessons(db, cohort, enrollment)
        .await?
        .into_iter()
        .filter(|own| enrollment.paused_at.is_none_or(|paused_at| own.due_at <= paused_at))
        .map(|own| (own.lesson.position, own.due_at))
        .collect();
    for row in ledger::lessons_of_journey(db, enrollment.journey_id).await? {
        let had = match reach(row.state, row.reason.as_deref()) {
            Reach::Settled | Reach::WithCatchUp => row.sent_at.unwrap_or(row.changed_at),
            Reach::Free => continue,
        };
        for lesson in lessons.iter().filter(|lesson| lesson.lesson_id.0 == row.object_id) {
            due.entry(lesson.position).and_modify(|at| *at = (*at).min(had)).or_insert(had);
        }
    }
    Ok(due)
}
