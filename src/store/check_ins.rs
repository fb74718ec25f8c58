//! What did a person answer in a week?

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::OnConflict,
};

pub use super::rows::check_ins::Model as CheckIn;
use super::{
    Result,
    rows::check_ins::{Column, Entity},
};
use crate::domain::ids::EnrollmentId;

/// Writes the answers, or writes them anew: a check-in can be changed until the session starts.
pub async fn save(tx: &impl ConnectionTrait, check_in: CheckIn) -> Result<()> {
    Entity::insert(check_in.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::EnrollmentId, Column::LessonId])
                .update_columns([Column::Answers, Column::ChangedAt])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

pub async fn of_enrollment(db: &impl ConnectionTrait, enrollment: EnrollmentId) -> Result<Vec<CheckIn>> {
    Ok(Entity::find().filter(Column::EnrollmentId.eq(enrollment)).order_by_asc(Column::MadeAt).all(db).await?)
}
