//! Which mail did a person turn off, for which program?

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict};

pub use super::rows::stops::Model as Stop;
use super::{
    Result,
    rows::stops::{Column, Entity},
};
use crate::domain::{
    category::Category,
    ids::{ParticipantId, ProgramId},
};

/// Idempotent: stopping twice is stopping once. `false` when it was stopped already.
pub async fn stop(tx: &impl ConnectionTrait, stop: Stop) -> Result<bool> {
    let inserted = Entity::insert(stop.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::ParticipantId, Column::ProgramId, Column::Category]).do_nothing().to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

pub async fn resume(
    tx: &impl ConnectionTrait,
    person: ParticipantId,
    program: ProgramId,
    category: Category,
) -> Result<()> {
    Entity::delete_many()
        .filter(Column::ParticipantId.eq(person))
        .filter(Column::ProgramId.eq(program))
        .filter(Column::Category.eq(category))
        .exec(tx)
        .await?;
    Ok(())
}

/// What these people stopped, in whatever program.
pub async fn of_people(db: &impl ConnectionTrait, people: &[ParticipantId]) -> Result<Vec<Stop>> {
    Ok(Entity::find().filter(Column::ParticipantId.is_in(people.iter().copied())).all(db).await?)
}

pub async fn of_person(db: &impl ConnectionTrait, person: ParticipantId, program: ProgramId) -> Result<Vec<Category>> {
    let rows =
        Entity::find().filter(Column::ParticipantId.eq(person)).filter(Column::ProgramId.eq(program)).all(db).await?;
    Ok(rows.into_iter().map(|row| row.category).collect())
}
