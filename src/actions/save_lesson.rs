//! A coach saves a lesson, and says in which cohorts it changes too.

use chrono::{DateTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        ids::{CohortId, LessonId, PracticeId, ProgramId},
        lesson::Lesson,
    },
    store::{
        self,
        cohorts::{self, CohortLesson},
        database::Tx,
        programs::{self, LessonRow},
        rows::content::LessonContent,
        timetable,
    },
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

/// Adds a checked lesson to a program. Cohorts that were made before do not get it.
pub async fn create_lesson(app: &App, of: (PracticeId, ProgramId), lesson: &Lesson) -> Result<LessonId, Refused> {
    let now = app.clock.now();
    let (practice_id, program_id) = of;
    let row = LessonRow {
        id: app.random.id(now.real),
        practice_id,
        program_id,
        week: i32::from(lesson.week),
        track: lesson.track.clone().unwrap_or_default(),
        content: LessonContent(lesson.clone()),
        changed_at: now.real,
    };
    transact!(app.db, |tx| {
        programs::find(tx, practice_id, program_id).await?.ok_or(Refused::Unknown)?;
        let known = programs::lessons_of(tx, program_id).await?;
        if known.iter().any(|other| other.week == row.week && other.track == row.track) {
            return Err(Refused::Taken);
        }
        programs::create_lessons(tx, vec![row.clone()]).await?;
        Ok(row.id)
    })
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
    let lessons = cohorts::lessons_of(tx, id).await?;
    let Some(copy) = lessons.into_iter().find(|copy| copy.lesson_id == target.lesson) else { return Ok(()) };
    if !is_out(tx, &copy).await? {
        cohorts::save_lesson(tx, CohortLesson { content: content.clone(), changed_at: now.real, ..copy }).await?;
    }
    Ok(())
}

/// Whether a cohort's copy has gone out to anybody.
pub async fn is_out(db: &impl store::Connection, copy: &CohortLesson) -> store::Result<bool> {
    let rows = timetable::of_cohort(db, copy.cohort_id).await?;
    Ok(rows.iter().any(|row| row.work == "lesson" && row.position == copy.position && row.released_at.is_some()))
}
