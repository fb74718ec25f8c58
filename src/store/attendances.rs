//! Who came to which session?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{ExprTrait, OnConflict, Query, SelectStatement},
};

pub use super::rows::attendances::Model as Mark;
use super::{
    Result,
    rows::{
        attendances::{Column, Entity},
        enrollments, sessions,
    },
};
use crate::domain::{
    cohort::Attendance,
    enrollment::Standing,
    ids::{CohortId, EnrollmentId, PracticeId, SessionId},
    session::SessionState,
};

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

/// Who takes part and was absent so often from sessions that began since then: the few whose marks are worth a look.
pub async fn often_absent(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    since: DateTime<Utc>,
    times: usize,
) -> Result<Vec<EnrollmentId>> {
    let taking_part = Query::select()
        .column(enrollments::Column::Id)
        .from(enrollments::Entity)
        .and_where(enrollments::Column::PracticeId.eq(practice))
        .and_where(enrollments::Column::Standing.eq(Standing::Enrolled))
        .to_owned();
    Ok(Entity::find()
        .select_only()
        .column(Column::EnrollmentId)
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::Mark.eq(Attendance::Absent))
        .filter(Column::SessionId.in_subquery(held_since(practice, since)))
        .filter(Column::EnrollmentId.in_subquery(taking_part))
        .group_by(Column::EnrollmentId)
        .having(Column::Id.count().gte(i64::try_from(times).unwrap_or(i64::MAX)))
        .into_tuple()
        .all(db)
        .await?)
}

/// Their marks of sessions that began since then and were not canceled, the earliest session first.
pub async fn of_people_since(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    people: &[EnrollmentId],
    since: DateTime<Utc>,
) -> Result<Vec<(EnrollmentId, DateTime<Utc>, Attendance)>> {
    let of_session = Entity::belongs_to(sessions::Entity).from(Column::SessionId).to(sessions::Column::Id);
    Ok(Entity::find()
        .select_only()
        .column(Column::EnrollmentId)
        .column(sessions::Column::StartsAt)
        .column(Column::Mark)
        .join(JoinType::InnerJoin, of_session.into())
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::EnrollmentId.is_in(people.iter().copied()))
        .filter(Column::SessionId.in_subquery(held_since(practice, since)))
        .order_by_asc(sessions::Column::StartsAt)
        .into_tuple()
        .all(db)
        .await?)
}

fn held_since(practice: PracticeId, since: DateTime<Utc>) -> SelectStatement {
    Query::select()
        .column(sessions::Column::Id)
        .from(sessions::Entity)
        .and_where(sessions::Column::PracticeId.eq(practice))
        .and_where(sessions::Column::StartsAt.gte(since))
        .and_where(sessions::Column::State.ne(SessionState::Canceled))
        .to_owned()
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
