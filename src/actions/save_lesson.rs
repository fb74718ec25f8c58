//! A coach saves a lesson, and says in which cohorts it changes too.

use chrono::{DateTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        cohort::Late,
        ids::{CohortId, LessonId, PracticeId, ProgramId},
        lesson::Lesson,
    },
    store::{
        self,
        cohorts::{self, CohortLesson},
        database::Tx,
        programs::{self, LessonRow},
        rows::content::LessonContent,
    },
};

use super::{
    change_lessons::{self, Spot, locked, note, put_in},
    lesson_state::Lessons,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("this lesson does not exist")]
    Unknown,
    #[error("there is a lesson for this week and track already")]
    Taken,
    #[error("somebody changed this lesson since you opened the page")]
    Changed,
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Adds a checked lesson to a program, and to those cohorts of it that the coach named. In each it stands in its own
/// week if that is still to come, else beside what is out, as `late` says.
pub async fn create_lesson(
    app: &App,
    of: (PracticeId, ProgramId, &str),
    lesson: &Lesson,
    also: (&[CohortId], Late),
) -> Result<LessonId, Refused> {
    let now = app.clock.now();
    let (practice_id, program_id, actor) = of;
    let row = LessonRow {
        id: app.random.id(now.real),
        practice_id,
        program_id,
        week: i32::from(lesson.week),
        track: lesson.track.clone().unwrap_or_default(),
        content: LessonContent(lesson.clone()),
        changed_at: now.real,
    };
    let id = transact!(app.db, |tx| {
        programs::find(tx, practice_id, program_id).await?.ok_or(Refused::Unknown)?;
        let known = programs::lessons_of(tx, program_id).await?;
        if known.iter().any(|other| other.week == row.week && other.track == row.track) {
            return Err(Refused::Taken);
        }
        programs::create_lessons(tx, vec![row.clone()]).await?;
        for cohort in also.0 {
            let target = change_lessons::Target { practice: practice_id, cohort: *cohort, actor: actor.to_owned() };
            add_copy(app, tx, (&target, program_id), &row, (also.1, now)).await?;
        }
        Ok(row.id)
    })?;
    app.bell.notify_waiters();
    Ok(id)
}

async fn add_copy(
    app: &App,
    tx: &Tx,
    to: (&change_lessons::Target, ProgramId),
    row: &LessonRow,
    when: (Late, Now),
) -> Result<(), Refused> {
    let ((target, program), (late, now)) = (to, when);
    let (cohort, lessons) = locked(tx, target).await?;
    if cohort.program_id != program {
        return Err(Refused::Unknown);
    }
    let spot = match lessons.first_ahead(now.program) {
        Some(first) if row.week < first => Spot::Past(row.week),
        Some(_) if !is_taken(&lessons, row) => Spot::At(row.week),
        Some(_) => Spot::Before(row.week),
        None if lessons.last_out(now.program) >= row.week => Spot::Past(row.week),
        None => Spot::End,
    };
    put_in(app, tx, (&cohort, &lessons), (row.id, &row.content.0), (spot, late), now).await?;
    note(app, tx, target, ("lesson added to a cohort", &row.content.0.title), now).await?;
    Ok(())
}

/// Whether those who would get it have another there.
fn is_taken(lessons: &Lessons, row: &LessonRow) -> bool {
    lessons.copies.iter().any(|copy| copy.position == row.week && copy.track == row.track)
}

impl From<change_lessons::Refused> for Refused {
    fn from(refused: change_lessons::Refused) -> Self {
        match refused {
            change_lessons::Refused::Store(error) => Self::Store(error),
            change_lessons::Refused::Taken => Self::Taken,
            change_lessons::Refused::Changed => Self::Changed,
            change_lessons::Refused::Unknown | change_lessons::Refused::Out | change_lessons::Refused::AtTheEdge => {
                Self::Unknown
            }
        }
    }
}

/// Which lesson, as the coach saw it at `seen`, and the cohorts in which it changes where it has not gone out.
#[derive(Debug, Clone)]
pub struct Target {
    pub practice: PracticeId,
    pub lesson: LessonId,
    pub seen: DateTime<Utc>,
    pub also: Vec<CohortId>,
}

/// Saves a checked lesson. Week and track stay.
pub async fn save_lesson(app: &App, target: &Target, lesson: &Lesson) -> Result<(), Refused> {
    let now = app.clock.now();
    transact!(app.db, |tx| {
        let known = programs::lesson(tx, target.practice, target.lesson).await?.ok_or(Refused::Unknown)?;
        if known.changed_at != target.seen {
            return Err(Refused::Changed);
        }
        let content = LessonContent(lesson.clone());
        for cohort in &target.also {
            change_copy(tx, (target, *cohort), &content, now).await?;
        }
        // Later than what was seen, whatever the clock says: it is what the next page is compared with.
        let changed_at = now.real.max(known.changed_at + TimeDelta::microseconds(1));
        programs::save_lesson(tx, LessonRow { content, changed_at, ..known }).await?;
        Ok(())
    })
}

async fn change_copy(tx: &Tx, of: (&Target, CohortId), content: &LessonContent, now: Now) -> Result<(), Refused> {
    let (target, id) = of;
    if cohorts::find(tx, target.practice, id).await?.is_none() {
        return Err(Refused::Unknown);
    }
    // What releases the lesson waits for this, or has gone first and is seen here.
    cohorts::lock(tx, id).await?;
    let lessons = Lessons::of_cohort(tx, id).await?;
    let Some(copy) = lessons.copies.iter().find(|copy| copy.lesson_id == target.lesson) else { return Ok(()) };
    if !lessons.state(copy, now.program).is_out() {
        // Its place in the cohort may be another than in the program.
        let content = LessonContent(Lesson { week: copy.content.0.week, ..content.0.clone() });
        cohorts::save_lesson(tx, CohortLesson { content, changed_at: now.program, ..copy.clone() }).await?;
    }
    Ok(())
}
