//! What stands still after a restore, what of it may have gone out before, and how does it go on?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use super::{Column, Delivery, Entity, OPEN, Result, SENT_ANYWAY};
use crate::{
    domain::delivery::{Occasion, State},
    store::silences::RESTORED,
};

/// Puts aside whatever would go on by itself. Returns how many rows.
pub async fn hold_open(tx: &impl ConnectionTrait, reason: &str, at: DateTime<Utc>) -> Result<u64> {
    let outcome = unleased(Entity::update_many())
        .col_expr(Column::State, Expr::value(State::Held))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::State.is_in(OPEN))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected)
}

fn unleased(update: UpdateMany<Entity>) -> UpdateMany<Entity> {
    update
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
}

/// What a restore put aside, and what was planned since and waits behind it.
fn waiting() -> Condition {
    let aside = Condition::all().add(Column::State.eq(State::Held)).add(Column::Reason.starts_with(RESTORED));
    Condition::any().add(aside).add(Column::State.is_in(OPEN))
}

/// Due until then, so that it may have gone out already. A person's *send anyway* is later than any doubt.
fn doubtful(until: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(waiting())
        .add(Column::DueAt.lte(until))
        .add(Condition::any().add(Column::Reason.is_null()).add(Column::Reason.ne(SENT_ANYWAY)))
}

/// The emails that may have gone out between the backup and `until`, the oldest first.
pub async fn may_have_gone(db: &impl ConnectionTrait, until: DateTime<Utc>) -> Result<Vec<Delivery>> {
    Ok(Entity::find().filter(doubtful(until)).order_by_asc(Column::DueAt).order_by_asc(Column::Id).all(db).await?)
}

/// Gives up what may have gone out. A calendar's word is not given up: sent twice it changes nothing, and
/// missing it leaves a wrong entry. Returns how many rows.
pub async fn skip_doubtful(tx: &impl ConnectionTrait, until: DateTime<Utc>, at: DateTime<Utc>) -> Result<u64> {
    let outcome = unleased(Entity::update_many())
        .col_expr(Column::State, Expr::value(State::Skipped))
        .col_expr(Column::Reason, Expr::value("may have gone out before the restore; not sent again"))
        .col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(doubtful(until))
        .filter(Column::Occasion.ne(Occasion::Invite))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected)
}

/// Back into the queue with what a restore put aside. Returns how many rows.
pub async fn let_go(tx: &impl ConnectionTrait, real: DateTime<Utc>, at: DateTime<Utc>) -> Result<u64> {
    let outcome = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::Reason, Expr::value(None::<String>))
        .col_expr(Column::NextTryAt, Expr::value(real))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::State.eq(State::Held))
        .filter(Column::Reason.starts_with(RESTORED))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected)
}
