//! A cohort does not take place, or joins another: calendars are cleared, nothing more goes out, and everybody
//! hears it once, with a page on which they choose what instead.

use chrono::{DateTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Decision,
        delivery::Occasion,
        discretion::{Discretion, at_least},
        enrollment::{Event, Standing},
        ids::{CohortId, PracticeId},
        people::CohortState,
        session::SessionState,
    },
    store::{
        self,
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Queued},
        participants,
        sessions::{self, SessionRow},
        timetable,
    },
};

use super::{
    add_person::WhenFull,
    answer_application::topic_words,
    decide_cohort::note,
    fill_seats::is_over,
    place_letters::{about_place, write_another},
    tell_calendars::tell_calendar,
};

/// How long people have to choose what instead.
const CHOOSE_WITHIN: TimeDelta = TimeDelta::days(14);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Cancel,
    /// Its people are asked into another cohort of the program; over that one's limit if the coach says so.
    Merge {
        into: CohortId,
        when_full: WhenFull,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this cohort does not exist")]
    Unknown,
    #[error("this cohort was never opened: nobody has to be told")]
    Draft,
    #[error("this cohort is over, or does not take place: that was decided already")]
    Over,
    #[error("the other cohort is not there any more: choose another")]
    Elsewhere,
    #[error("{people} people would come, and {free} places are free there: tick the box to take them over the limit")]
    NoRoom { people: usize, free: i32 },
    #[error("some of these people read discreet mail: leave out “{0}”")]
    Forbidden(String),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Until when a choice counts; afterwards the place ends by itself.
#[must_use]
pub fn choose_by(cohort: &Cohort, now: DateTime<Utc>) -> DateTime<Utc> {
    cohort.closed_at.unwrap_or(now) + CHOOSE_WITHIN
}

pub async fn call_off(
    app: &App,
    of: (PracticeId, CohortId),
    how: How,
    words: &str,
    actor: &str,
) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let cohort = locked(tx, of, now).await?;
        let everybody = enrollments::of_cohort(tx, cohort.id).await?;
        check_words(tx, &cohort, &everybody, words).await?;
        let (decision, merged_into, act) = match how {
            How::Cancel => (Decision::Canceled, None, "cohort canceled"),
            How::Merge { into, when_full } => {
                check_other(tx, &cohort, (into, when_full), people_in(&everybody), now).await?;
                (Decision::Merged, Some(into), "cohort merged")
            }
        };
        let off = Cohort {
            state: CohortState::Closed,
            closed_at: Some(now.program),
            changed_at: now.program,
            tell_changes_at: None,
            decision,
            merged_into,
            ..cohort
        };
        cohorts::save(tx, off).await?;
        cancel_sessions(tx, of.1, now).await?;
        timetable::clear(tx, of.1).await?;
        for enrollment in &everybody {
            tell_off(app, tx, enrollment, (words, actor), now).await?;
        }
        note(app, tx, of, (act, actor), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

async fn locked(tx: &Tx, of: (PracticeId, CohortId), now: Now) -> Result<Cohort, Refused> {
    let (practice, id) = of;
    cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, id).await?;
    let cohort = cohorts::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
    if cohort.state == CohortState::Draft {
        return Err(Refused::Draft);
    }
    if is_over(tx, &cohort, now).await? { Err(Refused::Over) } else { Ok(cohort) }
}

fn people_in(everybody: &[Enrollment]) -> usize {
    everybody.iter().filter(|it| matches!(it.standing, Standing::Enrolled | Standing::Paused)).count()
}

/// The coach's words go to everybody, so the most discreet of them decides.
async fn check_words(tx: &Tx, cohort: &Cohort, to: &[Enrollment], words: &str) -> Result<(), Refused> {
    let ids: Vec<_> = to.iter().map(|enrollment| enrollment.participant_id).collect();
    let people = participants::with_ids(tx, cohort.practice_id, &ids).await?;
    let own = people.iter().filter_map(|person| person.discretion);
    let level = own.fold(cohort.discretion, at_least);
    let topic = topic_words(tx, cohort).await?;
    match topic.find_in(words).filter(|_| level != Discretion::Open) {
        Some(word) => Err(Refused::Forbidden(word.to_owned())),
        None => Ok(()),
    }
}

async fn check_other(
    tx: &Tx,
    cohort: &Cohort,
    other: (CohortId, WhenFull),
    people: usize,
    now: Now,
) -> Result<(), Refused> {
    let (into, when_full) = other;
    let found = cohorts::find(tx, cohort.practice_id, into).await?.filter(|other| {
        other.id != cohort.id && other.program_id == cohort.program_id && other.state != CohortState::Draft
    });
    let Some(other) = found else { return Err(Refused::Elsewhere) };
    if is_over(tx, &other, now).await? {
        return Err(Refused::Elsewhere);
    }
    let free = (other.capacity - other.seats_taken).max(0);
    let has_room = i32::try_from(people).is_ok_and(|people| people <= free);
    if has_room || when_full == WhenFull::Override { Ok(()) } else { Err(Refused::NoRoom { people, free }) }
}

async fn cancel_sessions(tx: &Tx, cohort: CohortId, now: Now) -> store::Result<()> {
    for meeting in sessions::of_cohort(tx, cohort).await? {
        if meeting.state == SessionState::Planned && meeting.ends_at > now.program {
            let canceled = SessionRow {
                state: SessionState::Canceled,
                version: meeting.version + 1,
                changed_at: now.program,
                ..meeting
            };
            sessions::save(tx, canceled).await?;
        }
    }
    Ok(())
}

/// Who has a place keeps it until they choose; whoever waits, or was asked, is told that the list is closed. An
/// address that nobody confirmed hears nothing.
async fn tell_off(app: &App, tx: &Tx, enrollment: &Enrollment, said: (&str, &str), now: Now) -> store::Result<()> {
    let (words, actor) = said;
    let told = match enrollment.standing {
        Standing::Enrolled | Standing::Paused => enrollment.clone(),
        Standing::Waitlisted | Standing::Offered | Standing::Accepted | Standing::Applied => {
            end(tx, enrollment, Event::Leave, actor, now).await?
        }
        Standing::Pending => {
            end(tx, enrollment, Event::Expire, actor, now).await?;
            return ledger::cancel_waiting(tx, enrollment.id, OFF, now.program).await;
        }
        Standing::Declined
        | Standing::OfferExpired
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed
        | Standing::Completed
        | Standing::Lapsed => return Ok(()),
    };
    ledger::cancel_waiting(tx, told.id, OFF, now.program).await?;
    if matches!(told.standing, Standing::Enrolled | Standing::Paused) {
        tell_calendar(app, tx, &told, now).await?;
    }
    let letter = about_place(Occasion::CalledOff, &told, now);
    write_another(app, tx, Queued { params: serde_json::json!({ "words": words }), ..letter }, now).await
}

/// Why a place ended, or a mail was not sent.
const OFF: &str = "the group does not take place";

/// Ends a place without a word of its own.
pub(super) async fn end(
    tx: &Tx,
    before: &Enrollment,
    event: Event,
    actor: &str,
    now: Now,
) -> store::Result<Enrollment> {
    let Ok(standing) = before.standing.after(event) else { return Ok(before.clone()) };
    let ended = Enrollment {
        standing,
        seat: None,
        hold_until: None,
        resume_on: None,
        left_at: Some(now.program),
        changed_at: now.program,
        actor: actor.to_owned(),
        reason: OFF.to_owned(),
        ..before.clone()
    };
    enrollments::save(tx, before.standing, ended.clone()).await?;
    if before.seat.is_some() {
        cohorts::give_seat_back(tx, before.cohort_id).await?;
    }
    Ok(ended)
}
