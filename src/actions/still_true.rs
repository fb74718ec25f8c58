//! Is what this mail says still so? What moved since it was queued is not told to anybody any more.
//!
//! A change of schedule is told some minutes after it was made: until then a mail about it waits, and the telling
//! takes it back and says what is true by then.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{delivery::Occasion, email_address::EmailAddress, ids::CohortId, invite::Word, session::SessionState},
    store::{
        self, cohorts,
        invites::{self, Invite},
        ledger::{self, Delivery},
        practices::Practice,
        sessions::{self, SessionRow},
    },
};

use super::{
    compose::facts::Facts,
    tell_calendars::{Change, Message},
};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Stands,
    /// It is about to be told anew: not before this real instant.
    Waits(DateTime<Utc>),
    /// Somebody would be told what is not so; why it ends.
    Over(&'static str),
    /// It is said by another from now on, and nobody has heard it yet.
    Changed,
}

/// The telling is a tick of the planner away.
const SOON: TimeDelta = TimeDelta::seconds(2);

/// Whether it may be said. What may have arrived already is said again, to the byte: the next word corrects it.
pub(super) async fn truth(app: &App, row: &Delivery, facts: &Facts, now: Now) -> store::Result<Truth> {
    if row.doubts > 0 {
        return Ok(Truth::Stands);
    }
    if row.occasion == Occasion::Invite {
        return of_word(app, row, facts, now).await;
    }
    // What a coach sends again is what was sent before.
    if row.occasion == Occasion::ScheduleChanged && row.generation >= 0 {
        return of_changes(app, row, now).await;
    }
    Ok(Truth::Stands)
}

async fn of_word(app: &App, row: &Delivery, facts: &Facts, now: Now) -> store::Result<Truth> {
    let db = app.db.reader();
    let Ok(message) = serde_json::from_str::<Message>(&row.params) else { return Ok(Truth::Stands) };
    let Some(invite) = invites::find(db, row.object_id.into()).await? else { return Ok(Truth::Stands) };
    if message.sequence < invite.sequence && has_newer_word(app, row, &message).await? {
        return Ok(Truth::Over("a newer word about this session"));
    }
    match message.word {
        // The REQUEST ended before it reached anybody (C30).
        Word::Cancel if invite.last_method.is_empty() => Ok(Truth::Over("no calendar was asked for this session")),
        Word::Cancel => Ok(Truth::Stands),
        Word::Request => {
            let Some(session) = sessions::find(db, row.practice_id, invite.session_id).await? else {
                return Ok(Truth::Stands);
            };
            if is_asked_as_it_is(&message, &invite, &session) {
                Ok(if is_asked_by(&facts.practice, &invite) { Truth::Stands } else { Truth::Changed })
            } else {
                told_anew(app, row, "the session was moved or canceled before this left", now).await
            }
        }
    }
}

async fn has_newer_word(app: &App, row: &Delivery, message: &Message) -> store::Result<bool> {
    let words = ledger::about(app.db.reader(), Occasion::Invite, row.object_id).await?;
    Ok(words.iter().any(|other| {
        other.generation > message.sequence && (!other.state.is_final() || other.sent_at.is_some() || other.doubts > 0)
    }))
}

fn is_asked_as_it_is(message: &Message, invite: &Invite, session: &SessionRow) -> bool {
    // An invite that was put aside is about another address, not about the session's life.
    let is_same_entry = invite.generation < 0 || invite.generation == session.generation;
    is_same_entry && planned(session) == Some((message.starts_at, message.ends_at))
}

/// Who has been asked knows the organizer, who stays (C10); who has not is asked by the one of today.
fn is_asked_by(practice: &Practice, invite: &Invite) -> bool {
    let same = |organizer: &EmailAddress| organizer.key() == practice.sender_email.key();
    !invite.last_method.is_empty() || invite.organizer.as_ref().is_none_or(same)
}

fn planned(session: &SessionRow) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    match session.state {
        SessionState::Planned => Some((session.starts_at, session.ends_at)),
        SessionState::Canceled => None,
    }
}

async fn of_changes(app: &App, row: &Delivery, now: Now) -> store::Result<Truth> {
    let Some(cohort) = row.cohort_id else { return Ok(Truth::Stands) };
    let told = changes_of(row);
    let meetings = sessions::of_cohort(app.db.reader(), cohort).await?;
    let is_so = |change: &Change| {
        let meeting = meetings.iter().find(|meeting| meeting.id == change.session);
        meeting.and_then(planned) == change.is
    };
    if told.iter().all(is_so) {
        return Ok(Truth::Stands);
    }
    told_anew(app, row, "the schedule has changed again", now).await
}

/// What a mail about the schedule says of its sessions.
pub(super) fn changes_of(row: &Delivery) -> Vec<Change> {
    let params: serde_json::Value = serde_json::from_str(&row.params).unwrap_or_default();
    serde_json::from_value(params["changes"].clone()).unwrap_or_default()
}

async fn told_anew(app: &App, row: &Delivery, why: &'static str, now: Now) -> store::Result<Truth> {
    Ok(match telling(app, row.cohort_id).await? {
        Some(at) => Truth::Waits(now.real + (at - now.program).max(SOON)),
        None => Truth::Over(why),
    })
}

/// When people will be told what is new about the cohort's schedule.
async fn telling(app: &App, cohort: Option<CohortId>) -> store::Result<Option<DateTime<Utc>>> {
    let Some(id) = cohort else { return Ok(None) };
    Ok(cohorts::anywhere(app.db.reader(), id).await?.and_then(|cohort| cohort.tell_changes_at))
}
