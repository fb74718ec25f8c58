//! A coach puts somebody into a cohort by name: they take part at once, and get the welcome.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        email_address::EmailAddress,
        enrollment::{Event, Standing},
        ids::{CohortId, EnrollmentId, JourneyId, ParticipantId, PracticeId},
        name::Name,
        zone::Zone,
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment, Journey},
        participants::{self, Participant},
    },
};

use super::welcome::welcome;

#[derive(Debug, Clone)]
pub struct NewPerson {
    pub email: EmailAddress,
    pub name: Name,
    pub zone: Zone,
    pub track: String,
}

/// What happens when the cohort is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    Refuse,
    /// The coach decided so, by name; it is written down.
    Override,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("this person takes part already")]
    AlreadyIn,
    #[error("every place is taken: tick the box to add this person over the limit")]
    Full,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

pub async fn add_person(
    app: &App,
    of: (PracticeId, CohortId),
    new: &NewPerson,
    when_full: WhenFull,
    actor: &str,
) -> Result<EnrollmentId, Refused> {
    let now = app.clock.now();
    let (practice_id, cohort_id) = of;
    let id = transact!(app.db, |tx| {
        cohorts::lock(tx, cohort_id).await?;
        let cohort = cohorts::find(tx, practice_id, cohort_id).await?.ok_or(Refused::Unknown)?;
        let person = person(app, tx, practice_id, new, now).await?;
        let before = enrollments::of_person_in(tx, cohort_id, person).await?;
        let seat = seat(tx, cohort_id, before.as_ref(), when_full).await?;
        let fresh = Enrollment {
            journey_id: journey(app, tx, &cohort, person, now).await?,
            actor: actor.to_owned(),
            ..enrollment(app, &cohort, (person, seat), new, now)
        };
        let enrollment = put(tx, before, fresh).await?;
        audits::note(tx, audit(app, &enrollment, when_full, now)).await?;
        welcome(app, tx, &cohort, &enrollment, now).await?;
        Ok::<_, Refused>(enrollment.id)
    })?;
    app.bell.notify_waiters();
    Ok(id)
}

/// The person with this address as they are, or a new one.
async fn person(
    app: &App,
    tx: &Tx,
    practice_id: PracticeId,
    new: &NewPerson,
    now: Now,
) -> store::Result<ParticipantId> {
    if let Some(known) = participants::with_email(tx, practice_id, &new.email).await? {
        return Ok(known.id);
    }
    let id: ParticipantId = app.random.id(now.real);
    let person = Participant {
        id,
        practice_id,
        email: new.email.clone(),
        email_key: new.email.key(),
        name: new.name.clone(),
        zone: new.zone,
        feed_hash: app.links.feed_hash(&app.links.feed_token(id.0, 0)),
        language: "en".to_owned(),
        discretion: None,
        mail_problem: None,
        epoch: 0,
        feed_rotation: 0,
        confirmed_at: None,
        created_at: now.real,
    };
    participants::create(tx, person).await?;
    Ok(id)
}

/// The seat the person holds already, else a free one, else one more if the coach says so.
async fn seat(tx: &Tx, cohort: CohortId, before: Option<&Enrollment>, when_full: WhenFull) -> Result<i32, Refused> {
    if before.is_some_and(|before| before.standing.after(Event::Add).is_err()) {
        return Err(Refused::AlreadyIn);
    }
    match (before.and_then(|before| before.seat), when_full) {
        (Some(seat), _) => Ok(seat),
        (None, WhenFull::Override) => Ok(cohorts::take_seat_over_capacity(tx, cohort).await?),
        (None, WhenFull::Refuse) => cohorts::take_seat(tx, cohort).await?.ok_or(Refused::Full),
    }
}

async fn journey(app: &App, tx: &Tx, cohort: &Cohort, person: ParticipantId, now: Now) -> store::Result<JourneyId> {
    let fresh = Journey::begun(app.random.id(now.real), (cohort.practice_id, cohort.program_id), person, now);
    enrollments::journey(tx, fresh).await
}

fn enrollment(app: &App, cohort: &Cohort, who: (ParticipantId, i32), new: &NewPerson, now: Now) -> Enrollment {
    let (participant_id, seat) = who;
    let (place, journey) = ((cohort.practice_id, cohort.id), JourneyId(uuid::Uuid::nil()));
    Enrollment {
        standing: Standing::Enrolled,
        track: new.track.clone(),
        reason: "added by the coach".to_owned(),
        seat: Some(seat),
        ..Enrollment::begun(app.random.id(now.real), place, (participant_id, journey), now)
    }
}

/// In place of the earlier one, if the person was here before.
async fn put(tx: &Tx, before: Option<Enrollment>, enrollment: Enrollment) -> store::Result<Enrollment> {
    let Some(before) = before else {
        enrollments::create(tx, enrollment.clone()).await?;
        return Ok(enrollment);
    };
    let track = if enrollment.track.is_empty() { before.track } else { enrollment.track };
    let enrollment = Enrollment {
        id: before.id,
        calendar: before.calendar,
        note: before.note,
        confirmed_at: before.confirmed_at,
        asked_at: before.asked_at,
        track,
        ..enrollment
    };
    enrollments::save(tx, before.standing, enrollment.clone()).await?;
    Ok(enrollment)
}

fn audit(app: &App, enrollment: &Enrollment, when_full: WhenFull, now: Now) -> Audit {
    let act = match when_full {
        WhenFull::Override => "person added over the limit",
        WhenFull::Refuse => "person added",
    };
    Audit {
        id: app.random.uuid(now.real),
        practice_id: enrollment.practice_id,
        act: act.to_owned(),
        actor: enrollment.actor.clone(),
        subject: enrollment.id.to_string(),
        detail: String::new(),
        made_at: now.real,
    }
}
