//! What is taught? Programs and their lessons.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

pub use super::rows::{lessons::Model as LessonRow, programs::Model as ProgramRow};
use super::{
    Result, insert, insert_all,
    rows::{lessons, programs},
};
use crate::domain::ids::{LessonId, PracticeId, ProgramId};

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: ProgramId) -> Result<Option<ProgramRow>> {
    Ok(programs::Entity::find_by_id(id).filter(programs::Column::PracticeId.eq(practice)).one(db).await?)
}

/// By its public code or the speaking name a coach chose.
pub async fn published_as(db: &impl ConnectionTrait, code: &str) -> Result<Option<ProgramRow>> {
    let either = Condition::any().add(programs::Column::Code.eq(code)).add(programs::Column::Slug.eq(code));
    Ok(programs::Entity::find().filter(either).one(db).await?)
}

pub async fn titled(db: &impl ConnectionTrait, practice: PracticeId, title: &str) -> Result<Option<ProgramRow>> {
    Ok(programs::Entity::find()
        .filter(programs::Column::PracticeId.eq(practice))
        .filter(programs::Column::Title.eq(title))
        .one(db)
        .await?)
}

pub async fn of_practice(db: &impl ConnectionTrait, practice: PracticeId) -> Result<Vec<ProgramRow>> {
    Ok(programs::Entity::find()
        .filter(programs::Column::PracticeId.eq(practice))
        .order_by_asc(programs::Column::CreatedAt)
        .all(db)
        .await?)
}

pub async fn create(tx: &impl ConnectionTrait, program: ProgramRow) -> Result<()> {
    insert(tx, program).await
}

pub async fn save(tx: &impl ConnectionTrait, program: ProgramRow) -> Result<()> {
    program.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// By week, then track.
pub async fn lessons_of(db: &impl ConnectionTrait, program: ProgramId) -> Result<Vec<LessonRow>> {
    Ok(lessons::Entity::find()
        .filter(lessons::Column::ProgramId.eq(program))
        .order_by_asc(lessons::Column::Week)
        .order_by_asc(lessons::Column::Track)
        .all(db)
        .await?)
}

pub async fn lesson(db: &impl ConnectionTrait, practice: PracticeId, id: LessonId) -> Result<Option<LessonRow>> {
    Ok(lessons::Entity::find_by_id(id).filter(lessons::Column::PracticeId.eq(practice)).one(db).await?)
}

pub async fn create_lessons(tx: &impl ConnectionTrait, rows: Vec<LessonRow>) -> Result<()> {
    insert_all(tx, rows).await
}

pub async fn save_lesson(tx: &impl ConnectionTrait, lesson: LessonRow) -> Result<()> {
    lesson.into_active_model().reset_all().update(tx).await?;
    Ok(())
}
