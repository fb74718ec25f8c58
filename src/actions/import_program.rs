//! A program and its lessons come in, new or again.

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::{
        ids::{PracticeId, ProgramId},
        lesson::Lesson,
        name::{BadName, Name},
        program::Program,
    },
    store::{
        self,
        database::Tx,
        programs::{self, LessonRow, ProgramRow},
        rows::content::{LessonContent, ProgramContent},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the program's title cannot be used: {0}")]
    Title(#[from] BadName),
    #[error(transparent)]
    Store(#[from] store::Error),
}

crate::from_store!(Refused);

/// Makes the program, or renews the practice's program of the same title. Lessons are matched by week and
/// track; cohorts keep the copy they have.
pub async fn import_program(
    app: &App,
    practice: PracticeId,
    program: &Program,
    lessons: &[Lesson],
) -> Result<ProgramId, Refused> {
    let now = app.clock.now();
    let title = Name::parse(&program.title)?;
    transact!(app.db, |tx| {
        let id = save_program(app, tx, (practice, &title), program, now).await?;
        save_lessons(app, tx, (practice, id), lessons, now).await?;
        Ok(id)
    })
}

async fn save_program(
    app: &App,
    tx: &Tx,
    key: (PracticeId, &Name),
    program: &Program,
    now: Now,
) -> Result<ProgramId, Refused> {
    let (practice_id, title) = key;
    if let Some(known) = programs::titled(tx, practice_id, title.expose()).await? {
        let id = known.id;
        let before = &known.content.0;
        // Whoever changes a text people agree to without its version asks them again all the same.
        let content = ProgramContent(Program {
            consent: program.consent.clone().in_place_of(&before.consent),
            agreement: program.agreement.clone().in_place_of(&before.agreement),
            ..program.clone()
        });
        programs::save(tx, ProgramRow { content, changed_at: now.real, ..known }).await?;
        return Ok(id);
    }
    let id = app.random.id(now.real);
    let row = ProgramRow {
        id,
        practice_id,
        code: fresh_code(app),
        title: title.clone(),
        content: ProgramContent(program.clone()),
        slug: None,
        created_at: now.real,
        changed_at: now.real,
    };
    programs::create(tx, row).await?;
    Ok(id)
}

/// Five letters and digits that say nothing: the program's public address.
pub(super) fn fresh_code(app: &App) -> String {
    app.random.token().chars().take(5).collect()
}

async fn save_lessons(
    app: &App,
    tx: &Tx,
    key: (PracticeId, ProgramId),
    lessons: &[Lesson],
    now: Now,
) -> Result<(), Refused> {
    let (practice_id, program_id) = key;
    let known = programs::lessons_of(tx, program_id).await?;
    let mut fresh = Vec::new();
    for lesson in lessons {
        let (week, track) = (i32::from(lesson.week), lesson.track.clone().unwrap_or_default());
        let content = LessonContent(lesson.clone());
        match known.iter().find(|row| row.week == week && row.track == track) {
            Some(row) if row.content == content => {}
            Some(row) => programs::save_lesson(tx, LessonRow { content, changed_at: now.real, ..row.clone() }).await?,
            None => fresh.push(LessonRow {
                id: app.random.id(now.real),
                practice_id,
                program_id,
                week,
                track,
                content,
                changed_at: now.real,
            }),
        }
    }
    programs::create_lessons(tx, fresh).await?;
    Ok(())
}
