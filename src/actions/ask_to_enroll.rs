//! Somebody sends the enrollment form: a seat is held, and a mail asks them to confirm.
//!
//! The answer is the same for everybody; what is true is said by mail, to the owner of the address.

use chrono::TimeDelta;

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Admission,
        delivery::Occasion,
        discretion::Discretion,
        email_address::EmailAddress,
        enrollment::{CalendarChoice, Event, Standing, confirm_by},
        ids::{JourneyId, ParticipantId},
        name::Name,
        program::{Document, intake::Answered},
        zone::Zone,
    },
    store::{
        self, attempts,
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment, Journey},
        intakes,
        ledger::{self, Queued, Recipient},
        participants::{self, Participant},
    },
};

use super::{
    couples,
    decoy::enroll_nobody,
    keep_papers::{keep_answers, keep_consents},
};

/// What the form says, in types that cannot be wrong.
#[derive(Debug, Clone)]
pub struct Form {
    pub email: EmailAddress,
    pub name: Name,
    pub zone: Zone,
    /// The key of one of the program's tracks, or empty.
    pub track: String,
    pub calendar: CalendarChoice,
    /// Raises the cohort's own level; never lowers it.
    pub discretion: Option<Discretion>,
    pub note: String,
    pub consents: Vec<Agreed>,
    /// What the program asked besides.
    pub intake: Vec<Answered>,
    /// Who is to be asked to come along, once the sender has confirmed.
    pub partner: Option<Partner>,
}

/// One thing agreed to, as it was worded.
#[derive(Debug, Clone)]
pub struct Agreed {
    pub kind: &'static str,
    pub version: i32,
    pub wording: String,
}

impl Agreed {
    #[must_use]
    pub fn to(kind: &'static str, document: &Document) -> Self {
        Self { kind, version: document.number(), wording: document.text.clone() }
    }
}

/// Somebody another person wants to come with.
#[derive(Debug, Clone)]
pub struct Partner {
    pub name: Name,
    pub email: EmailAddress,
}

/// Writes what the form asks for. Whatever the address is to us, the work and the answer are the same.
pub async fn ask_to_enroll(app: &App, cohort: &Cohort, form: &Form) -> store::Result<()> {
    let now = app.clock.now();
    let limited = is_over_limit(app, cohort, form, now).await?;
    transact!(app.db, |tx| {
        cohorts::lock(tx, cohort.id).await?;
        // Read again: who had to wait for the lock asked after whoever had it. The line's order is that of the times.
        let now = app.clock.now();
        let hash = limit_hash(app, cohort, form);
        attempts::note(tx, app.random.uuid(now.real), bucket(&hash), now.real).await?;
        let known = participants::with_email(tx, cohort.practice_id, &form.email).await?;
        if limited || known.is_some() {
            enroll_nobody(app, tx, cohort, form, now).await?;
        }
        if limited {
            return Ok(());
        }
        let person = person(app, tx, (cohort, known), form, now).await?;
        let enrollment = enrollments::of_person_in(tx, cohort.id, person.id).await?;
        answer(app, tx, (cohort, &person), enrollment, form, now).await
    })?;
    app.bell.notify_waiters();
    Ok(())
}

fn bucket(hash: &str) -> attempts::Bucket<'_> {
    attempts::Bucket { name: "enroll", subject_hash: hash }
}

fn limit_hash(app: &App, cohort: &Cohort, form: &Form) -> String {
    app.links.keys().hash("limit", &format!("{}/{}", cohort.id, form.email.key()))
}

async fn is_over_limit(app: &App, cohort: &Cohort, form: &Form, now: Now) -> store::Result<bool> {
    let hash = limit_hash(app, cohort, form);
    let made = attempts::count_since(app.db.reader(), bucket(&hash), now.real - TimeDelta::hours(1)).await?;
    Ok(made >= u64::from(app.config.limits.enrollments_per_address))
}

/// Who has this address, as they are from now on.
pub(super) async fn person(
    app: &App,
    tx: &Tx,
    (cohort, known): (&Cohort, Option<Participant>),
    form: &Form,
    now: Now,
) -> store::Result<Participant> {
    if let Some(known) = known {
        // A form proves nothing about the address: it changes nobody who has confirmed theirs.
        if known.confirmed_at.is_some() {
            return Ok(known);
        }
        let renewed = Participant { name: form.name.clone(), zone: form.zone, discretion: form.discretion, ..known };
        participants::save(tx, renewed.clone()).await?;
        return Ok(renewed);
    }
    let person = new_participant(app, cohort, form, now);
    participants::create(tx, person.clone()).await?;
    Ok(person)
}

fn new_participant(app: &App, cohort: &Cohort, form: &Form, now: Now) -> Participant {
    let id: ParticipantId = app.random.id(now.real);
    Participant {
        id,
        practice_id: cohort.practice_id,
        email: form.email.clone(),
        email_key: form.email.key(),
        name: form.name.clone(),
        zone: form.zone,
        feed_hash: app.links.feed_hash(&app.links.feed_token(id.0, 0)),
        language: "en".to_owned(),
        discretion: form.discretion,
        mail_problem: None,
        epoch: 0,
        feed_rotation: 0,
        confirmed_at: None,
        created_at: now.real,
    }
}

pub(super) async fn answer(
    app: &App,
    tx: &Tx,
    of: (&Cohort, &Participant),
    enrollment: Option<Enrollment>,
    form: &Form,
    now: Now,
) -> store::Result<()> {
    let Some(enrollment) = enrollment else {
        let enrollment = new_enrollment(app, tx, of, form, now).await?;
        return mail(app, tx, Occasion::ConfirmAddress, &enrollment, now).await;
    };
    match enrollment.standing {
        Standing::Pending => mail(app, tx, Occasion::ConfirmAddress, &enrollment, now).await,
        Standing::Lapsed
        | Standing::Withdrawn
        | Standing::Declined
        | Standing::OfferExpired
        | Standing::Transferred => {
            let enrollment = ask_again(app, tx, of.0, enrollment, form, now).await?;
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
    form: &Form,
    now: Now,
) -> store::Result<Enrollment> {
    let (cohort, person) = of;
    let journey = Journey {
        id: app.random.id::<JourneyId>(now.real),
        practice_id: cohort.practice_id,
        participant_id: person.id,
        program_id: cohort.program_id,
        created_at: now.real,
    };
    let journey_id = enrollments::journey(tx, journey).await?;
    let enrollment =
        Enrollment { seat: hold_seat(tx, cohort).await?, ..fresh(app, cohort, (person.id, journey_id), form, now) };
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
    form: &Form,
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
        asked_at: now.real,
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

/// A free seat, unless somebody waits for it. Who applies holds none.
async fn hold_seat(tx: &Tx, cohort: &Cohort) -> store::Result<Option<i32>> {
    if cohort.admission == Admission::Approval || enrollments::first_waiting(tx, cohort.id).await?.is_some() {
        return Ok(None);
    }
    cohorts::take_seat(tx, cohort.id).await
}

/// An address that did not ask is not flooded: see `may_ask_to_confirm`; every other answer comes once a day.
async fn mail(app: &App, tx: &Tx, occasion: Occasion, enrollment: &Enrollment, now: Now) -> store::Result<()> {
    if occasion == Occasion::ConfirmAddress && !may_ask_to_confirm(tx, enrollment, now).await? {
        return Ok(());
    }
    let spacing = if occasion == Occasion::ConfirmAddress { 5 * 60 } else { 24 * 60 * 60 };
    let queued = Queued {
        subject: enrollment.id.0,
        object: enrollment.id.0,
        generation: i32::try_from(now.real.timestamp() / spacing).unwrap_or(i32::MAX),
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        ..Queued::now(enrollment.practice_id, occasion, Recipient::Participant(enrollment.participant_id), now)
    };
    ledger::enqueue(tx, vec![queued.row(app.random.id(now.program), now)]).await?;
    Ok(())
}

/// Confirmations a day: one to an address that never confirmed, whoever of this installation it is about;
/// a few to somebody we know, who may ask, leave and ask again.
const MOST_TO_A_STRANGER: u64 = 1;
const MOST_TO_THE_KNOWN: u64 = 3;

async fn may_ask_to_confirm(tx: &Tx, enrollment: &Enrollment, now: Now) -> store::Result<bool> {
    let Some(person) = participants::holding(tx, enrollment.participant_id).await? else { return Ok(false) };
    let most = if person.confirmed_at.is_some() { MOST_TO_THE_KNOWN } else { MOST_TO_A_STRANGER };
    let everywhere = participants::everywhere_with_email(tx, &person.email).await?;
    let people: Vec<ParticipantId> = everywhere.iter().map(|person| person.id).collect();
    let asked = ledger::count_to(tx, &people, Occasion::ConfirmAddress, now.real - TimeDelta::days(1)).await?;
    Ok(asked < most)
}
