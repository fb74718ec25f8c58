//! What did a person answer when they enrolled?

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict};

pub use super::rows::intakes::Model as Intake;
use super::{
    Result,
    rows::intakes::{Column, Entity},
};
use crate::domain::{ids::EnrollmentId, program::intake::Answered};

impl Intake {
    /// The questions as they were asked, each with its answer.
    #[must_use]
    pub fn answered(&self) -> Vec<Answered> {
        serde_json::from_str(&self.answers).unwrap_or_default()
    }
}

/// Writes the answers, or writes them anew.
pub async fn save(tx: &impl ConnectionTrait, intake: Intake) -> Result<()> {
    save_all(tx, vec![intake]).await
}

/// The same for many, each of another enrollment.
pub async fn save_all(tx: &impl ConnectionTrait, intakes: Vec<Intake>) -> Result<()> {
    if intakes.is_empty() {
        return Ok(());
    }
    Entity::insert_many(intakes.into_iter().map(IntoActiveModel::into_active_model))
        .on_conflict(
            OnConflict::column(Column::EnrollmentId).update_columns([Column::Answers, Column::ChangedAt]).to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

pub async fn of_enrollment(db: &impl ConnectionTrait, enrollment: EnrollmentId) -> Result<Option<Intake>> {
    Ok(Entity::find().filter(Column::EnrollmentId.eq(enrollment)).one(db).await?)
}
