//! Calendars, and people, hear what is new about the sessions: once each, and never what was not asked for.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    clock::Now,
    domain::{
        delivery::{Occasion, State},
        email_address::EmailAddress,
        enrollment::CalendarChoice,
        ids::{CohortId, SessionId},
        invite::{Told, Wanted, Word, next_word},
        session::SessionState,
    },
    store::{
        self, cohorts,
        database::Tx,
        enrollments::{self, Enrollment},
        invites::{self, Invite},
        ledger::{self, Delivery, Queued, Recipient},
        practices, programs,
        sessions::{self, SessionRow},
    },
};

/// What one calendar message says: fixed when it is queued, so that a retry says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub word: Word,
    pub sequence: i32,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub stamp: DateTime<Utc>,
}

/// One line of *the schedule changed*: what the person knew, and what is true now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub session: SessionId,
    pub was: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub is: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// First invites leave two seconds apart, so that a mailbox is not hit by six at once.
const SPACING: TimeDelta = TimeDelta::seconds(2);

/// A session that starts so soon is not one of the next few: the one after it is worth an invite, too.
const SOON: TimeDelta = TimeDelta::minutes(90);

/// Brings one person's calendar in line with the sessions, and returns what is new to the person.
pub async fn tell_calendar(app: &App, tx: &Tx, enrollment: &Enrollment, now: Now) -> store::Result<Vec<Change>> {
    let meetings = sessions::of_cohort(tx, enrollment.cohort_id).await?;
    let known = invites::of_enrollment(tx, enrollment.id).await?;
    let ahead = ahead(tx, enrollment, &meetings, now.program).await?;
    let organizer = organizer(tx, enrollment).await?;
    let mut changes = Vec::new();
    let mut queued = Vec::new();
    for meeting in &meetings {
        let invite = match newest(&known, meeting) {
            Some(invite) => invite.clone(),
            None => fresh(app, tx, enrollment, meeting, now).await?,
        };
        changes.extend(change(&invite, meeting, now.program));
        let mut told = settle(tx, &invite, now).await?;
        let wanted = match told {
            // What a calendar has it keeps, also when a later session comes before it.
            Told::Nothing | Told::Canceled if !ahead.contains(&meeting.id) => Wanted::Gone,
            Told::Nothing | Told::Canceled | Told::Requested { .. } => wanted(enrollment, meeting),
        };
        let mut invite = invite;
        if comes_back(told, wanted, now.program) {
            archive(tx, &known, invite).await?;
            (invite, told) = (fresh(app, tx, enrollment, meeting, now).await?, Told::Nothing);
        }
        let (mut invite, message) = decide(invite, told, wanted, now);
        if let Some(message) = message {
            if told == Told::Nothing {
                invite.organizer.clone_from(&organizer);
            }
            let due_at = now.program + SPACING * i32::try_from(queued.len()).unwrap_or_default();
            queued.push(delivery(enrollment, &invite, message, due_at, now));
        }
        invites::save(tx, tell(invite, meeting)).await?;
    }
    let rows = queued.into_iter().map(|queued| queued.row(app.random.id(now.program), now)).collect();
    ledger::enqueue(tx, rows).await?;
    Ok(changes)
}

/// Which sessions a calendar hears of for the first time by now: all, or the next few of them (C31). One that starts
/// within the hour is none of those few.
async fn ahead(
    tx: &Tx,
    enrollment: &Enrollment,
    meetings: &[SessionRow],
    now: DateTime<Utc>,
) -> store::Result<BTreeSet<SessionId>> {
    let cohort = cohorts::anywhere(tx, enrollment.cohort_id).await?;
    let program = match cohort {
        Some(cohort) => programs::find(tx, cohort.practice_id, cohort.program_id).await?,
        None => None,
    };
    let most = program.map_or(0, |program| usize::from(program.content.0.invites_ahead));
    let planned = meetings.iter().filter(|meeting| meeting.state == SessionState::Planned && meeting.ends_at > now);
    let mut planned: Vec<_> = planned.map(|meeting| (meeting.starts_at, meeting.id)).collect();
    planned.sort_unstable();
    let near = planned.iter().filter(|(starts_at, _)| *starts_at <= now + SOON).count();
    Ok(planned.into_iter().take(if most == 0 { usize::MAX } else { near + most }).map(|(_, id)| id).collect())
}

/// Brings the next invites to everybody, where they are sent a few at a time.
pub(super) async fn invite_further(app: &App, tx: &Tx, cohort: CohortId, now: Now) -> store::Result<()> {
    for enrollment in enrollments::of_cohort(tx, cohort).await? {
        if enrollment.calendar == CalendarChoice::Invites && enrollment.standing.holds_seat() {
            let meetings = sessions::of_cohort(tx, cohort).await?;
            let known = invites::of_enrollment(tx, enrollment.id).await?;
            let ahead = ahead(tx, &enrollment, &meetings, now.program).await?;
            let organizer = organizer(tx, &enrollment).await?;
            let is_new = |meeting: &&SessionRow| {
                ahead.contains(&meeting.id) && newest(&known, meeting).is_none_or(|invite| invite.sequence < 0)
            };
            let mut queued = Vec::new();
            for meeting in meetings.iter().filter(is_new) {
                let invite = match newest(&known, meeting) {
                    Some(invite) => invite.clone(),
                    None => fresh(app, tx, &enrollment, meeting, now).await?,
                };
                let (invite, message) = decide(invite, Told::Nothing, wanted(&enrollment, meeting), now);
                if let Some(message) = message {
                    let due_at = now.program + SPACING * i32::try_from(queued.len()).unwrap_or_default();
                    queued.push(delivery(&enrollment, &invite, message, due_at, now));
                    invites::save(tx, Invite { organizer: organizer.clone(), ..invite }).await?;
                }
            }
            let rows = queued.into_iter().map(|queued| queued.row(app.random.id(now.program), now)).collect();
            ledger::enqueue(tx, rows).await?;
        }
    }
    Ok(())
}

/// Who asks, from today on: an entry that is in a calendar keeps the one who asked (C10).
async fn organizer(tx: &Tx, enrollment: &Enrollment) -> store::Result<Option<EmailAddress>> {
    if enrollment.calendar != CalendarChoice::Invites {
        return Ok(None);
    }
    Ok(practices::find(tx, enrollment.practice_id).await?.map(|practice| practice.sender_email))
}

pub(super) fn newest<'a>(known: &'a [Invite], meeting: &SessionRow) -> Option<&'a Invite> {
    known.iter().rev().find(|invite| invite.session_id == meeting.id && invite.generation == meeting.generation)
}

async fn fresh(app: &App, tx: &Tx, enrollment: &Enrollment, meeting: &SessionRow, now: Now) -> store::Result<Invite> {
    let invite = Invite {
        id: app.random.id(now.real),
        practice_id: enrollment.practice_id,
        enrollment_id: enrollment.id,
        session_id: meeting.id,
        uid: format!("{}@{}", &app.random.token()[..32], app.links.host()),
        generation: meeting.generation,
        sequence: -1,
        last_method: String::new(),
        rsvp: String::new(),
        told_state: String::new(),
        organizer: None,
        requested_at: None,
        stamped_at: None,
        told_starts_at: None,
        told_ends_at: None,
        in_calendar_starts_at: None,
        in_calendar_ends_at: None,
    };
    invites::create_all(tx, vec![invite.clone()]).await?;
    Ok(invite)
}

/// What the person knew of the session, if it differs from what is true and still matters.
fn change(invite: &Invite, meeting: &SessionRow, now: DateTime<Utc>) -> Option<Change> {
    let was = planned_before(invite);
    let is = match meeting.state {
        SessionState::Planned => Some((meeting.starts_at, meeting.ends_at)),
        SessionState::Canceled => None,
    };
    let matters = was.is_some_and(|(_, ends_at)| ends_at > now) || is.is_some_and(|(_, ends_at)| ends_at > now);
    (was != is && matters).then_some(Change { session: meeting.id, was, is })
}

/// From when to when the person believes the session to be.
pub(super) fn planned_before(invite: &Invite) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    match (invite.told_state.as_str(), invite.told_starts_at, invite.told_ends_at) {
        ("planned", Some(starts_at), Some(ends_at)) => Some((starts_at, ends_at)),
        _ => None,
    }
}

fn wanted(enrollment: &Enrollment, meeting: &SessionRow) -> Wanted {
    let in_calendar = enrollment.calendar == CalendarChoice::Invites && enrollment.standing.holds_seat();
    match meeting.state {
        SessionState::Planned if in_calendar => Wanted::At { starts_at: meeting.starts_at, ends_at: meeting.ends_at },
        SessionState::Planned | SessionState::Canceled => Wanted::Gone,
    }
}

/// Takes back what has not left yet; returns what the calendar heard, or may have.
pub(super) async fn settle(tx: &Tx, invite: &Invite, now: Now) -> store::Result<Told> {
    let mut told = told(invite);
    for open in ledger::open_about(tx, Occasion::Invite, invite.id.0).await? {
        // What is on the wire, or may have arrived, cannot be taken back.
        let superseded = ledger::cancel(tx, open.id, "a newer word about this session", now.program).await?;
        if !superseded {
            told = on_the_wire(&open).unwrap_or(told);
        }
    }
    Ok(told)
}

/// Whether a calendar that removed the entry is to have it again: the person came back, or wants invites again.
fn comes_back(told: Told, wanted: Wanted, now: DateTime<Utc>) -> bool {
    match (told, wanted) {
        (Told::Canceled, Wanted::At { ends_at, .. }) => ends_at > now,
        (Told::Canceled, Wanted::Gone) | (Told::Nothing | Told::Requested { .. }, _) => false,
    }
}

/// Puts an invite aside: the session's next one has a UID of its own, so that no calendar mistakes it. `known` are
/// the person's invites so far.
pub(super) async fn archive(tx: &Tx, known: &[Invite], invite: Invite) -> store::Result<Invite> {
    let same = known.iter().filter(|other| other.session_id == invite.session_id);
    // Generations from 0 on are the session's own; those put aside count down.
    let lowest = same.map(|other| other.generation).min().unwrap_or_default().min(0);
    let aside = Invite { generation: lowest - 1, ..invite };
    invites::save(tx, aside.clone()).await?;
    Ok(aside)
}

/// Says what the calendar must hear next.
pub(super) fn decide(invite: Invite, told: Told, wanted: Wanted, now: Now) -> (Invite, Option<Message>) {
    let Some(word) = next_word(told, wanted, now.program) else {
        return (invite, None);
    };
    let (starts_at, ends_at) = match (wanted, told) {
        (Wanted::At { starts_at, ends_at }, _) | (Wanted::Gone, Told::Requested { starts_at, ends_at }) => {
            (starts_at, ends_at)
        }
        (Wanted::Gone, Told::Nothing | Told::Canceled) => return (invite, None),
    };
    // DTSTAMP is later with every change, also within a second (RFC 5546 §2.1.5).
    let stamp = now
        .program
        .trunc_subsecs(0)
        .max(invite.stamped_at.map_or(DateTime::UNIX_EPOCH, |at| at + TimeDelta::seconds(1)));
    let message = Message { word, sequence: invite.sequence + 1, starts_at, ends_at, stamp };
    (Invite { sequence: message.sequence, stamped_at: Some(stamp), ..invite }, Some(message))
}

pub(super) fn told(invite: &Invite) -> Told {
    match (invite.last_method.parse(), invite.in_calendar_starts_at, invite.in_calendar_ends_at) {
        (Ok(Word::Request), Some(starts_at), Some(ends_at)) => Told::Requested { starts_at, ends_at },
        (Ok(Word::Cancel), _, _) => Told::Canceled,
        _ => Told::Nothing,
    }
}

fn on_the_wire(open: &Delivery) -> Option<Told> {
    let message: Message = serde_json::from_str(&open.params).ok()?;
    Some(match message.word {
        Word::Request => Told::Requested { starts_at: message.starts_at, ends_at: message.ends_at },
        Word::Cancel => Told::Canceled,
    })
}

/// Who comes while a session is canceled never heard that it was planned, so they heard of no cancellation.
fn tell(invite: Invite, meeting: &SessionRow) -> Invite {
    let heard_nothing = invite.told_state.is_empty() && meeting.state == SessionState::Canceled;
    // Who cannot come at one time may be able to at another (RFC 5546 §3.2.2.1).
    let has_moved = invite.told_starts_at.is_some_and(|at| at != meeting.starts_at);
    let rsvp = if has_moved { String::new() } else { invite.rsvp };
    Invite {
        rsvp,
        told_state: if heard_nothing { String::new() } else { meeting.state.as_str().to_owned() },
        told_starts_at: Some(meeting.starts_at),
        told_ends_at: Some(meeting.ends_at),
        ..invite
    }
}

pub(super) fn delivery(
    enrollment: &Enrollment,
    invite: &Invite,
    message: Message,
    due_at: DateTime<Utc>,
    now: Now,
) -> Queued {
    Queued {
        subject: enrollment.id.0,
        object: invite.id.0,
        generation: message.sequence,
        enrollment: Some(enrollment.id),
        cohort: Some(enrollment.cohort_id),
        due_at,
        useful_until: Some(message.ends_at),
        params: serde_json::to_value(message).expect("plain values"),
        ..Queued::now(enrollment.practice_id, Occasion::Invite, Recipient::Participant(enrollment.participant_id), now)
    }
}

/// Writes that a calendar message left the house, or may have.
pub async fn note_calendar_told(tx: &Tx, delivery: &Delivery, state: State, at: DateTime<Utc>) -> store::Result<()> {
    if delivery.occasion != Occasion::Invite || !matches!(state, State::Sent | State::Unknown) {
        return Ok(());
    }
    let Ok(message) = serde_json::from_str::<Message>(&delivery.params) else {
        return Ok(());
    };
    let Some(invite) = invites::find(tx, delivery.object_id.into()).await? else {
        return Ok(());
    };
    let requested_at = if message.word == Word::Request { Some(at) } else { invite.requested_at };
    let told = Invite {
        last_method: message.word.as_str().to_owned(),
        requested_at,
        in_calendar_starts_at: Some(message.starts_at),
        in_calendar_ends_at: Some(message.ends_at),
        ..invite
    };
    invites::save(tx, told).await
}
