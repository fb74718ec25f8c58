//! What is not sent to an address any more? By a keyed hash of it, which outlives the person's account.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict,
};

pub use super::rows::suppressions::Model as Suppression;
use super::{
    Result,
    rows::suppressions::{Column, Entity},
};
use crate::domain::{bounce::Scope, ids::PracticeId};

pub async fn of_address(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    address_hash: &str,
) -> Result<Option<Suppression>> {
    let of_practice = Entity::find().filter(Column::PracticeId.eq(practice));
    Ok(of_practice.filter(Column::AddressHash.eq(address_hash)).one(db).await?)
}

/// Those of these addresses that are suppressed.
pub async fn of_addresses(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    hashes: &[String],
) -> Result<Vec<Suppression>> {
    let of_practice = Entity::find().filter(Column::PracticeId.eq(practice));
    Ok(of_practice.filter(Column::AddressHash.is_in(hashes)).all(db).await?)
}

/// Suppresses, or suppresses more than before; never less.
pub async fn add(tx: &impl ConnectionTrait, new: Suppression) -> Result<()> {
    let once = OnConflict::columns([Column::PracticeId, Column::AddressHash]).do_nothing().to_owned();
    let known = of_address(tx, new.practice_id, &new.address_hash).await?;
    match known {
        None => {
            Entity::insert(new.into_active_model()).on_conflict(once).exec_without_returning(tx).await?;
        }
        Some(known) if known.scope == Scope::Subscribed && new.scope == Scope::All => {
            let more = Suppression { id: known.id, ..new };
            more.into_active_model().reset_all().update(tx).await?;
        }
        Some(_) => {}
    }
    Ok(())
}

/// The owner has shown that the address is theirs and takes mail.
pub async fn lift(tx: &impl ConnectionTrait, practice: PracticeId, address_hash: &str) -> Result<()> {
    Entity::delete_many()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::AddressHash.eq(address_hash))
        .exec(tx)
        .await?;
    Ok(())
}
