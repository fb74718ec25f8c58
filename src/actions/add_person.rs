//! A coach puts somebody into a cohort by name: they take part at once, and get the welcome.

use crate::transact;
use crate::{
    app::App,
    domain::{
        email_address::EmailAddress,
        enrollment::{CalendarChoice, Standing},
        ids::{CohortId, EnrollmentId, ParticipantId, PracticeId},
        name::Name,
        zone::Zone,
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts,
        enrollments::{self, Enrollment, Journey},
        participants::{self, Participant},
    },
};

use super::confirm_enrollment::welcome;

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
            let person = match participants::with_email(tx, practice_id, &new.email).await? {
                Some(person) => person,
                None => {
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
                    participants::create(tx, person.clone()).await?;
                    person
                }
            };
            let before = enrollments::of_person_in(tx, cohort_id, person.id).await?;
            if before.as_ref().is_some_and(|before| matches!(before.standing, Standing::Enrolled | Standing::Paused | Standing::Completed)) {
                return Err(Refused::AlreadyIn);
            }
            let held = before.as_ref().and_then(|before| before.seat);
            let seat = match (held, when_full) {
                (Some(seat), _) => seat,
                (None, WhenFull::Override) => cohorts::take_seat_over_capacity(tx, cohort_id).await?,
                (None, WhenFull::Refuse) => cohorts::take_seat(tx, cohort_id).await?.ok_or(Refused::Full)?,
            };
            let fresh = Journey {
                id: app.random.id(now.real),
                practice_id,
                participant_id: person.id,
                program_id: cohort.program_id,
                created_at: now.real,
            };
            let journey_id = enrollments::journey(tx, fresh).await?;
            let enrollment = Enrollment {
                id: before.as_ref().map_or_else(|| app.random.id(now.real), |before| before.id),
                practice_id,
                cohort_id,
                participant_id: person.id,
                journey_id,
                standing: Standing::Enrolled,
                calendar: CalendarChoice::Neither,
                track: new.track.clone(),
                reason: "added by the coach".to_owned(),
                actor: actor.to_owned(),
                note: String::new(),
                seat: Some(seat),
                asked_at: now.real,
                changed_at: now.program,
                hold_until: None,
                confirmed_at: None,
                left_at: None,
            };
            match before {
                Some(before) => {
                    enrollments::save(tx, before.standing, enrollment.clone()).await?;
                }
                None => enrollments::create(tx, enrollment.clone()).await?,
            }
            let audit = Audit {
                id: app.random.uuid(now.real),
                practice_id,
                act: if when_full == WhenFull::Override { "person added over the limit" } else { "person added" }.to_owned(),
                actor: actor.to_owned(),
                subject: enrollment.id.to_string(),
                detail: String::new(),
                made_at: now.real,
            };
            audits::note(tx, audit).await?;
            welcome(app, tx, &cohort, &enrollment, now).await?;
            Ok(enrollment.id)
        })?;
    app.bell.notify_waiters();
    Ok(id)
}
