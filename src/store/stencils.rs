//! Which messages with holes are kept? As long as a mail that was made with one could be sent again or be read.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict, Query},
};
use uuid::Uuid;

pub use super::rows::stencils::Model as Stencil;
use super::{
    Result,
    rows::{
        deliveries, fills,
        stencils::{Column, Entity},
    },
};

/// Keeps it, or notes that it was used again.
pub async fn keep(tx: &impl ConnectionTrait, stencil: Stencil) -> Result<()> {
    let again = OnConflict::column(Column::Id).update_column(Column::UsedAt).to_owned();
    Entity::insert(stencil.into_active_model()).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Stencil>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Forgets what was not used since an instant, unless a mail is still to be made with it. Returns how many.
pub async fn forget(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64> {
    let old = Entity::find().filter(Column::UsedAt.lt(before)).one(tx).await?;
    if old.is_none() {
        return Ok(0);
    }
    let mut wanted = Query::select();
    wanted
        .column(deliveries::Column::StencilId)
        .from(deliveries::Entity)
        .and_where(Expr::cust("(body IS NOT NULL OR fills IS NOT NULL)"))
        .and_where(Expr::col(deliveries::Column::Fills).is_not_null());
    let mut filled = Query::select();
    filled.column(deliveries::Column::StencilId).from(deliveries::Entity).and_where(
        Expr::col(deliveries::Column::Id)
            .in_subquery(Query::select().column(fills::Column::Id).from(fills::Entity).to_owned()),
    );
    let gone = Entity::delete_many()
        .filter(Column::UsedAt.lt(before))
        .filter(Column::Id.not_in_subquery(wanted))
        .filter(Column::Id.not_in_subquery(filled))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}
