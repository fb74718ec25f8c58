//! Who came to which session?

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{OnConflict, Query},
};

pub use super::rows::attendances::Model as Mark;
use super::{
    Result,
    rows::{
        attendances::{Column, Entity},
        sessions,
    },
};
use crate::domain::ids::{CohortId, EnrollmentId, PracticeId, SessionId};

/// All marks of a cohort's sessions.
pub async fn of_cohort(db: &impl ConnectionTrait, practice: PracticeId, cohort: CohortId) -> Result<Vec<Mark>> {
    let these = Query::select()
        .column(sessions::Column::Id)
        .from(sessions::Entity)
        .and_where(sessions::Column::CohortId.eq(cohort))
        .to_owned();
    let marks = Entity::find().filter(Column::PracticeId.eq(practice)).filter(Column::SessionId.in_subquery(these));
    Ok(marks.all(db).await?)
}

pub async fn of_session(db: &impl ConnectionTrait, practice: PracticeId, session: SessionId) -> Result<Vec<Mark>> {
    Ok(Entity::find().filter(Column::PracticeId.eq(practice)).filter(Column::SessionId.eq(session)).all(db).await?)
}

/// Sets each mark, in place of an earlier one.
pub async fn set(tx: &impl ConnectionTrait, marks: Vec<Mark>) -> Result<()> {
    for mark in marks {
        Entity::insert(mark.into_active_model())
            .on_conflict(
                OnConflict::columns([Column::EnrollmentId, Column::SessionId])
                    .update_columns([Column::Mark, Column::Actor, Column::MarkedAt])
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Takes marks back: nothing is noted any more.
pub async fn clear(tx: &impl ConnectionTrait, session: SessionId, people: &[EnrollmentId]) -> Result<()> {
    Entity::delete_many()
        .filter(Column::SessionId.eq(session))
        .filter(Column::EnrollmentId.is_in(people.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}
