//! A person says what became of a mail whose fate nobody knew.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{
    super::rows::deliveries::{Column, Entity},
    Delivery, Result,
};
use crate::domain::{category::Category, delivery::State};

/// It arrived: the row is `sent` since its last attempt, and nothing more goes out. `false` when it was no longer in doubt.
pub async fn arrived(tx: &impl ConnectionTrait, row: &Delivery, reason: &str, at: DateTime<Utc>) -> Result<bool> {
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Sent))
        // In SQL the right side is the row as it was: the instant at which it came into doubt.
        .col_expr(Column::SentAt, Expr::col(Column::ChangedAt))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(State::Unknown));
    if row.category == Category::Security {
        update = update.col_expr(Column::Params, Expr::value("{}"));
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}
