//! How long is what was written kept beside the fact that it was sent?

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{super::fills, Column, Entity, Result};

/// Forgets the words of what came to its end before an instant, and the bytes of what nobody decided on since.
/// What makes a row unique stays. Returns how many rows.
pub async fn forget_texts(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64> {
    let forgotten = |rows: sea_orm::UpdateMany<Entity>| {
        rows.col_expr(Column::Body, Expr::value(None::<String>))
            .col_expr(Column::Subject, Expr::value(None::<String>))
            .col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>))
            .col_expr(Column::Fills, Expr::value(None::<String>))
    };
    let whole = forgotten(Entity::update_many())
        .filter(Expr::cust("(body IS NOT NULL OR fills IS NOT NULL)"))
        // Nothing is written before it is due: the index leads by this to what is old.
        .filter(Column::DueAt.lt(before))
        .filter(Column::ChangedAt.lt(before))
        .filter(Expr::cust("state NOT IN ('queued', 'claimed', 'sending', 'deferred')"))
        .exec(tx)
        .await?;
    // What was sent again since, and not with these, has words of its own.
    forgotten(Entity::update_many())
        .filter(Column::StencilId.is_not_null())
        .filter(Column::Id.in_subquery(fills::over(before)))
        .exec(tx)
        .await?;
    let holes = fills::forget(tx, fills::over(before)).await?;
    Ok(whole.rows_affected + holes)
}
