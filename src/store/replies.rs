//! What did people write in answer to a mail, where no mailbox keeps it?

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

pub use super::rows::replies::Model as Reply;
use super::{
    Result,
    rows::replies::{Column, Entity},
};
use crate::domain::ids::{ParticipantId, PracticeId};

/// Once each. `false` when the same words came before.
pub async fn note(tx: &impl ConnectionTrait, reply: Reply) -> Result<bool> {
    let once = OnConflict::columns([Column::DeliveryId, Column::Digest]).do_nothing().to_owned();
    let new = Entity::insert(reply.into_active_model()).on_conflict(once).exec_without_returning(tx).await?;
    Ok(new == 1)
}

/// The newest first.
pub async fn of_participant(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    person: ParticipantId,
) -> Result<Vec<Reply>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::ParticipantId.eq(person))
        .order_by_desc(Column::MadeAt)
        .limit(50)
        .all(db)
        .await?)
}
