//! A coach answers an application: yes, and a place is held; or no, kindly.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::Occasion,
        discretion::{Discretion, ForbiddenWords, at_least},
        enrollment::{Event, Refusal},
        ids::{EnrollmentId, PracticeId},
        offer::held_until,
    },
    store::{
        self,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::Queued,
        participants, programs,
    },
};

use super::{
    add_person::WhenFull,
    fill_seats::{is_over, zone_of},
    place_letters::{about_place, write_another},
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this application does not exist any more")]
    Unknown,
    #[error("this was answered already, or taken back")]
    Answered(#[from] Refusal),
    #[error("every place is taken: tick the box to accept this person over the limit")]
    Full,
    #[error("this group is over, or does not take place")]
    Over,
    #[error("this person’s mail is discreet: leave out “{0}”")]
    Forbidden(String),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Holds a seat until the person answers. Accepting twice is accepting once.
pub async fn accept_application(
    app: &App,
    of: (PracticeId, EnrollmentId),
    when_full: WhenFull,
    actor: &str,
) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let accepted = transact!(app.db, |tx| {
        let (cohort, applied) = locked(tx, of).await?;
        let standing = applied.standing.after(Event::Accept)?;
        if is_over(tx, &cohort, now).await? {
            return Err(Refused::Over);
        }
        let (seat, act) = seat(tx, &cohort, when_full).await?;
        let until = held_until(now.real, cohort.accept_hours, zone_of(tx, &applied).await?);
        let accepted = Enrollment {
            standing,
            seat: Some(seat),
            hold_until: Some(until),
            offered_at: Some(now.real),
            reminded_at: None,
            changed_at: now.program,
            actor: actor.to_owned(),
            reason: act.to_owned(),
            ..applied.clone()
        };
        enrollments::save(tx, applied.standing, accepted.clone()).await?;
        let letter = Queued { useful_until: Some(until), ..about_place(Occasion::Accepted, &accepted, now) };
        write_another(app, tx, letter, now).await?;
        note(app, tx, &accepted, now).await?;
        Ok::<_, Refused>(accepted)
    })?;
    app.bell.notify_waiters();
    Ok(accepted)
}

/// A free seat, else one more if the coach says so by name.
pub(super) async fn seat(tx: &Tx, cohort: &Cohort, when_full: WhenFull) -> Result<(i32, &'static str), Refused> {
    match (cohorts::take_seat(tx, cohort.id).await?, when_full) {
        (Some(seat), _) => Ok((seat, "application accepted")),
        (None, WhenFull::Override) => {
            Ok((cohorts::take_seat_over_capacity(tx, cohort.id).await?, "application accepted over the limit"))
        }
        (None, WhenFull::Refuse) => Err(Refused::Full),
    }
}

/// Says no, with a few words of the coach's own if there are any.
pub async fn turn_down(
    app: &App,
    of: (PracticeId, EnrollmentId),
    words: &str,
    actor: &str,
) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let declined = transact!(app.db, |tx| {
        let (cohort, applied) = locked(tx, of).await?;
        let standing = applied.standing.after(Event::TurnDown)?;
        if let Some(word) = forbidden(tx, &cohort, &applied, words).await? {
            return Err(Refused::Forbidden(word));
        }
        let declined = Enrollment {
            standing,
            left_at: Some(now.program),
            changed_at: now.program,
            actor: actor.to_owned(),
            reason: "application declined".to_owned(),
            ..applied.clone()
        };
        enrollments::save(tx, applied.standing, declined.clone()).await?;
        let letter = about_place(Occasion::TurnedDown, &declined, now);
        let letter = Queued { params: serde_json::json!({ "words": words }), ..letter };
        write_another(app, tx, letter, now).await?;
        note(app, tx, &declined, now).await?;
        Ok::<_, Refused>(declined)
    })?;
    app.bell.notify_waiters();
    Ok(declined)
}

/// What of the coach's words may not stand in this person's mail.
async fn forbidden(tx: &Tx, cohort: &Cohort, to: &Enrollment, words: &str) -> Result<Option<String>, Refused> {
    let person = participants::holding(tx, to.participant_id).await?.ok_or(Refused::Unknown)?;
    if at_least(cohort.discretion, person.discretion.unwrap_or(cohort.discretion)) == Discretion::Open {
        return Ok(None);
    }
    Ok(topic_words(tx, cohort).await?.find_in(words).map(str::to_owned))
}

/// The words that name what a cohort is about.
pub(super) async fn topic_words(tx: &Tx, cohort: &Cohort) -> store::Result<ForbiddenWords> {
    let program = programs::find(tx, cohort.practice_id, cohort.program_id).await?;
    let content = program.map(|program| program.content.0);
    Ok(ForbiddenWords::new(content.iter().flat_map(|it| it.forbidden_words.iter().chain([&it.title]))))
}

async fn locked(tx: &Tx, of: (PracticeId, EnrollmentId)) -> Result<(Cohort, Enrollment), Refused> {
    let (practice, id) = of;
    // Looked at before it is locked, so that a stranger's id locks nothing.
    let seen = enrollments::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, seen.cohort_id).await?;
    let enrollment = enrollments::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    let cohort = cohorts::find(tx, practice, enrollment.cohort_id).await?.ok_or(Refused::Unknown)?;
    Ok((cohort, enrollment))
}

async fn note(app: &App, tx: &Tx, answered: &Enrollment, now: Now) -> store::Result<()> {
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id: answered.practice_id,
        act: answered.reason.clone(),
        actor: answered.actor.clone(),
        subject: answered.id.to_string(),
        detail: String::new(),
        made_at: now.real,
    };
    audits::note(tx, audit).await
}
