//! A coach sends something again: what never left as it is, what left as a copy.

use chrono::{DateTime, SubsecRound, TimeDelta};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::{Occasion, State},
        enrollment::{CalendarChoice, Standing},
        ids::{DeliveryId, EnrollmentId, PracticeId},
        invite::Word,
        session::SessionState,
    },
    store::{
        self, Connection,
        database::Tx,
        enrollments,
        invites::{self, Invite},
        ledger::{self, Delivery, Queued, Recipient},
        sessions,
    },
};

use super::tell_calendars::Message;

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this message does not exist")]
    Unknown,
    #[error("it has gone out, or was changed, since you opened the page")]
    Changed,
    #[error("a message of this kind cannot be sent again")]
    NotThisKind,
    #[error("this is no longer in the person's calendar, or the session is over")]
    NotInCalendar,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// How a mail that left can be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The same letter, written anew for the same reason.
    Copy,
    /// The calendar's entry, as it is now, under the next sequence number.
    Calendar,
    /// It held a secret with a short life: the person asks for a new one.
    Never,
}

#[must_use]
pub fn how_again(occasion: Occasion) -> Again {
    match occasion {
        Occasion::SignIn
        | Occasion::PasswordReset
        | Occasion::TestMail
        | Occasion::TestLesson
        // Somebody who did not ask for it gets no copies.
        | Occasion::PartnerAsked
        | Occasion::ConfirmNewAddress
        | Occasion::CoachNote
        | Occasion::RosterChanged
        | Occasion::CohortNumbers => Again::Never,
        Occasion::Invite => Again::Calendar,
        Occasion::ConfirmAddress
        | Occasion::Welcome
        | Occasion::Waitlisted
        | Occasion::PlaceOffered
        | Occasion::AlreadyEnrolled
        | Occasion::Lesson
        | Occasion::CatchUp
        | Occasion::ReminderDay
        | Occasion::ReminderHour
        | Occasion::ScheduleChanged
        | Occasion::Moved
        | Occasion::Paused
        | Occasion::Resumed
        | Occasion::Left
        | Occasion::AddressChanged
        | Occasion::PartnerMissing
        | Occasion::WaitingForTwo
        | Occasion::Applied
        | Occasion::Accepted
        | Occasion::TurnedDown
        | Occasion::PlaceReminder
        | Occasion::CalledOff
        | Occasion::Announcement => Again::Copy,
    }
}

/// *Try again* and *send anyway*: a row that ended without an email goes back into the queue.
pub async fn send_anyway(app: &App, of: (PracticeId, DeliveryId), actor: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    transact!(app.db, |tx| {
        ledger::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        // What was tried is decided by the real clock: see `next_try_at`.
        if ledger::requeue(tx, id, actor, now.real).await? { Ok(()) } else { Err(Refused::Changed) }
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Sends a copy of a mail that left. `seen` is what `last_of` said on the page the coach pressed the button on,
/// so that pressing twice sends once.
pub async fn send_again(app: &App, of: (PracticeId, DeliveryId), seen: i32, actor: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    transact!(app.db, |tx| {
        let row = ledger::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        match how_again(row.occasion) {
            Again::Never => Err(Refused::NotThisKind),
            Again::Copy => copy(app, tx, &row, seen, actor, now).await,
            Again::Calendar => calendar_again(app, tx, &row, seen, actor, now).await,
        }
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// What `send_again` compares: the number of the last copy, or the calendar's sequence.
pub async fn last_of(db: &impl Connection, row: &Delivery) -> store::Result<i32> {
    match how_again(row.occasion) {
        Again::Calendar => Ok(invites::find(db, row.object_id.into()).await?.map_or(-1, |invite| invite.sequence)),
        Again::Copy | Again::Never => lowest(db, row).await,
    }
}

/// Copies count down from zero: the numbers above belong to versions and to time.
async fn lowest(db: &impl Connection, row: &Delivery) -> store::Result<i32> {
    let rows = ledger::about(db, row.occasion, row.object_id).await?;
    let same = rows.iter().filter(|other| other.subject_id == row.subject_id);
    Ok(same.map(|other| other.generation).min().unwrap_or_default().min(0))
}

async fn copy(app: &App, tx: &Tx, row: &Delivery, seen: i32, actor: &str, now: Now) -> Result<(), Refused> {
    if lowest(tx, row).await? != seen {
        return Err(Refused::Changed);
    }
    let recipient = match (row.participant_id, row.coach_id) {
        (Some(id), _) => Recipient::Participant(id),
        (None, Some(id)) => Recipient::Coach(id),
        (None, None) => return Err(Refused::Unknown),
    };
    let mail = Queued {
        subject: row.subject_id,
        object: row.object_id,
        generation: seen.saturating_sub(1),
        enrollment: row.enrollment_id,
        cohort: row.cohort_id,
        params: serde_json::from_str(&row.params).unwrap_or_default(),
        actor: Some(actor.to_owned()),
        ..Queued::now(row.practice_id, row.occasion, recipient, now)
    };
    let new = ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
    if new == 1 { Ok(()) } else { Err(Refused::Changed) }
}

/// A calendar's next word has the next sequence number, also if it says the same (RFC 5546 §2.1.4).
async fn calendar_again(app: &App, tx: &Tx, row: &Delivery, seen: i32, actor: &str, now: Now) -> Result<(), Refused> {
    let invite = invites::find(tx, row.object_id.into()).await?.ok_or(Refused::Unknown)?;
    if invite.sequence != seen {
        return Err(Refused::Changed);
    }
    let session = sessions::find(tx, row.practice_id, invite.session_id).await?.ok_or(Refused::Unknown)?;
    let enrollment = enrollments::find(tx, row.practice_id, invite.enrollment_id).await?.ok_or(Refused::Unknown)?;
    let is_wanted = enrollment.calendar == CalendarChoice::Invites && enrollment.standing.holds_seat();
    let stands = session.state == SessionState::Planned
        && session.ends_at > now.program
        && session.generation == invite.generation;
    if !is_wanted || !stands || invite.last_method != Word::Request.as_str() {
        return Err(Refused::NotInCalendar);
    }
    let earliest = invite.stamped_at.map_or(DateTime::UNIX_EPOCH, |at| at + TimeDelta::seconds(1));
    let message = Message {
        word: Word::Request,
        sequence: invite.sequence + 1,
        starts_at: session.starts_at,
        ends_at: session.ends_at,
        stamp: now.program.trunc_subsecs(0).max(earliest),
    };
    let mail = Queued {
        subject: enrollment.id.0,
        object: invite.id.0,
        generation: message.sequence,
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        useful_until: Some(message.ends_at),
        params: serde_json::to_value(message).expect("plain values"),
        actor: Some(actor.to_owned()),
        ..Queued::now(row.practice_id, Occasion::Invite, Recipient::Participant(enrollment.participant_id), now)
    };
    invites::save(tx, Invite { sequence: message.sequence, stamped_at: Some(message.stamp), ..invite }).await?;
    ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
    Ok(())
}

/// Asks somebody once more to confirm their address; one mail a minute at most.
pub async fn ask_again_to_confirm(app: &App, of: (PracticeId, EnrollmentId), actor: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    transact!(app.db, |tx| {
        let pending = enrollments::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        if !matches!(pending.standing, Standing::Pending | Standing::Lapsed) {
            return Err(Refused::Changed);
        }
        let mail = Queued {
            subject: pending.id.0,
            object: pending.id.0,
            generation: i32::try_from(now.real.timestamp() / 60).unwrap_or(i32::MAX),
            enrollment: Some(pending.id),
            cohort: Some(pending.cohort_id),
            actor: Some(actor.to_owned()),
            ..Queued::now(practice, Occasion::ConfirmAddress, Recipient::Participant(pending.participant_id), now)
        };
        ledger::enqueue(tx, vec![mail.row(app.random.id(now.program), now)]).await?;
        Ok(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Whether *try again* or *send anyway* can bring it back.
#[must_use]
pub fn can_requeue(state: State) -> bool {
    match state {
        State::Missed | State::Failed | State::Bounced | State::Skipped | State::Held | State::Unknown => true,
        State::Queued
        | State::Claimed
        | State::Sending
        | State::Sent
        | State::Deferred
        | State::Complained
        | State::Canceled => false,
    }
}
