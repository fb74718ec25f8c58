//! The owner of the address confirms, or accepts an offered place: from here on they take part.

use chrono::{DateTime, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Admission,
        delivery::Occasion,
        enrollment::{Event, Refusal, Seat, Standing},
        ids::EnrollmentId,
        people::CohortState,
    },
    store::{
        self,
        asking::{Confirmed, Confirming},
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment},
        gather::told,
        participants,
        sent_forms::Mark,
        sessions,
    },
};

use super::{
    confirm_together::confirm_all,
    couples,
    fill_seats::fill_seats,
    place_letters::{about_place, write_another},
    suppress::lift,
    welcome::welcome,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this enrollment does not exist any more")]
    Unknown,
    #[error("this group has ended")]
    Over,
    #[error("the place was held until a moment ago")]
    Late,
    #[error(transparent)]
    Standing(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Confirms the address. Twice is once: who has confirmed already stays where they are.
pub async fn confirm_enrollment(app: &App, id: EnrollmentId) -> Result<Enrollment, Refused> {
    let enrollment = enrollments::holding(app.db.reader(), id).await?.ok_or(Refused::Unknown)?;
    let confirming = Confirming { id, mark: Mark::of_this() };
    let confirmed = app.confirming.ask(enrollment.cohort_id, confirming, |all| confirm_all(app, all)).await;
    let now = match told(confirmed.map(Ok))? {
        Confirmed::Now(now) => *now,
        Confirmed::SentBefore => return Err(store::Error::SentBefore.into()),
        Confirmed::Unknown => return Err(Refused::Unknown),
        Confirmed::Over => return Err(Refused::Over),
        Confirmed::Refused(refusal) => return Err(refusal.into()),
        Confirmed::Lost(error) => return Err(store::Error::Lost(error).into()),
    };
    app.bell.notify_waiters();
    Ok(now)
}

/// The same inside somebody's transaction.
pub(super) async fn confirm_within(app: &App, tx: &Tx, id: EnrollmentId, now: Now) -> Result<Enrollment, Refused> {
    let (cohort, enrollment) = locked(tx, id).await?;
    participants::mark_confirmed(tx, enrollment.participant_id, now.real).await?;
    lift(app, tx, enrollment.participant_id).await?;
    if has_confirmed(enrollment.standing) {
        return Ok(enrollment);
    }
    let confirmed = Enrollment { reason: "confirmed by mail".to_owned(), ..enrollment };
    confirm(app, tx, &cohort, confirmed, now).await
}

/// The step itself, for somebody whose address is proven. Who comes as one of two gets a seat with the other, or
/// waits. The caller holds the cohort's lock.
pub(super) async fn confirm(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    asked: Enrollment,
    now: Now,
) -> Result<Enrollment, Refused> {
    refuse_over(tx, cohort, now.program).await?;
    let seat = seat_for(tx, cohort, &asked).await?;
    let seat = couples::seat_for_pair(tx, cohort, &asked, seat).await?;
    let event = match (cohort.admission, seat) {
        // A seat that was held before the coach chose to read each application is kept.
        (Admission::Open | Admission::Approval, Some(_)) => Event::Confirm(Seat::Held),
        (Admission::Open, None) => Event::Confirm(Seat::None),
        (Admission::Approval, None) => Event::Apply,
    };
    let standing = asked.standing.after(event)?;
    let settled = settle(app, tx, cohort, (&asked, Enrollment { seat, ..asked.clone() }), standing, now).await?;
    let is_together = couples::ask_partner(app, tx, cohort, &settled, now).await?;
    if is_together || asked.seat.is_some() && settled.seat.is_none() {
        fill_seats(app, tx, cohort.id, now).await?;
    }
    Ok(settled)
}

fn has_confirmed(standing: Standing) -> bool {
    match standing {
        Standing::Enrolled
        | Standing::Waitlisted
        | Standing::Paused
        | Standing::Completed
        | Standing::Applied
        | Standing::Accepted
        | Standing::Offered => true,
        Standing::Pending
        | Standing::Lapsed
        | Standing::Declined
        | Standing::OfferExpired
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed => false,
    }
}

/// Takes a place that is held, offered from the waitlist or after an application, while it is held. The cohort's
/// lock decides between this and the end of the hold: one of them comes first, and the other finds it done.
pub async fn accept_offer(app: &App, id: EnrollmentId) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let outcome = transact!(app.db, |tx| {
        let (cohort, enrollment) = locked(tx, id).await?;
        if enrollment.standing == Standing::Enrolled {
            return Ok(enrollment);
        }
        let standing = enrollment.standing.after(Event::Enroll)?;
        if enrollment.hold_until.is_none_or(|until| until <= now.real) {
            return Err(Refused::Late);
        }
        refuse_over(tx, &cohort, now.program).await?;
        let taken = Enrollment { reason: "took the place that was held".to_owned(), ..enrollment.clone() };
        settle(app, tx, &cohort, (&enrollment, taken), standing, now).await
    })?;
    app.bell.notify_waiters();
    Ok(outcome)
}

async fn locked(tx: &Tx, id: EnrollmentId) -> Result<(Cohort, Enrollment), Refused> {
    let enrollment = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
    let cohort = cohorts::lock_and_read(tx, enrollment.cohort_id).await?;
    let enrollment = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
    Ok((cohort, enrollment))
}

/// A link may be older than the group.
async fn refuse_over(tx: &Tx, cohort: &Cohort, now: DateTime<Utc>) -> Result<(), Refused> {
    if cohort.decision.is_off() {
        return Err(Refused::Over);
    }
    let last = sessions::last_end(tx, cohort.id).await?;
    if last.is_some_and(|last| last <= now) { Err(Refused::Over) } else { Ok(()) }
}

/// The seat it holds, else a free one that nobody waits for; none once the coach closed the doors.
async fn seat_for(tx: &Tx, cohort: &Cohort, enrollment: &Enrollment) -> store::Result<Option<i32>> {
    if enrollment.seat.is_some() || cohort.admission == Admission::Approval {
        return Ok(enrollment.seat);
    }
    if cohort.state != CohortState::Open || cohort.seats_taken >= cohort.capacity {
        return Ok(None);
    }
    if enrollments::first_waiting(tx, cohort.id).await?.is_some() {
        return Ok(None);
    }
    cohorts::take_seat(tx, cohort.id).await
}

async fn settle(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    change: (&Enrollment, Enrollment),
    standing: Standing,
    now: Now,
) -> Result<Enrollment, Refused> {
    let (before, after) = change;
    let settled = Enrollment {
        standing,
        hold_until: None,
        confirmed_at: Some(now.real),
        changed_at: now.program,
        actor: "participant".to_owned(),
        ..after
    };
    if !enrollments::save(tx, before.standing, settled.clone()).await? {
        return Err(Refused::Unknown);
    }
    if standing == Standing::Enrolled {
        welcome(app, tx, cohort, &settled, now).await?;
    } else {
        let waits = couples::waitlist_letter(tx, &settled).await?;
        let occasion = if standing == Standing::Applied { Occasion::Applied } else { waits };
        write_another(app, tx, about_place(occasion, &settled, now), now).await?;
    }
    Ok(settled)
}
