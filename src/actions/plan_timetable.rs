//! A cohort's timetable is computed anew, and put in place of what has not been released.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use chrono::{DateTime, Utc};

use self::{
    basis::Basis,
    plan::{Plan, write},
};
use super::release_lessons::send_now;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::{Late, Timing},
        enrollment::Standing,
        people::CohortState,
        timetable::{
            Due,
            history::{History, Known},
        },
        zone::Zone,
    },
    store::{
        self, cohort_lessons,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments,
        timetable::{self, TimetableRow},
    },
};

pub(super) mod basis;
mod plan;

/// Why a lesson is skipped that a new rule would have released before now. It is taken back if its time comes again.
pub const PASSED: &str = "its time had passed when the schedule changed";
const SENT_LATE: &str = "its time had passed when the schedule changed, so it was sent at once";
const COMES_LATE: &str = "its time had passed when the schedule changed, so it comes with the next one";

/// Somebody came, or the cohort opened: the schedule is as it was. What was due before now is not blasted
/// out: it is written as released, and nobody gets it from here. A zone that is new follows the others.
pub async fn plan_timetable(app: &App, tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<()> {
    plan_timetables(app, tx, slice::from_ref(cohort), now).await
}

/// The same for many, of whichever practices, that are locked together.
pub async fn plan_timetables(app: &App, tx: &Tx, cohorts: &[Cohort], now: Now) -> store::Result<()> {
    let mut plans = Vec::new();
    for basis in Basis::of_all(tx, cohorts).await? {
        let known = known(&basis.rows, now.program);
        let since = (!known.is_empty()).then_some(now.program);
        let history = History { known, since, ..History::none() };
        plans.push(Plan { basis, history, since: now.program });
    }
    write(app, tx, &plans, now).await
}

/// The schedule or the list of lessons changed: what is out stays, and all that is not takes its place under the
/// new one. Firings up to `since` are over; what an undo finds due after it goes out at once, as if nothing had
/// happened.
pub async fn replan(app: &App, tx: &Tx, cohort: &Cohort, since: DateTime<Utc>, now: Now) -> store::Result<()> {
    // A draft sends nothing and has no timetable.
    if cohort.state == CohortState::Draft {
        return Ok(());
    }
    let basis = Basis::of(tx, cohort).await?;
    let history = history(&basis.rows, now.program, Some(since));
    write(app, tx, &[Plan { basis, history, since }], now).await
}

/// The rule of the lessons changed: a lesson that this puts into the past, and that nobody had, becomes what the
/// coach chose, and says so; one that was skipped for that, and now is ahead again, goes out after all.
pub async fn retime(app: &App, tx: &Tx, cohort: &Cohort, late: Late, now: Now) -> store::Result<()> {
    if cohort.state != CohortState::Draft {
        take_back(tx, cohort, now.program).await?;
        // Where nobody takes part yet, those to come get one mail that catches up.
        if takes_part(tx, cohort).await? {
            settle_passed(tx, cohort, late, now).await?;
        }
    }
    replan(app, tx, cohort, now.program, now).await
}

/// When each lesson that uses a firing goes out, on the first of the clocks.
pub async fn dates(
    db: &impl store::Connection,
    cohort: &Cohort,
    now: DateTime<Utc>,
) -> store::Result<Vec<(u16, DateTime<Utc>)>> {
    let basis = Basis::of(db, cohort).await?;
    let known = out(&basis.rows, now);
    let since = (!known.is_empty()).then_some(now);
    let out: Vec<_> = known.iter().map(|known| (known.position, known.due_at)).collect();
    Ok(first_of_each(&basis, &history(&basis.rows, now, since), out))
}

/// The same if only the rule were asked, whatever went out.
pub async fn dates_by_rule(db: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<(u16, DateTime<Utc>)>> {
    Ok(first_of_each(&Basis::of(db, cohort).await?, &History::none(), Vec::new()))
}

fn first_of_each(basis: &Basis<'_>, history: &History, out: Vec<(u16, DateTime<Utc>)>) -> Vec<(u16, DateTime<Utc>)> {
    let dues = basis.dues(history);
    let ahead = dues.iter().filter_map(|due| Some((due.work.position()?, due.due_at)));
    let mut first: BTreeMap<u16, DateTime<Utc>> = BTreeMap::new();
    for (position, due_at) in out.into_iter().chain(ahead) {
        first.entry(position).and_modify(|at| *at = due_at.min(*at)).or_insert(due_at);
    }
    first.into_iter().collect()
}

/// What a change of the schedule builds on: what is out stays, on every clock that has a plan.
pub(super) fn history(rows: &[TimetableRow], now: DateTime<Utc>, since: Option<DateTime<Utc>>) -> History {
    let clocks = known(rows, now).into_iter().map(|known| known.zone).collect::<BTreeSet<_>>();
    History { known: out(rows, now), clocks: clocks.into_iter().collect(), since }
}

/// Lessons that are out: released, or due and only waiting for the planner to look.
pub(super) fn out(rows: &[TimetableRow], now: DateTime<Utc>) -> Vec<Known> {
    known(rows, now).into_iter().filter(|known| known.is_out).collect()
}

fn known(rows: &[TimetableRow], now: DateTime<Utc>) -> Vec<Known> {
    let lessons = rows.iter().filter(|row| row.work == "lesson");
    lessons
        .map(|row| Known {
            position: u16::try_from(row.position).unwrap_or_default(),
            zone: Zone::parse(&row.zone).ok(),
            due_at: row.due_at,
            is_out: row.released_at.is_some() || row.due_at <= now,
        })
        .collect()
}

/// Positions that nobody had, and whose time is past on every clock if only the rule is asked.
async fn settle_passed(tx: &Tx, cohort: &Cohort, late: Late, now: Now) -> store::Result<()> {
    let basis = Basis::of(tx, cohort).await?;
    let dues = basis.dues(&History::none());
    let out: BTreeSet<u16> = out(&basis.rows, now.program).iter().map(|known| known.position).collect();
    let is_ahead = |due: &&Due| due.due_at > now.program;
    let lessons = || dues.iter().filter_map(|due| due.work.position().map(|position| (position, due)));
    let has_next = lessons().any(|(position, due)| is_ahead(&due) && !out.contains(&position));
    let ahead: BTreeSet<u16> = lessons().filter(|(_, due)| is_ahead(due)).map(|(position, _)| position).collect();
    let passed: BTreeSet<u16> = lessons()
        .map(|(position, _)| position)
        .filter(|position| !ahead.contains(position) && !out.contains(position))
        .collect();
    for position in passed {
        settle_late(tx, cohort, (position, late, has_next), now).await?;
    }
    Ok(())
}

async fn settle_late(tx: &Tx, cohort: &Cohort, how: (u16, Late, bool), now: Now) -> store::Result<()> {
    let (position, late, has_next) = how;
    let timing = match late {
        Late::Skip => (Timing::Skipped, PASSED),
        Late::WithNext if has_next => (Timing::WithNext, COMES_LATE),
        Late::Now | Late::WithNext => (Timing::Now, SENT_LATE),
    };
    let ruled = |lesson: &CohortLesson| lesson.timing == Timing::Rule && lesson.position == i32::from(position);
    let lessons = cohorts::lessons_of(tx, cohort.id).await?;
    cohort_lessons::time(tx, (cohort.id, position), timing, now.program).await?;
    if timing.0 == Timing::Now {
        for lesson in lessons.iter().filter(|lesson| ruled(lesson)) {
            send_now(tx, lesson, now).await?;
        }
    }
    Ok(())
}

/// Lessons that an earlier rule put into the past, and that this one has ahead again.
async fn take_back(tx: &Tx, cohort: &Cohort, now: DateTime<Utc>) -> store::Result<()> {
    let lessons = cohorts::lessons_of(tx, cohort.id).await?;
    let skipped = |lesson: &&CohortLesson| lesson.timing == Timing::Skipped && lesson.reason == PASSED;
    let skipped: BTreeSet<i32> = lessons.iter().filter(skipped).map(|lesson| lesson.position).collect();
    let number = |position: i32| u16::try_from(position).unwrap_or_default();
    for position in skipped.into_iter().map(number) {
        cohort_lessons::untime(tx, (cohort.id, position), PASSED).await?;
        let dues = Basis::of(tx, cohort).await?.dues(&History::none());
        let is_ahead = dues.iter().any(|due| due.work.position() == Some(position) && due.due_at > now);
        if is_ahead {
            timetable::forget_lesson(tx, (cohort.id, position)).await?;
        } else {
            cohort_lessons::time(tx, (cohort.id, position), (Timing::Skipped, PASSED), now).await?;
        }
    }
    Ok(())
}

async fn takes_part(tx: &Tx, cohort: &Cohort) -> store::Result<bool> {
    let people = enrollments::of_cohort(tx, cohort.id).await?;
    Ok(people.iter().any(|person| matches!(person.standing, Standing::Enrolled | Standing::Paused)))
}
