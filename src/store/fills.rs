//! What goes into a stencil's holes for one mail: a row of its own, written once, behind those written before. In the
//! mail's own row it would push its neighbors from their pages, with each mail that leaves.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict, Query, SelectStatement},
};

pub use super::rows::fills::Model as Fill;
use super::{
    Result,
    rows::{
        deliveries,
        fills::{Column, Entity},
    },
};
use crate::domain::ids::DeliveryId;

/// Keeps them; what was written anew takes the place of what was written before.
pub async fn keep(tx: &impl ConnectionTrait, fills: Vec<Fill>) -> Result<()> {
    if fills.is_empty() {
        return Ok(());
    }
    let anew = OnConflict::column(Column::Id).update_columns([Column::Words, Column::KeptAt]).to_owned();
    let rows = fills.into_iter().map(IntoActiveModel::into_active_model);
    Entity::insert_many(rows).on_conflict(anew).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn find(db: &impl ConnectionTrait, id: DeliveryId) -> Result<Option<Fill>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// The mails whose fills were kept before an instant, but for those that may yet be sent with them.
pub(super) fn over(before: DateTime<Utc>) -> SelectStatement {
    let mut over = Query::select();
    over.column((Entity, Column::Id))
        .from(Entity)
        .inner_join(
            deliveries::Entity,
            Expr::col((deliveries::Entity, deliveries::Column::Id)).equals((Entity, Column::Id)),
        )
        .and_where(Expr::col((Entity, Column::KeptAt)).lt(before))
        .and_where(Expr::cust("deliveries.state NOT IN ('queued', 'claimed', 'sending', 'deferred')"));
    over
}

/// Forgets those of these mails.
pub(super) async fn forget(tx: &impl ConnectionTrait, mails: SelectStatement) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(mails)).exec(tx).await?.rows_affected)
}
