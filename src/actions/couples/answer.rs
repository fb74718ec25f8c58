//! The partner answers, from their own inbox: yes, with their own choices; or no, which nobody is told.

use uuid::Uuid;

use super::let_go;
use crate::{
    actions::{
        ask_to_enroll::fresh,
        confirm_enrollment::{self, confirm_within},
        fill_seats::fill_seats,
        keep_papers::{keep_answers, keep_consents},
    },
    app::App,
    clock::Now,
    domain::{
        asking::Form,
        couple::CoupleEvent,
        enrollment::{Event, Standing},
        ids::ParticipantId,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        couples::{self, Couple},
        database::Tx,
        enrollments::{self, Enrollment, Journey},
        participants::{self, Participant},
    },
    transact,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the time to answer is over")]
    Over,
    #[error(transparent)]
    Confirm(#[from] confirm_enrollment::Refused),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl store::FromStore for Refused {
    fn as_store(&self) -> Option<&store::Error> {
        match self {
            Self::Store(error) | Self::Confirm(confirm_enrollment::Refused::Store(error)) => Some(error),
            Self::Over | Self::Confirm(_) => None,
        }
    }
}

/// Whether somebody stands in the cohort in a way that saying yes changes nothing of.
#[must_use]
pub fn has_place(standing: Standing) -> bool {
    match standing {
        Standing::Enrolled
        | Standing::Paused
        | Standing::Completed
        | Standing::Offered
        | Standing::Waitlisted
        | Standing::Applied
        | Standing::Accepted => true,
        Standing::Pending
        | Standing::Declined
        | Standing::OfferExpired
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed
        | Standing::Lapsed => false,
    }
}

/// The partner comes along. Whoever has a place already keeps it as it is; for everybody else the form counts.
/// Twice is once.
pub async fn join(app: &App, of: (Uuid, ParticipantId), form: Option<&Form>) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let joined = transact!(app.db, |tx| {
        let (couple, cohort, person) = open(tx, of, now).await?;
        participants::mark_confirmed(tx, person.id, now.real).await?;
        let here = enrollments::of_person_in(tx, cohort.id, person.id).await?;
        let joined = match (here, form) {
            (Some(here), _) if has_place(here.standing) => {
                // Each waits where they stood, for one place.
                link(tx, Couple { in_line: 0, ..couple }, &here, now).await?;
                here
            }
            (Some(here), _) if here.standing == Standing::Removed => return Err(Refused::Over),
            (here, Some(form)) => {
                let place = place(app, tx, (&couple, &cohort, &person), here, form, now).await?;
                link(tx, Couple { seats_held: 0, ..couple }, &place, now).await?;
                confirm_within(app, tx, place.id, now).await?
            }
            (_, None) => return Err(Refused::Over),
        };
        fill_seats(app, tx, cohort.id, now).await?;
        Ok(joined)
    })?;
    app.bell.notify_waiters();
    Ok(joined)
}

/// The partner does not come along. The seat comes free; the inviter hears what they would hear anyway.
pub async fn decline(app: &App, of: (Uuid, ParticipantId)) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let (couple, cohort, _) = open(tx, of, now).await?;
        let in_line = couple.in_line;
        let declined = Couple { declined_at: Some(now.real), ..couple };
        couples::save(tx, Couple { in_line, ..let_go(tx, declined, now).await? }).await?;
        fill_seats(app, tx, cohort.id, now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// The couple, locked, while this person can still answer it.
async fn open(tx: &Tx, of: (Uuid, ParticipantId), now: Now) -> Result<(Couple, Cohort, Participant), Refused> {
    let (id, person) = of;
    let couple = couples::holding(tx, id).await?.ok_or(Refused::Over)?;
    cohorts::lock(tx, couple.cohort_id).await?;
    let couple = couples::holding(tx, id).await?.ok_or(Refused::Over)?;
    let in_time = couple.respond_by.is_some_and(|until| until > now.real);
    if !couple.state.is_open() || !in_time || couple.person_id != Some(person) {
        return Err(Refused::Over);
    }
    let cohort = cohorts::anywhere(tx, couple.cohort_id).await?.ok_or(Refused::Over)?;
    let person = participants::holding(tx, person).await?.ok_or(Refused::Over)?;
    Ok((couple, cohort, person))
}

/// Their own place, pending for the moment, with the seat that was held for them.
async fn place(
    app: &App,
    tx: &Tx,
    of: (&Couple, &Cohort, &Participant),
    here: Option<Enrollment>,
    form: &Form,
    now: Now,
) -> Result<Enrollment, Refused> {
    let (couple, cohort, person) = of;
    let own = Participant { name: form.name.clone(), zone: form.zone, discretion: form.discretion, ..person.clone() };
    participants::save(tx, Participant { confirmed_at: own.confirmed_at.or(Some(now.real)), ..own }).await?;
    let journey = Journey::begun(app.random.id(now.real), (cohort.practice_id, cohort.program_id), person.id, now);
    let journey = enrollments::journey(tx, journey).await?;
    let has_seat = here.as_ref().is_some_and(|here| here.seat.is_some());
    let seat = match (couple.seats_held, has_seat) {
        (1, false) => Some(cohorts::free_seat_number(tx, cohort.id).await?),
        (1, true) => {
            cohorts::give_seat_back(tx, cohort.id).await?;
            None
        }
        (_, _) => None,
    };
    let fresh = Enrollment { seat, ..fresh(app, cohort, (person.id, journey), form, now) };
    let fresh = Enrollment { asked_at: place_in_line(tx, couple, &fresh).await?, ..fresh };
    let place = match here {
        None => {
            enrollments::create(tx, fresh.clone()).await?;
            fresh
        }
        Some(here) => renew(tx, here, fresh).await?,
    };
    keep_consents(app, tx, &place, &form.consents, now.real).await?;
    keep_answers(app, tx, &place, &form.intake, now.program).await?;
    Ok(place)
}

/// Who waits together stands side by side.
async fn place_in_line(tx: &Tx, couple: &Couple, fresh: &Enrollment) -> store::Result<chrono::DateTime<chrono::Utc>> {
    let inviter = enrollments::holding(tx, couple.inviter_id).await?.filter(|_| couple.in_line == 1);
    Ok(inviter.map_or(fresh.asked_at, |inviter| inviter.asked_at))
}

/// A place that ended, or was asked for and never confirmed, as it is now asked for.
async fn renew(tx: &Tx, here: Enrollment, fresh: Enrollment) -> Result<Enrollment, Refused> {
    let before = here.standing;
    let standing = if before == Standing::Pending {
        before
    } else {
        before.after(Event::AskAgain).map_err(confirm_enrollment::Refused::Standing)?
    };
    let place = Enrollment {
        standing,
        seat: here.seat.or(fresh.seat),
        calendar: fresh.calendar,
        track: fresh.track,
        note: fresh.note,
        reason: fresh.reason,
        actor: fresh.actor,
        asked_at: fresh.asked_at,
        changed_at: fresh.changed_at,
        hold_until: fresh.hold_until,
        left_at: None,
        ..here
    };
    if enrollments::save(tx, before, place.clone()).await? { Ok(place) } else { Err(Refused::Over) }
}

async fn link(tx: &Tx, couple: Couple, partner: &Enrollment, now: Now) -> Result<(), Refused> {
    let state = couple.state.after(CoupleEvent::Join).map_err(|_| Refused::Over)?;
    let in_line = couple.in_line;
    let joined = Couple { state, partner_id: Some(partner.id), respond_by: None, declined_at: None, ..couple };
    couples::save(tx, Couple { in_line, ..let_go(tx, joined, now).await? }).await?;
    Ok(())
}
