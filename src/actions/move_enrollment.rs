//! Somebody goes on with other dates: another cohort of the same program, in one step and without a lesson twice.

use chrono::NaiveDate;

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Admission,
        delivery::Occasion,
        enrollment::{Event, Refusal, Standing},
        ids::{CohortId, EnrollmentId},
        people::CohortState,
        schedule::LessonClock,
        window::Window,
    },
    store::{
        self, Connection,
        audits::{self, Audit},
        cohorts::{self, Cohort},
        database::Tx,
        enrollments::{self, Enrollment},
        ledger::{self, Queued, Recipient},
        moves::take_along,
        sessions,
    },
};

use super::{
    catch_up::{Since, catch_up},
    fill_seats::fill_seats,
    leave::By,
    plan_timetable::plan_timetable,
    tell_calendars::tell_calendar,
    tell_coach::tell_coach,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this place, or that group, does not exist any more")]
    Unknown,
    #[error(transparent)]
    Standing(#[from] Refusal),
    #[error("the person is in that group already")]
    AlreadyIn,
    #[error("every place of that group is taken")]
    Full,
    #[error("moving to other dates was possible until {0}")]
    TooLate(NaiveDate),
    #[error("that group takes nobody at the moment")]
    Closed,
    #[error("that group is over")]
    Over,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Moves an enrollment to another cohort of its program. Moving twice is moving once. A participant moves within
/// the windows and into a free seat nobody waits for; a coach moves anybody by name, over the limit too, and that
/// is written down.
pub async fn move_enrollment(app: &App, id: EnrollmentId, to: CohortId, by: &By) -> Result<Enrollment, Refused> {
    let now = app.clock.now();
    let moved = transact!(app.db, |tx| move_within(app, tx, (id, to), by, now).await)?;
    app.bell.notify_waiters();
    Ok(moved)
}

/// The same inside a transaction of the caller's, who rings the bell.
pub async fn move_within(
    app: &App,
    tx: &Tx,
    (id, to): (EnrollmentId, CohortId),
    by: &By,
    now: Now,
) -> Result<Enrollment, Refused> {
    let before = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
    if let Some(there) = moved_already(tx, &before, to).await? {
        return Ok(there);
    }
    let target = cohorts::find(tx, before.practice_id, to).await?.ok_or(Refused::Unknown)?;
    let mut both = [before.cohort_id, target.id];
    both.sort_unstable();
    for cohort in both {
        cohorts::lock(tx, cohort).await?;
    }
    let before = enrollments::holding(tx, id).await?.ok_or(Refused::Unknown)?;
    let from = cohorts::anywhere(tx, before.cohort_id).await?.ok_or(Refused::Unknown)?;
    let target = cohorts::anywhere(tx, target.id).await?.ok_or(Refused::Unknown)?;
    let standing = before.standing.after(Event::Transfer)?;
    let there = enrollments::of_person_in(tx, target.id, before.participant_id).await?;
    refuse(tx, (&from, &target), there.as_ref(), by, now).await?;
    let seat = seat(app, tx, &target, (&before, there.as_ref()), by, now).await?;

    let moved = arrive(app, tx, (&before, &target), (there, seat), by, now).await?;
    let gone = Enrollment { standing, moved_to: Some(moved.id), ..departed(&before, by, now) };
    if !enrollments::save(tx, before.standing, gone.clone()).await? {
        return Err(Refused::Unknown);
    }
    if before.seat.is_some() {
        cohorts::give_seat_back(tx, from.id).await?;
    }
    follow(app, tx, (&gone, &moved), &target, now).await?;
    fill_seats(app, tx, from.id, now).await?;
    tell_coach(app, tx, &gone, now).await?;
    Ok(moved)
}

async fn moved_already(tx: &Tx, before: &Enrollment, to: CohortId) -> store::Result<Option<Enrollment>> {
    let Some(there) = before.moved_to.filter(|_| before.standing == Standing::Transferred) else {
        return Ok(None);
    };
    let there = enrollments::holding(tx, there).await?;
    Ok(there.filter(|there| there.cohort_id == to && there.standing.holds_seat()))
}

/// What forbids it to everybody, then what forbids it to the participant.
async fn refuse(
    tx: &Tx,
    (from, target): (&Cohort, &Cohort),
    there: Option<&Enrollment>,
    by: &By,
    now: Now,
) -> Result<(), Refused> {
    if target.program_id != from.program_id || target.practice_id != from.practice_id {
        return Err(Refused::Unknown);
    }
    let is_in = there.is_some_and(|there| there.standing.after(Event::Add).is_err());
    if target.id == from.id || is_in {
        return Err(Refused::AlreadyIn);
    }
    if target.state == CohortState::Draft {
        return Err(Refused::Closed);
    }
    let last = sessions::last_end(tx, target.id).await?;
    if last.is_some_and(|last| last <= now.program) {
        return Err(Refused::Over);
    }
    match by {
        By::Coach(_) => Ok(()),
        By::Participant => {
            let window = Window::until(from.move_until_on, from.zone);
            if let Some(until) = window.until.filter(|_| !window.is_open(now.program)) {
                return Err(Refused::TooLate(until));
            }
            // Whom the coach removed, the coach invites again.
            let removed = there.is_some_and(|there| there.standing == Standing::Removed);
            if removed || !takes_movers(target, now) { Err(Refused::Closed) } else { Ok(()) }
        }
    }
}

/// Whether a cohort takes people from another one by themselves, as far as its doors go.
#[must_use]
pub fn takes_movers(target: &Cohort, now: Now) -> bool {
    let window = Window { from: target.enroll_from_on, until: target.enroll_until_on, zone: target.zone };
    let anybody = match target.admission {
        Admission::Open => true,
        Admission::Approval => false,
    };
    target.state == CohortState::Open && anybody && window.is_open(now.program)
}

/// Whether a seat is free there that nobody waits for.
pub async fn has_room(db: &impl Connection, target: &Cohort) -> store::Result<bool> {
    Ok(target.seats_taken < target.capacity && enrollments::first_waiting(db, target.id).await?.is_none())
}

/// The seat the person holds there already, else a free one; those who wait come first, unless the coach says so.
async fn seat(
    app: &App,
    tx: &Tx,
    target: &Cohort,
    (before, there): (&Enrollment, Option<&Enrollment>),
    by: &By,
    now: Now,
) -> Result<i32, Refused> {
    if let Some(seat) = there.and_then(|there| there.seat) {
        return Ok(seat);
    }
    let somebody_waits = enrollments::first_waiting(tx, target.id).await?.is_some();
    let free = if somebody_waits { None } else { cohorts::take_seat(tx, target.id).await? };
    match (free, by) {
        (Some(seat), _) => Ok(seat),
        (None, By::Participant) => Err(Refused::Full),
        (None, By::Coach(name)) => {
            let audit = Audit {
                id: app.random.uuid(now.real),
                practice_id: before.practice_id,
                act: "person moved over the limit".to_owned(),
                actor: name.clone(),
                subject: before.id.to_string(),
                detail: target.id.to_string(),
                made_at: now.real,
            };
            audits::note(tx, audit).await?;
            Ok(cohorts::take_seat_over_capacity(tx, target.id).await?)
        }
    }
}

fn actor(by: &By) -> &str {
    match by {
        By::Participant => "participant",
        By::Coach(name) => name,
    }
}

fn departed(before: &Enrollment, by: &By, now: Now) -> Enrollment {
    Enrollment {
        seat: None,
        hold_until: None,
        paused_at: None,
        resume_on: None,
        shift_days: 0,
        left_at: Some(now.program),
        changed_at: now.program,
        actor: actor(by).to_owned(),
        reason: "went on with other dates".to_owned(),
        ..before.clone()
    }
}

/// The place in the new cohort: a new row, or the one the person had there before.
async fn arrive(
    app: &App,
    tx: &Tx,
    (before, target): (&Enrollment, &Cohort),
    (there, seat): (Option<Enrollment>, i32),
    by: &By,
    now: Now,
) -> Result<Enrollment, Refused> {
    let who = (before.participant_id, before.journey_id);
    let moved = Enrollment {
        standing: Standing::Enrolled,
        seat: Some(seat),
        calendar: before.calendar,
        track: before.track.clone(),
        note: before.note.clone(),
        confirmed_at: before.confirmed_at,
        actor: actor(by).to_owned(),
        reason: "came from other dates".to_owned(),
        ..Enrollment::begun(app.random.id(now.real), (before.practice_id, target.id), who, now)
    };
    let Some(there) = there else {
        enrollments::create(tx, moved.clone()).await?;
        return Ok(moved);
    };
    let standing = there.standing.after(Event::Add)?;
    let moved = Enrollment { id: there.id, asked_at: there.asked_at, standing, ..moved };
    if enrollments::save(tx, there.standing, moved.clone()).await? { Ok(moved) } else { Err(Refused::Unknown) }
}

/// Papers, mail, calendars and lessons follow the person.
async fn follow(
    app: &App,
    tx: &Tx,
    (gone, moved): (&Enrollment, &Enrollment),
    target: &Cohort,
    now: Now,
) -> Result<(), Refused> {
    const WHY: &str = "went on with other dates";
    take_along(tx, gone.id, moved.id).await?;
    ledger::cancel_waiting(tx, gone.id, WHY, now.program).await?;
    ledger::hand_over(tx, gone.id, (moved.id, moved.cohort_id)).await?;
    ledger::free_lessons(tx, moved.journey_id, WHY, now.program).await?;
    if target.lesson_clock == LessonClock::Participant {
        plan_timetable(app, tx, target, now).await?;
    }
    tell_calendar(app, tx, gone, now).await?;
    tell_calendar(app, tx, moved, now).await?;
    let last = ledger::last_generation(tx, moved.id.0, Occasion::Moved, moved.id.0).await?;
    let letter = Queued {
        subject: moved.id.0,
        object: moved.id.0,
        generation: last.map_or(0, |last| last + 1),
        enrollment: Some(moved.id),
        cohort: Some(moved.cohort_id),
        ..Queued::now(moved.practice_id, Occasion::Moved, Recipient::Participant(moved.participant_id), now)
    };
    ledger::enqueue(tx, vec![letter.row(app.random.id(now.program), now)]).await?;
    catch_up(app, tx, (target, moved), Since::Moved, now).await?;
    Ok(())
}
