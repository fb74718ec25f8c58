//! Somebody sends the enrollment form: a seat is held, and a mail asks them to confirm.
//!
//! The answer is the same for everybody; what is true is said by mail, to the owner of the address.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        asking::Form,
        delivery::Occasion,
        enrollment::{Event, Standing, confirm_by},
        ids::{JourneyId, ParticipantId},
    },
    store::{
        self,
        asking::{Asked, Asking, Client},
        cohorts::Cohort,
        database::Tx,
        enrollments::{self, Enrollment, Journey},
        gather::told,
        intakes,
        ledger::{self, Queued, Recipient},
        participants::{self, Participant},
        sent_forms::Mark,
    },
};

use super::{
    ask_together::ask_all,
    couples,
    keep_papers::{keep_answers, keep_consents},
    newcomers::hold_seats,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Until when nothing more is taken; real time.
    #[error("too many forms from one connection: wait until {0}")]
    TooOften(DateTime<Utc>),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Writes what the form asks for. Whatever the address is to us, the work and the answer are the same. Only keyed
/// hashes of the addresses, of mail and of the client, are kept for the limits; who is no client is not limited.
pub async fn ask_to_enroll(app: &App, cohort: &Cohort, form: &Form, client: Option<&str>) -> Result<(), Refused> {
    let keys = app.links.keys();
    let asking = Asking {
        form: form.clone(),
        address_hash: keys.hash("limit", &format!("{}/{}", cohort.id, form.email.key())),
        client: client
            .map(|client| Client { hash: keys.hash("limit", client), most: app.config.limits.enrollments_per_client }),
        mark: Mark::of_this(),
    };
    let asked = app.line.ask(cohort.id, asking, |all| ask_all(app, cohort.id, all)).await;
    match told(asked.map(Ok))? {
        Asked::Counted => {}
        Asked::SentBefore => return Err(store::Error::SentBefore.into()),
        Asked::TooOften(until) => return Err(Refused::TooOften(until)),
        Asked::Lost(error) => return Err(store::Error::Lost(error).into()),
    }
    app.bell.notify_waiters();
    Ok(())
}

/// The same for somebody the practice knows.
pub(super) async fn ask_known(
    app: &App,
    tx: &Tx,
    (cohort, known): (&Cohort, Participant),
    asked: (&Form, DateTime<Utc>),
    now: Now,
) -> store::Result<()> {
    let person = renewed(tx, known, asked.0).await?;
    let enrollment = enrollments::of_person_in(tx, cohort.id, person.id).await?;
    answer(app, tx, (cohort, &person), enrollment, asked, now).await
}

/// A form proves nothing about the address: it changes nobody who has confirmed theirs.
async fn renewed(tx: &Tx, known: Participant, form: &Form) -> store::Result<Participant> {
    if known.confirmed_at.is_some() {
        return Ok(known);
    }
    let renewed = Participant { name: form.name.clone(), zone: form.zone, discretion: form.discretion, ..known };
    participants::save(tx, renewed.clone()).await?;
    Ok(renewed)
}

async fn answer(
    app: &App,
    tx: &Tx,
    of: (&Cohort, &Participant),
    enrollment: Option<Enrollment>,
    asked: (&Form, DateTime<Utc>),
    now: Now,
) -> store::Result<()> {
    let Some(enrollment) = enrollment else {
        let enrollment = new_enrollment(app, tx, of, asked, now).await?;
        return mail(app, tx, Occasion::ConfirmAddress, &enrollment, now).await;
    };
    match enrollment.standing {
        Standing::Pending => mail(app, tx, Occasion::ConfirmAddress, &enrollment, now).await,
        Standing::Lapsed
        | Standing::Withdrawn
        | Standing::Declined
        | Standing::OfferExpired
        | Standing::Transferred => {
            let enrollment = ask_again(app, tx, of.0, enrollment, asked, now).await?;
            mail(app, tx, Occasion::ConfirmAddress, &enrollment, now).await
        }
        Standing::Waitlisted => mail(app, tx, Occasion::Waitlisted, &enrollment, now).await,
        Standing::Applied => mail(app, tx, Occasion::Applied, &enrollment, now).await,
        // The link to the place that is held may have been lost.
        Standing::Offered => mail(app, tx, Occasion::PlaceOffered, &enrollment, now).await,
        Standing::Accepted => mail(app, tx, Occasion::Accepted, &enrollment, now).await,
        Standing::Enrolled | Standing::Paused | Standing::Completed => {
            mail(app, tx, Occasion::AlreadyEnrolled, &enrollment, now).await
        }
        // Whom the coach removed, the coach invites again.
        Standing::Removed => Ok(()),
    }
}

async fn new_enrollment(
    app: &App,
    tx: &Tx,
    of: (&Cohort, &Participant),
    (form, asked_at): (&Form, DateTime<Utc>),
    now: Now,
) -> store::Result<Enrollment> {
    let (cohort, person) = of;
    let journey = Journey::begun(app.random.id(now.real), (cohort.practice_id, cohort.program_id), person.id, now);
    let journey_id = enrollments::journey(tx, journey).await?;
    let seat = hold_seat(tx, cohort).await?;
    let enrollment = Enrollment { seat, asked_at, ..fresh(app, cohort, (person.id, journey_id), form, now) };
    enrollments::create(tx, enrollment.clone()).await?;
    keep_consents(app, tx, &enrollment, &form.consents, now.real).await?;
    keep_answers(app, tx, &enrollment, &form.intake, now.program).await?;
    couples::name_partner(app, tx, &enrollment, form.partner.as_ref(), now).await?;
    Ok(enrollment)
}

/// A place as a form asks for it, without a seat.
pub(super) fn fresh(app: &App, cohort: &Cohort, of: (ParticipantId, JourneyId), form: &Form, now: Now) -> Enrollment {
    Enrollment {
        calendar: form.calendar,
        track: form.track.clone(),
        reason: "asked by the form".to_owned(),
        actor: "participant".to_owned(),
        note: form.note.clone(),
        hold_until: Some(confirm_by(now.real)),
        ..Enrollment::begun(app.random.id(now.real), (cohort.practice_id, cohort.id), of, now)
    }
}

async fn ask_again(
    app: &App,
    tx: &Tx,
    cohort: &Cohort,
    old: Enrollment,
    (form, asked_at): (&Form, DateTime<Utc>),
    now: Now,
) -> store::Result<Enrollment> {
    let before = old.standing;
    let standing = before.after(Event::AskAgain).unwrap_or(Standing::Pending);
    let enrollment = Enrollment {
        standing,
        calendar: form.calendar,
        track: form.track.clone(),
        note: form.note.clone(),
        reason: "asked again by the form".to_owned(),
        actor: "participant".to_owned(),
        seat: hold_seat(tx, cohort).await?,
        asked_at,
        changed_at: now.program,
        hold_until: Some(confirm_by(now.real)),
        left_at: None,
        ..old
    };
    enrollments::save(tx, before, enrollment.clone()).await?;
    keep_consents(app, tx, &enrollment, &form.consents, now.real).await?;
    // What the owner of the address once answered is theirs: a form proves nothing.
    if enrollment.confirmed_at.is_none() || intakes::of_enrollment(tx, enrollment.id).await?.is_none() {
        keep_answers(app, tx, &enrollment, &form.intake, now.program).await?;
    }
    couples::name_partner(app, tx, &enrollment, form.partner.as_ref(), now).await?;
    Ok(enrollment)
}

async fn hold_seat(tx: &Tx, cohort: &Cohort) -> store::Result<Option<i32>> {
    Ok(hold_seats(tx, cohort, 1).await?.pop())
}

/// An address that did not ask is not flooded: see `may_ask_to_confirm`; every other answer comes once a day.
async fn mail(app: &App, tx: &Tx, occasion: Occasion, enrollment: &Enrollment, now: Now) -> store::Result<()> {
    if occasion == Occasion::ConfirmAddress && !may_ask_to_confirm(tx, enrollment, now).await? {
        return Ok(());
    }
    ledger::enqueue(tx, vec![letter(occasion, enrollment, now).row(app.random.id(now.program), now)]).await?;
    Ok(())
}

pub(super) fn letter(occasion: Occasion, enrollment: &Enrollment, now: Now) -> Queued {
    let spacing = if occasion == Occasion::ConfirmAddress { 5 * 60 } else { 24 * 60 * 60 };
    Queued {
        subject: enrollment.id.0,
        object: enrollment.id.0,
        generation: i32::try_from(now.real.timestamp() / spacing).unwrap_or(i32::MAX),
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        ..Queued::now(enrollment.practice_id, occasion, Recipient::Participant(enrollment.participant_id), now)
    }
}

/// Confirmations a day: one to an address that never confirmed, whoever of this installation it is about;
/// a few to somebody we know, who may ask, leave and ask again.
pub(super) const MOST_TO_A_STRANGER: u64 = 1;
const MOST_TO_THE_KNOWN: u64 = 3;

async fn may_ask_to_confirm(tx: &Tx, enrollment: &Enrollment, now: Now) -> store::Result<bool> {
    let Some(person) = participants::holding(tx, enrollment.participant_id).await? else { return Ok(false) };
    let most = if person.confirmed_at.is_some() { MOST_TO_THE_KNOWN } else { MOST_TO_A_STRANGER };
    let everywhere = participants::everywhere_with_email(tx, &person.email).await?;
    let people: Vec<ParticipantId> = everywhere.iter().map(|person| person.id).collect();
    let asked = ledger::count_to(tx, &people, Occasion::ConfirmAddress, now.real - TimeDelta::days(1)).await?;
    Ok(asked < most)
}
