//! A coach edits, adds, takes out and reorders the lessons of one cohort. What is out stays as it went out.

use chrono::{DateTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::{Late, Timing},
        ids::{CohortId, CohortLessonId, LessonId, PracticeId},
        lesson::Lesson,
    },
    store::{
        self,
        audits::{self, Audit},
        cohort_lessons,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        rows::content::LessonContent,
    },
};

use super::{
    lesson_state::{CopyState, Lessons},
    plan_timetable::replan,
    release_lessons::send_now,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this lesson does not exist in this cohort")]
    Unknown,
    #[error("this lesson has gone out, so it stays as it is")]
    Out,
    #[error("somebody changed this lesson since you opened the page")]
    Changed,
    #[error("this cohort has this lesson already")]
    Taken,
    #[error("it cannot be moved any further: only lessons that are still to come change places")]
    AtTheEdge,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Whose cohort, and in whose name it is written down.
#[derive(Debug, Clone)]
pub struct Target {
    pub practice: PracticeId,
    pub cohort: CohortId,
    pub actor: String,
}

/// Where a lesson is put that is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// Before the lesson of this position, which is still to come.
    Before(i32),
    /// Beside this position, or the last that is out: its time has passed.
    Past(i32),
    /// At this position, where it stands beside that of another track.
    At(i32),
    End,
}

/// Which way a lesson changes places with its neighbor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Earlier,
    Later,
}

/// Why a lesson is not timed by the rule that came too late for it.
pub const ADDED_LATE: &str = "added after its time";

/// Saves a checked text, if the copy is as the coach saw it at `seen`, and not out.
pub async fn edit_lesson(
    app: &App,
    target: &Target,
    of: (CohortLessonId, DateTime<Utc>),
    text: &Lesson,
) -> Result<(), Refused> {
    let now = app.clock.now();
    let (id, seen) = of;
    transact!(app.db, |tx| {
        let (_, lessons) = locked(tx, target).await?;
        let copy = found(&lessons, id)?;
        if copy.changed_at != seen {
            return Err(Refused::Changed);
        }
        if lessons.state(&copy, now.program).is_out() {
            return Err(Refused::Out);
        }
        let content =
            LessonContent(Lesson { week: copy.content.0.week, track: copy.content.0.track.clone(), ..text.clone() });
        let changed_at = now.program.max(copy.changed_at + TimeDelta::microseconds(1));
        cohort_lessons::save(tx, CohortLesson { content, changed_at, ..copy }).await?;
        note(app, tx, target, ("lesson of a cohort changed", &text.title), now).await?;
        Ok::<_, Refused>(())
    })
}

/// Adds a checked lesson. `of` is the program's, or none for one that only this cohort has. What comes after its time
/// becomes what `late` says.
pub async fn add_lesson(
    app: &App,
    target: &Target,
    of: (Option<LessonId>, &Lesson),
    to: (Spot, Late),
) -> Result<CohortLessonId, Refused> {
    let now = app.clock.now();
    let (lesson_id, text) = of;
    let lesson_id = lesson_id.unwrap_or_else(|| app.random.id(now.real));
    let id = transact!(app.db, |tx| {
        let (cohort, lessons) = locked(tx, target).await?;
        let id = put_in(app, tx, (&cohort, &lessons), (lesson_id, text), to, now).await?;
        note(app, tx, target, ("lesson added to a cohort", &text.title), now).await?;
        Ok::<_, Refused>(id)
    })?;
    app.bell.notify_waiters();
    Ok(id)
}

/// Puts a lesson into a locked cohort, and plans anew.
pub(super) async fn put_in(
    app: &App,
    tx: &Tx,
    into: (&Cohort, &Lessons),
    of: (LessonId, &Lesson),
    to: (Spot, Late),
    now: Now,
) -> Result<CohortLessonId, Refused> {
    let ((cohort, lessons), (lesson_id, text), (spot, late)) = (into, of, to);
    let everything = cohort_lessons::with_removed(tx, cohort.id).await?;
    let known = everything.into_iter().find(|copy| copy.lesson_id == lesson_id);
    if known.as_ref().is_some_and(|copy| copy.timing != Timing::Removed) {
        return Err(Refused::Taken);
    }
    let (position, timing) = place(tx, (cohort, lessons), (spot, late), now).await?;
    let week = u16::try_from(position).unwrap_or(text.week);
    let copy = CohortLesson {
        id: known.as_ref().map_or_else(|| app.random.id(now.real), |copy| copy.id),
        practice_id: cohort.practice_id,
        cohort_id: cohort.id,
        lesson_id,
        position,
        track: text.track.clone().unwrap_or_default(),
        content: LessonContent(Lesson { week, ..text.clone() }),
        changed_at: now.program,
        timing,
        reason: if timing == Timing::Rule { String::new() } else { ADDED_LATE.to_owned() },
    };
    match known {
        Some(_) => cohort_lessons::save(tx, copy.clone()).await?,
        None => cohort_lessons::create(tx, copy.clone()).await?,
    }
    if timing == Timing::Now {
        send_now(tx, &copy, now).await?;
    }
    replan(app, tx, cohort, now.program, now).await?;
    Ok(copy.id)
}

/// The position, made free, and what times a lesson there.
async fn place(tx: &Tx, of: (&Cohort, &Lessons), to: (Spot, Late), now: Now) -> store::Result<(i32, Timing)> {
    let ((cohort, lessons), (spot, late)) = (of, to);
    let ahead = lessons.first_ahead(now.program);
    let last_out = lessons.last_out(now.program);
    match (spot, ahead) {
        (Spot::Past(beside), _) if last_out > 0 => Ok((beside.clamp(1, last_out), timed(late, ahead.is_some()))),
        (Spot::At(position), Some(first)) if position >= first => Ok((position, Timing::Rule)),
        (Spot::Before(position), Some(first)) if position >= first => {
            shift(tx, cohort.id, position, 1).await?;
            Ok((position, Timing::Rule))
        }
        // Before one that has gone out meanwhile is before the first that has not.
        (Spot::Before(_) | Spot::At(_), Some(first)) => {
            shift(tx, cohort.id, first, 1).await?;
            Ok((first, Timing::Rule))
        }
        (Spot::Before(_) | Spot::At(_) | Spot::Past(_) | Spot::End, _) => Ok((lessons.last() + 1, Timing::Rule)),
    }
}

fn timed(late: Late, has_next: bool) -> Timing {
    match late {
        Late::Skip => Timing::Skipped,
        Late::WithNext if has_next => Timing::WithNext,
        Late::Now | Late::WithNext => Timing::Now,
    }
}

/// Everything from a position on moves by one, and says so in its week.
async fn shift(tx: &Tx, cohort: CohortId, from: i32, by: i32) -> store::Result<()> {
    cohort_lessons::shift(tx, (cohort, from), by).await?;
    for copy in cohorts::lessons_of(tx, cohort).await?.into_iter().filter(|copy| copy.position >= from.min(from + by)) {
        renumber(tx, copy).await?;
    }
    Ok(())
}

async fn renumber(tx: &Tx, mut copy: CohortLesson) -> store::Result<()> {
    copy.content.0.week = u16::try_from(copy.position).unwrap_or(copy.content.0.week);
    cohort_lessons::save(tx, copy).await
}

/// Takes a lesson out that is still to come, or was skipped. Those after it move up.
pub async fn take_out(app: &App, target: &Target, id: CohortLessonId) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let (cohort, lessons) = locked(tx, target).await?;
        let copy = found(&lessons, id)?;
        let state = lessons.state(&copy, now.program);
        if state.is_out() {
            return Err(Refused::Out);
        }
        let is_alone = lessons.copies.iter().filter(|other| other.position == copy.position).count() == 1;
        let reason = format!("taken out by {}", target.actor);
        let removed = CohortLesson { timing: Timing::Removed, reason, changed_at: now.program, ..copy.clone() };
        cohort_lessons::save(tx, removed).await?;
        if is_alone && state.is_ahead() {
            shift(tx, cohort.id, copy.position + 1, -1).await?;
        }
        replan(app, tx, &cohort, now.program, now).await?;
        note(app, tx, target, ("lesson taken out of a cohort", &copy.content.0.title), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Puts a lesson back that was taken out: at the end, from where it can be moved.
pub async fn put_back(app: &App, target: &Target, id: CohortLessonId, late: Late) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let (cohort, lessons) = locked(tx, target).await?;
        let copy = cohort_lessons::find(tx, target.practice, (target.cohort, id)).await?.ok_or(Refused::Unknown)?;
        let text = copy.content.0.clone();
        put_in(app, tx, (&cohort, &lessons), (copy.lesson_id, &text), (Spot::End, late), now).await?;
        note(app, tx, target, ("lesson put back into a cohort", &text.title), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// All lessons of a position change places with those next to them, if both are still to come. The dates stay.
pub async fn move_lesson(app: &App, target: &Target, of: (i32, CohortLessonId), way: Way) -> Result<(), Refused> {
    let now = app.clock.now();
    let (seen, id) = of;
    transact!(app.db, |tx| {
        let (cohort, lessons) = locked(tx, target).await?;
        let copy = found(&lessons, id)?;
        if copy.position != seen {
            return Err(Refused::Changed);
        }
        let is_ahead = |copy: &&CohortLesson| lessons.state(copy, now.program).is_ahead();
        let ahead = lessons.copies.iter().filter(is_ahead).map(|copy| copy.position);
        let other = match way {
            Way::Earlier => ahead.filter(|position| *position < seen).max(),
            Way::Later => ahead.filter(|position| *position > seen).min(),
        };
        if !is_ahead(&&copy) {
            return Err(Refused::Out);
        }
        let other = other.ok_or(Refused::AtTheEdge)?;
        for moved in &lessons.copies {
            let position = match moved.position {
                here if here == seen => other,
                there if there == other => seen,
                _ => continue,
            };
            renumber(tx, CohortLesson { position, ..moved.clone() }).await?;
        }
        replan(app, tx, &cohort, now.program, now).await?;
        note(app, tx, target, ("lesson moved in a cohort", &copy.content.0.title), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Sends a skipped lesson after all: at once, or with the next one.
pub async fn send_skipped(app: &App, target: &Target, id: CohortLessonId, late: Late) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let (_, lessons) = locked(tx, target).await?;
        let copy = found(&lessons, id)?;
        let timing = timed(late, lessons.first_ahead(now.program).is_some());
        match lessons.state(&copy, now.program) {
            CopyState::Skipped | CopyState::WithNext(_) => {}
            CopyState::Out(_) => return Err(Refused::Out),
            CopyState::Due(_) | CopyState::Removed => return Err(Refused::Changed),
        }
        let reason = match timing {
            Timing::Now => format!("sent by {}", target.actor),
            Timing::Skipped | Timing::WithNext | Timing::Rule | Timing::Removed => copy.reason.clone(),
        };
        let copy = CohortLesson { timing, reason, changed_at: now.program, ..copy };
        cohort_lessons::save(tx, copy.clone()).await?;
        if timing == Timing::Now {
            send_now(tx, &copy, now).await?;
        }
        note(app, tx, target, ("skipped lesson sent after all", &copy.content.0.title), now).await?;
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

/// Locks the cohort, and reads what is out only then: a release waits for this, or has gone first and is seen here.
pub(super) async fn locked(tx: &Tx, target: &Target) -> Result<(Cohort, Lessons), Refused> {
    // Looked at before it is locked, so that a stranger's id locks nothing.
    cohorts::find(tx, target.practice, target.cohort).await?.ok_or(Refused::Unknown)?;
    cohorts::lock(tx, target.cohort).await?;
    let cohort = cohorts::find(tx, target.practice, target.cohort).await?.ok_or(Refused::Unknown)?;
    let lessons = Lessons::of_cohort(tx, target.cohort).await?;
    Ok((cohort, lessons))
}

fn found(lessons: &Lessons, id: CohortLessonId) -> Result<CohortLesson, Refused> {
    lessons.copies.iter().find(|copy| copy.id == id).cloned().ok_or(Refused::Unknown)
}

pub(super) async fn note(app: &App, tx: &Tx, target: &Target, did: (&str, &str), now: Now) -> store::Result<()> {
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id: target.practice,
        act: did.0.to_owned(),
        actor: target.actor.clone(),
        subject: target.cohort.to_string(),
        detail: did.1.to_owned(),
        made_at: now.real,
    };
    audits::note(tx, audit).await
}
