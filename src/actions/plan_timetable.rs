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
        schedule::LessonTiming,
        timetable::{Course, Due, Meeting, Work, timetable},
        week::Week,
        zone::Zone,
    },
    store::{
        self, cohort_lessons,
        cohorts::{self, Cohort, CohortLesson},
        database::Tx,
        enrollments::{self, Enrollment},
        participants,
        sessions::{self, SessionRow},
        timetable::{self as store_timetable, TimetableRow},
    },
};

use super::release_lessons::send_now;

/// Why a lesson is skipped that the rule would have released before now. It is taken back if its time comes again.
pub const PASSED: &str = "its time had passed when the schedule changed";
const SENT_LATE: &str = "its time had passed when the schedule changed, so it was sent at once";
const COMES_LATE: &str = "its time had passed when the schedule changed, so it comes with the next one";

/// What was due before now is not blasted out: it is written as released, and nobody gets it from here.
pub async fn plan_timetable(app: &App, tx: &Tx, cohort: &Cohort, now: Now) -> store::Result<()> {
    let known = Known::read(tx, cohort).await?;
    write(app, tx, cohort, &known, now).await
}

/// The same after a change of schedule, rule or lessons: a lesson that this puts into the past, and that nobody had,
/// becomes what the coach chose, and says so; one that was skipped for that, and now is ahead again, goes out after all.
pub async fn replan(app: &App, tx: &Tx, cohort: &Cohort, late: Late, now: Now) -> store::Result<()> {
    // A draft sends nothing and has no timetable.
    if cohort.state == CohortState::Draft {
        return Ok(());
    }
    let mut known = Known::read(tx, cohort).await?;
    if take_back(tx, cohort, &known, now.program).await? {
        known = Known::read(tx, cohort).await?;
    }
    let passed = known.passed(cohort, now.program);
    // Where nobody takes part yet, those to come get one mail that catches up.
    if known.takes_part() {
        let has_next = known.dues(cohort).iter().any(|due| {
            due.due_at > now.program && due.work.position().is_some_and(|position| !known.is_out(position, now.program))
        });
        for position in &passed {
            settle_late(tx, (cohort, &known), (*position, late, has_next), now).await?;
        }
    }
    write(app, tx, cohort, &known, now).await
}

/// When each lesson that uses a firing would go out, on the first of the clocks, if the cohort were like this.
pub async fn dates(db: &impl store::Connection, cohort: &Cohort) -> store::Result<Vec<(u16, DateTime<Utc>)>> {
    let mut first: BTreeMap<u16, DateTime<Utc>> = BTreeMap::new();
    for due in Known::read(db, cohort).await?.dues(cohort) {
        if let Some(position) = due.work.position() {
            first.entry(position).and_modify(|at| *at = due.due_at.min(*at)).or_insert(due.due_at);
        }
    }
    Ok(first.into_iter().collect())
}

async fn settle_late(tx: &Tx, of: (&Cohort, &Known), how: (u16, Late, bool), now: Now) -> store::Result<()> {
    let ((cohort, known), (position, late, has_next)) = (of, how);
    let timing = match late {
        Late::Skip => (Timing::Skipped, PASSED),
        Late::WithNext if has_next => (Timing::WithNext, COMES_LATE),
        Late::Now | Late::WithNext => (Timing::Now, SENT_LATE),
    };
    cohort_lessons::time(tx, (cohort.id, position), timing, now.program).await?;
    if timing.0 == Timing::Now {
        for lesson in known.lessons.iter().filter(|lesson| is_ruled_at(lesson, position)) {
            send_now(tx, lesson, now).await?;
        }
    }
    Ok(())
}

async fn take_back(tx: &Tx, cohort: &Cohort, known: &Known, now: DateTime<Utc>) -> store::Result<bool> {
    let is_skipped = |position: u16| {
        let mut here = known.lessons.iter().filter(|lesson| lesson.position == i32::from(position));
        here.any(|lesson| lesson.timing == Timing::Skipped && lesson.reason == PASSED)
    };
    let dues = known.dues(cohort);
    let ahead: BTreeSet<u16> =
        dues.iter().filter(|due| due.due_at > now).filter_map(|due| due.work.position()).collect();
    let back: Vec<u16> = ahead.into_iter().filter(|position| is_skipped(*position)).collect();
    for position in &back {
        cohort_lessons::untime(tx, (cohort.id, *position), PASSED).await?;
        store_timetable::forget_lesson(tx, (cohort.id, *position)).await?;
    }
    Ok(!back.is_empty())
}

async fn write(app: &App, tx: &Tx, cohort: &Cohort, known: &Known, now: Now) -> store::Result<()> {
    let dues = known.dues(cohort);
    let rows = dues.iter().filter(|due| !known.is_out_by_other_clocks(due));
    let rows = rows.map(|due| row(app, cohort, due, &known.meetings, now)).collect();
    store_timetable::replace(tx, cohort.id, rows, now.program).await
}

/// All that a timetable is computed from.
struct Known {
    meetings: Vec<SessionRow>,
    weeks: Vec<Week>,
    lessons: Vec<CohortLesson>,
    /// Those of lessons, as they were written before.
    rows: Vec<TimetableRow>,
    people: Vec<Enrollment>,
    zones: Vec<Zone>,
}

impl Known {
    async fn read(tx: &impl store::Connection, cohort: &Cohort) -> store::Result<Self> {
        let mut rows = store_timetable::of_cohort(tx, cohort.id).await?;
        rows.retain(|row| row.work == "lesson");
        let people = enrollments::of_cohort(tx, cohort.id).await?;
        let zones = zones_present(tx, cohort, &people).await?;
        let weeks = cohorts::weeks_of(tx, cohort.id).await?;
        let week = |row: cohorts::WeekRow| Week {
            number: u16::try_from(row.number).unwrap_or_default(),
            first_day: row.first_day,
            kind: row.kind,
        };
        Ok(Self {
            meetings: sessions::of_cohort(tx, cohort.id).await?,
            weeks: weeks.into_iter().map(week).collect(),
            lessons: cohorts::lessons_of(tx, cohort.id).await?,
            rows,
            people,
            zones,
        })
    }

    /// Positions that use a firing: those timed by the rule, and those that used one before.
    fn positions(&self) -> Vec<u16> {
        let ruled = self.lessons.iter().filter(|lesson| lesson.timing == Timing::Rule).map(|lesson| lesson.position);
        let out = self.rows.iter().filter(|row| row.released_at.is_some()).map(|row| row.position);
        let positions: BTreeSet<u16> = ruled.chain(out).filter_map(|position| u16::try_from(position).ok()).collect();
        positions.into_iter().collect()
    }

    fn dues(&self, cohort: &Cohort) -> Vec<Due> {
        let meeting =
            |row: &SessionRow| Meeting { id: row.id, starts_at: row.starts_at, ends_at: row.ends_at, state: row.state };
        let meetings: Vec<Meeting> = self.meetings.iter().map(meeting).collect();
        let rule = LessonTiming::parse(&cohort.lesson_rule).unwrap_or_default();
        let course = Course {
            zone: cohort.zone,
            starts_on: cohort.starts_on,
            weeks: &self.weeks,
            rule: &rule,
            lesson_clock: cohort.lesson_clock,
            positions: &self.positions(),
            meetings: &meetings,
        };
        timetable(&course, &self.zones)
    }

    /// Whether the lesson of this position went out to anybody, or is about to.
    fn is_out(&self, position: u16, now: DateTime<Utc>) -> bool {
        let mut here = self.rows.iter().filter(|row| row.position == i32::from(position));
        here.any(|row| row.released_at.is_some() || row.due_at <= now)
    }

    /// After a change from everybody's clock to each one's, or back, what is out for all is not planned again.
    fn is_out_by_other_clocks(&self, due: &Due) -> bool {
        let Some(position) = due.work.position() else { return false };
        self.rows.iter().any(|row| {
            let is_other_kind = row.zone.is_empty() != due.zone.is_none();
            row.position == i32::from(position) && row.released_at.is_some() && is_other_kind
        })
    }

    /// Positions that nobody had, and whose time is past on every clock.
    fn passed(&self, cohort: &Cohort, now: DateTime<Utc>) -> Vec<u16> {
        let dues = self.dues(cohort);
        let mut ruled: Vec<u16> = self.positions();
        ruled.retain(|position| self.lessons.iter().any(|lesson| is_ruled_at(lesson, *position)));
        ruled.retain(|position| !self.is_out(*position, now));
        ruled.retain(|position| {
            let mut here = dues.iter().filter(|due| due.work.position() == Some(*position)).peekable();
            here.peek().is_some() && here.all(|due| due.due_at <= now)
        });
        ruled
    }

    fn takes_part(&self) -> bool {
        self.people.iter().any(|person| matches!(person.standing, Standing::Enrolled | Standing::Paused))
    }
}

fn is_ruled_at(lesson: &CohortLesson, position: u16) -> bool {
    lesson.timing == Timing::Rule && lesson.position == i32::from(position)
}

async fn zones_present(
    tx: &impl store::Connection,
    cohort: &Cohort,
    people: &[Enrollment],
) -> store::Result<Vec<Zone>> {
    let present: Vec<_> = people
        .iter()
        .filter(|enrollment| enrollment.standing.holds_seat())
        .map(|enrollment| enrollment.participant_id)
        .collect();
    let people = participants::with_ids(tx, cohort.practice_id, &present).await?;
    Ok(people.iter().map(|person| person.zone).collect::<BTreeSet<_>>().into_iter().collect())
}

fn row(app: &App, cohort: &Cohort, due: &Due, meetings: &[SessionRow], now: Now) -> TimetableRow {
    let released_at: Option<DateTime<Utc>> = (due.due_at <= now.program).then_some(now.program);
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
