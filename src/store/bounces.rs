//! Which mail came back, and when?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, sea_query::OnConflict,
};

pub use super::rows::bounces::Model as BounceRow;
use super::{
    Result,
    rows::bounces::{Column, Entity},
};
use crate::domain::{bounce::BounceClass, ids::PracticeId};

/// One failure of one mail, once. `false` when it was known.
pub async fn note(tx: &impl ConnectionTrait, row: BounceRow) -> Result<bool> {
    let once = OnConflict::columns([Column::DeliveryId, Column::Class]).do_nothing().to_owned();
    let new = Entity::insert(row.into_active_model()).on_conflict(once).exec_without_returning(tx).await?;
    Ok(new == 1)
}

/// When mail to one address failed in one way.
pub async fn instants(
    db: &impl ConnectionTrait,
    of: (PracticeId, &str),
    class: BounceClass,
) -> Result<Vec<DateTime<Utc>>> {
    let (practice, address_hash) = of;
    Ok(Entity::find()
        .select_only()
        .column(Column::MadeAt)
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::AddressHash.eq(address_hash))
        .filter(Column::Class.eq(class))
        .into_tuple()
        .all(db)
        .await?)
}

/// The address works again: what failed before is another story.
pub async fn forget(tx: &impl ConnectionTrait, practice: PracticeId, address_hash: &str) -> Result<()> {
    Entity::delete_many()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::AddressHash.eq(address_hash))
        .filter(Column::Class.eq(BounceClass::Soft))
        .exec(tx)
        .await?;
    Ok(())
}
