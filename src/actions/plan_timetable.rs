//! A cohort's timetable is computed anew, and put in place of what has not been released.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::{Late, Timing},
        enrollment::Standing,
        people::CohortState,
        schedule::{LessonClock, LessonTiming},
        timetable::{
            Course, Due, Meeting, Work,
            history::{History, Known},
            timetable,
        },
        week::Week,
        zone::Zone,
    },
    store::{
        self, cohort_lessons,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments, participants,
        sessions::{self, SessionRow},
        timetable::{self as store_timetable, TimetableRow},
    },
};

use super::{own_lessons::follow_shifted, release_lessons::send_now};

/// Why a lesson is skipped that a new rule would have released before now. It is taken back if its time comes again.
pub const PASSED: &str = "its time had passed when the schedule changed";
const SENT_LATE: &str = "its time had passed when the schedule changed, so it was sent at once";
const COMES_LATE: &str = "its time had passed when the schedule changed, so it comes with the next one";

/// Somebody came, or the cohort opened: the schedule is as it was. What was due before now is not blasted
/// out: it is written as released, and nobody gets it from here. A zone that is new follows the others.
pub async fn plan_timetable(app: &App, tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<()> {
    let rows = store_timetable::of_cohort(tx, cohort.id).await?;
    let known = known(&rows, now.program);
    let since = (!known.is_empty()).then_some(now.program);
    write(app, tx, cohort, (&History { known, since, ..History::none() }, now.program, now)).await
}

/// The schedule or the list of lessons changed: what is out stays, and all that is not takes its place under the
/// new one. Firings up to `since` are over; what an undo finds due after it goes out at once, as if nothing had
/// happened.
pub async fn replan(app: &App, tx: &Tx, cohort: &Cohort, since: DateTime<Utc>, now: Now) -> store::Result<()> {
    // A draft sends nothing and has no timetable.
    if cohort.state == CohortState::Draft {
        return Ok(());
    }
    let rows = store_timetable::of_cohort(tx, cohort.id).await?;
    let history = history(&rows, now.program, Some(since));
    write(app, tx, cohort, (&history, since, now)).await
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
    let rows = store_timetable::of_cohort(db, cohort.id).await?;
    let known = out(&rows, now);
    let since = (!known.is_empty()).then_some(now);
    let out: Vec<_> = known.iter().map(|known| (known.position, known.due_at)).collect();
    first_of_each(db, cohort, &history(&rows, now, since), out).await
}

/// The same if only the rule were asked, whatever went out.
pub async fn dates_by_rule(db: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<(u16, DateTime<Utc>)>> {
    first_of_each(db, cohort, &History::none(), Vec::new()).await
}

async fn first_of_each(
    db: &impl store::Connection,
    cohort: &Cohort,
    history: &History,
    out: Vec<(u16, DateTime<Utc>)>,
) -> store::Result<Vec<(u16, DateTime<Utc>)>> {
    let meetings = sessions::of_cohort(db, cohort.id).await?;
    let dues = due_rows(db, cohort, &meetings, history).await?;
    let ahead = dues.iter().filter_map(|due| Some((due.work.position()?, due.due_at)));
    let mut first: BTreeMap<u16, DateTime<Utc>> = BTreeMap::new();
    for (position, due_at) in out.into_iter().chain(ahead) {
        first.entry(position).and_modify(|at| *at = due_at.min(*at)).or_insert(due_at);
    }
    Ok(first.into_iter().collect())
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
    let rows = store_timetable::of_cohort(tx, cohort.id).await?;
    let meetings = sessions::of_cohort(tx, cohort.id).await?;
    let dues = due_rows(tx, cohort, &meetings, &History::none()).await?;
    let out: BTreeSet<u16> = out(&rows, now.program).iter().map(|known| known.position).collect();
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
        let meetings = sessions::of_cohort(tx, cohort.id).await?;
        let dues = due_rows(tx, cohort, &meetings, &History::none()).await?;
        let is_ahead = dues.iter().any(|due| due.work.position() == Some(position) && due.due_at > now);
        if is_ahead {
            store_timetable::forget_lesson(tx, (cohort.id, position)).await?;
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

async fn write(app: &App, tx: &Tx, cohort: &Cohort, of: (&History, DateTime<Utc>, Now)) -> store::Result<()> {
    let (history, since, now) = of;
    let meetings = sessions::of_cohort(tx, cohort.id).await?;
    let rows = due_rows(tx, cohort, &meetings, history).await?;
    let rows = rows.into_iter().map(|due| row(app, cohort, &due, &meetings, (since, now))).collect();
    store_timetable::replace(tx, cohort.id, rows, now.program).await?;
    follow_shifted(app, tx, cohort, now).await
}

async fn due_rows(
    tx: &impl store::Connection,
    cohort: &Cohort,
    meetings: &[SessionRow],
    history: &History,
) -> store::Result<Vec<Due>> {
    let weeks = weeks_of(tx, cohort).await?;
    let positions = positions_of(tx, cohort).await?;
    let meeting = |row: &SessionRow| Meeting {
        id: row.id,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        state: row.state,
        is_extra: row.week == 0,
    };
    let meetings: Vec<Meeting> = meetings.iter().map(meeting).collect();
    let rule = LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default();
    let course = Course {
        zone: cohort.zone,
        starts_on: cohort.starts_on,
        weeks: &weeks,
        rule: &rule,
        lesson_clock: cohort.lesson_clock,
        positions: &positions,
        meetings: &meetings,
    };
    Ok(timetable(&course, &zones_present(tx, cohort).await?, history))
}

pub(super) async fn weeks_of(tx: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<Week>> {
    let rows = cohorts::weeks_of(tx, cohort.id).await?;
    let number = |number: i32| u16::try_from(number).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| Week { number: number(row.number), first_day: row.first_day, kind: row.kind })
        .collect())
}

/// Of the lessons that use a firing: those timed by the rule, and those that used one before.
pub(super) async fn positions_of(tx: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<u16>> {
    let lessons = cohorts::lessons_of(tx, cohort.id).await?;
    let ruled = lessons.iter().filter(|lesson| lesson.timing == Timing::Rule).map(|lesson| lesson.position);
    let rows = store_timetable::of_cohort(tx, cohort.id).await?;
    let out = rows.iter().filter(|row| row.work == "lesson" && row.released_at.is_some()).map(|row| row.position);
    let positions: BTreeSet<u16> = ruled.chain(out).filter_map(|position| u16::try_from(position).ok()).collect();
    Ok(positions.into_iter().collect())
}

/// The zones of those who take part. The cohort's own is always among them: it remembers what is out where
/// nobody takes part yet.
pub(super) async fn zones_present(tx: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<Zone>> {
    if cohort.lesson_clock == LessonClock::Cohort {
        return Ok(Vec::new());
    }
    let people: Vec<_> = enrollments::of_cohort(tx, cohort.id)
        .await?
        .into_iter()
        .filter(|enrollment| enrollment.standing.holds_seat())
        .map(|enrollment| enrollment.participant_id)
        .collect();
    let people = participants::with_ids(tx, cohort.practice_id, &people).await?;
    let zones = people.iter().map(|person| person.zone).chain([cohort.zone]);
    Ok(zones.collect::<BTreeSet<_>>().into_iter().collect())
}

fn row(app: &App, cohort: &Cohort, due: &Due, meetings: &[SessionRow], at: (DateTime<Utc>, Now)) -> TimetableRow {
    let (since, now) = at;
    let released_at: Option<DateTime<Utc>> = (due.due_at <= since).then_some(now.program);
    TimetableRow {
        id: app.random.id(now.program),
        practice_id: cohort.practice_id,
        cohort_id: cohort.id,
        work: due.work.as_str().to_owned(),
        object: object(due.work, meetings),
        zone: due.zone.map(|zone| zone.name().to_owned()).unwrap_or_default(),
        position: due.work.position().map(i32::from).unwrap_or_default(),
        session_id: due.work.session(),
        due_at: due.due_at,
        useful_until: due.useful_until,
        released_at,
    }
}

/// What the row is about. A session that moved is reminded of anew, so its version is part of it.
fn object(work: Work, meetings: &[SessionRow]) -> String {
    match work {
        Work::Lesson { position } => format!("lesson/{position}"),
        Work::ReminderDay { session } | Work::ReminderHour { session } => {
            let version = meetings.iter().find(|row| row.id == session).map_or(0, |row| row.version);
            format!("session/{session}/{version}")
        }
    }
}
