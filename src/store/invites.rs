//! What was each calendar, and each person, told about each session?

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Query,
};

pub use super::rows::invites::Model as Invite;
use super::{
    Result, insert_all,
    rows::{
        enrollments,
        invites::{Column, Entity},
    },
};
use crate::domain::ids::{CohortId, EnrollmentId, InviteId, SessionId};

pub async fn find(db: &impl ConnectionTrait, id: InviteId) -> Result<Option<Invite>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// By its UID, which is a secret of the calendar that holds it.
pub async fn with_uid(db: &impl ConnectionTrait, uid: &str) -> Result<Option<Invite>> {
    Ok(Entity::find().filter(Column::Uid.eq(uid)).one(db).await?)
}

/// By their ids, in no order.
pub async fn with_ids(db: &impl ConnectionTrait, ids: &[InviteId]) -> Result<Vec<Invite>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

pub async fn of_enrollment(db: &impl ConnectionTrait, enrollment: EnrollmentId) -> Result<Vec<Invite>> {
    Ok(Entity::find().filter(Column::EnrollmentId.eq(enrollment)).order_by_asc(Column::Generation).all(db).await?)
}

pub async fn of_cohort(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<Invite>> {
    let people = Query::select()
        .column(enrollments::Column::Id)
        .from(enrollments::Entity)
        .and_where(enrollments::Column::CohortId.eq(cohort))
        .to_owned();
    Ok(Entity::find()
        .filter(Column::EnrollmentId.in_subquery(people))
        .order_by_asc(Column::Generation)
        .limit(100_000)
        .all(db)
        .await?)
}

/// Who said they cannot come, for each of these sessions: once for each person.
pub async fn who_declined(db: &impl ConnectionTrait, of: &[SessionId]) -> Result<Vec<(SessionId, EnrollmentId)>> {
    Ok(Entity::find()
        .select_only()
        .column(Column::SessionId)
        .column(Column::EnrollmentId)
        .distinct()
        .filter(Column::SessionId.is_in(of.iter().copied()))
        .filter(Column::Rsvp.eq(DECLINED))
        .into_tuple()
        .all(db)
        .await?)
}

/// What `rsvp` says of somebody who cannot come.
pub const DECLINED: &str = "declined";

/// Whether anybody was told that this session is canceled, as it now stands.
pub async fn told_canceled(db: &impl ConnectionTrait, session: SessionId, generation: i32) -> Result<bool> {
    let told = Entity::find()
        .filter(Column::SessionId.eq(session))
        .filter(Column::Generation.eq(generation))
        .filter(Column::ToldState.eq("canceled"))
        .one(db)
        .await?;
    Ok(told.is_some())
}

/// Whether anybody was told anything of this session.
pub async fn is_known(db: &impl ConnectionTrait, session: SessionId) -> Result<bool> {
    Ok(Entity::find().filter(Column::SessionId.eq(session)).one(db).await?.is_some())
}

pub async fn create_all(tx: &impl ConnectionTrait, rows: Vec<Invite>) -> Result<()> {
    insert_all(tx, rows).await
}

pub async fn save(tx: &impl ConnectionTrait, invite: Invite) -> Result<()> {
    invite.into_active_model().reset_all().update(tx).await?;
    Ok(())
}
