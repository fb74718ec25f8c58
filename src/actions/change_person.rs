//! A participant's settings, and what a coach corrects.

use chrono::{DateTime, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        category::Category,
        delivery::{Occasion, State, UNDELIVERABLE},
        discretion::Discretion,
        email_address::EmailAddress,
        enrollment::{CalendarChoice, Standing},
        ids::{EnrollmentId, ParticipantId, PracticeId, ProgramId},
        name::Name,
        people::Who,
        zone::Zone,
    },
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Queued, Recipient},
        logins,
        participants::{self, Participant},
        stops::{self, Stop},
    },
};

use super::{
    follow_to_zone::follow_to_zone,
    readdress_calendars::{Left, clear_calendars, fill_calendars},
    suppress::badge,
    tell_calendars::tell_calendar,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this person does not exist any more")]
    Unknown,
    #[error("another person of yours has this address already")]
    Taken,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// What a person may decide about themselves.
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: Name,
    pub zone: Zone,
    /// `None`: as the program has it.
    pub discretion: Option<Discretion>,
}

pub async fn save_settings(
    app: &App,
    practice: PracticeId,
    id: ParticipantId,
    settings: &Settings,
) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| put_settings(app, tx, (practice, id), settings, now).await)?;
    app.bell.notify_waiters();
    Ok(())
}

pub(super) async fn put_settings(
    app: &App,
    tx: &Tx,
    (practice, id): (PracticeId, ParticipantId),
    settings: &Settings,
    now: Now,
) -> Result<(), Refused> {
    let person = participants::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    let before = person.zone;
    let changed =
        Participant { name: settings.name.clone(), zone: settings.zone, discretion: settings.discretion, ..person };
    participants::save(tx, changed.clone()).await?;
    if before != changed.zone {
        follow_to_zone(app, tx, &changed, before, now).await?;
    }
    Ok(())
}

/// Invites, feed or neither: entries come, or go, accordingly.
pub async fn choose_calendar(
    app: &App,
    practice: PracticeId,
    id: EnrollmentId,
    choice: CalendarChoice,
) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let before = enrollments::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        cohorts::lock(tx, before.cohort_id).await?;
        let chosen = Enrollment { calendar: choice, changed_at: now.program, ..before.clone() };
        if !enrollments::save(tx, before.standing, chosen.clone()).await? {
            return Err(Refused::Unknown);
        }
        if matches!(chosen.standing, Standing::Enrolled | Standing::Paused) {
            tell_calendar(app, tx, &chosen, now).await?;
        }
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Stops one category for one program, at once and for good. Stopping twice is stopping once.
pub async fn stop(app: &App, person: ParticipantId, program: ProgramId, category: Category) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let person = participants::holding(tx, person).await?.ok_or(Refused::Unknown)?;
        let stop = Stop {
            id: app.random.uuid(now.real),
            practice_id: person.practice_id,
            participant_id: person.id,
            program_id: program,
            category,
            stopped_at: now.real,
        };
        stops::stop(tx, stop).await?;
        Ok(())
    })
}

/// The address of the private feed becomes another one; the old one stops working at once.
pub async fn rotate_feed(app: &App, practice: PracticeId, id: ParticipantId) -> Result<(), Refused> {
    transact!(app.db, |tx| {
        let person = participants::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        let feed_rotation = person.feed_rotation + 1;
        let feed_hash = app.links.feed_hash(&app.links.feed_token(id.0, feed_rotation));
        Ok(participants::save(tx, Participant { feed_rotation, feed_hash, ..person }).await?)
    })
}

/// A coach corrects an address: old sign-ins end, the badge goes, and what came back is sent again.
pub async fn correct_address(
    app: &App,
    practice: PracticeId,
    id: ParticipantId,
    email: &EmailAddress,
) -> Result<(), Refused> {
    let now = app.clock.now();
    let outcome = transact!(app.db, |tx| {
        let person = participants::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        if person.email.key() == email.key() {
            return Ok(());
        }
        put_address(app, tx, person, email, now).await?;
        Ok::<_, Refused>(())
    });
    app.bell.notify_waiters();
    match outcome {
        Err(Refused::Store(error)) if error.is_duplicate() => Err(Refused::Taken),
        outcome => outcome,
    }
}

/// The person has this address from here on, in a transaction of the caller's. The old one is told, if it takes mail,
/// and its calendar is cleared; old sign-ins and links end.
pub(super) async fn put_address(
    app: &App,
    tx: &Tx,
    person: Participant,
    email: &EmailAddress,
    now: Now,
) -> store::Result<()> {
    let (practice, id, old) = (person.practice_id, person.id, person.email.clone());
    let old_takes_mail = person.mail_problem.is_none() && person.confirmed_at.is_some();
    if old_takes_mail {
        let rows = vec![address_changed(practice, id, &old, now).row(app.random.id(now.program), now)];
        ledger::enqueue(tx, rows).await?;
    }
    let left = if old_takes_mail { Left::Told } else { Left::Unreachable };
    let calendars = clear_calendars(app, tx, &person, left, now).await?;
    let corrected = Participant {
        email: email.clone(),
        email_key: email.key(),
        mail_problem: badge(app, tx, practice, email).await?,
        epoch: person.epoch + 1,
        ..person
    };
    participants::save(tx, corrected).await?;
    fill_calendars(app, tx, calendars, now).await?;
    logins::end_all_of(tx, Who::Participant, id.0).await?;
    send_bounced_again(tx, (practice, id), now.real).await
}

/// To the old mailbox: whoever owns it hears that mail goes elsewhere now.
fn address_changed(practice: PracticeId, person: ParticipantId, old: &EmailAddress, now: Now) -> Queued {
    Queued {
        generation: i32::try_from(now.real.timestamp() / 60).unwrap_or(i32::MAX),
        params: serde_json::json!({ "to": old }),
        ..Queued::now(practice, Occasion::AddressChanged, Recipient::Participant(person), now)
    }
}

async fn send_bounced_again(tx: &Tx, of: (PracticeId, ParticipantId), at: DateTime<Utc>) -> store::Result<()> {
    let (practice, person) = of;
    let filter = ledger::Filter {
        participant: Some(person),
        states: vec![State::Bounced, State::Skipped],
        page_size: 50,
        ..Default::default()
    };
    let (bounced, _) = ledger::of_practice(tx, practice, &filter).await?;
    let for_the_address = |delivery: &ledger::Delivery| {
        // A code or a link from then is dead by now.
        delivery.category != Category::Security
            && (delivery.state == State::Bounced || delivery.reason.as_deref() == Some(UNDELIVERABLE))
    };
    for delivery in bounced.into_iter().filter(for_the_address) {
        ledger::requeue_for_new_address(tx, delivery.id, at).await?;
    }
    Ok(())
}
