//! How does a row go from queued to sent, without a moment in which a crash could lose or double it?
//!
//! `queued` → claim (a lease) → `claimed` → `sending`, committed before the first byte → `sent`, or what
//! `retry::after` says. Every write after the claim names the lease and the state, and must change one row.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::{CaseStatement, Expr},
};
use uuid::Uuid;

use super::{super::stencils::Stencil, Column, Delivery, Entity, OPEN, Result, lease::Lease, state_is};
use crate::{
    clock::Now,
    domain::{
        category::Category,
        delivery::{A_PERSON_DECIDES, Occasion, State},
        ids::DeliveryId,
    },
};

/// What is fixed at the first `sending`, so that a retry is the same to the byte.
#[derive(Debug, Clone)]
pub struct Frozen {
    pub message: Vec<u8>,
    pub message_id: String,
    pub subject: String,
    pub kept: Kept,
    /// A keyed hash of the address it is handed over for.
    pub sent_to: String,
    /// A keyed hash of who reads it, and how: when that changes before it has left, it is written anew.
    pub frozen_for: String,
}

/// How the message is kept.
#[derive(Debug, Clone)]
pub enum Kept {
    /// As it is, and its text beside it.
    Whole { body: String },
    /// By what many get alike, and what goes into its holes for this one.
    Holes { stencil: Arc<Stencil>, fills: String },
}

pub(super) fn fenced(row: &Delivery, state: State) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(row.id))
        .filter(Column::LeaseToken.eq(row.lease_token))
        .filter(state_is(state))
}

/// What became of an attempt, or of the late gate before it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub state: State,
    pub reason: Option<String>,
    pub next_try_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// Writes the outcome. Frozen bytes and secrets are forgotten once nothing more will be sent.
/// `false`: the lease was lost, and somebody else has written.
pub async fn record(
    tx: &impl ConnectionTrait,
    row: &Delivery,
    from: State,
    recorded: &Recorded,
    now: Now,
) -> Result<bool> {
    let mut update = fenced(row, from)
        .col_expr(Column::State, Expr::value(recorded.state))
        .col_expr(Column::Reason, Expr::value(recorded.reason.clone()))
        .col_expr(Column::NextTryAt, Expr::value(recorded.next_try_at))
        .col_expr(Column::SentAt, Expr::value(recorded.sent_at))
        .col_expr(Column::ChangedAt, Expr::value(now.program))
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>));
    if recorded.state == State::Unknown {
        update = update.col_expr(Column::Doubts, Expr::col(Column::Doubts).add(1));
    }
    if recorded.state.is_final() {
        update = update.col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>));
    }
    // What a copy would need is kept; a link or a code is not.
    if recorded.state.is_final() && row.category == Category::Security {
        update = update.col_expr(Column::Params, Expr::value("{}"));
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// The channel is at fault, not the mail: back into the queue, the try unspent. A row that was already
/// frozen keeps its bytes.
pub async fn give_back(
    tx: &impl ConnectionTrait,
    row: &Delivery,
    from: State,
    until: DateTime<Utc>,
    reason: &str,
) -> Result<bool> {
    let outcome = fenced(row, from)
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::Tries, Expr::col(Column::Tries).sub(1))
        .col_expr(Column::NextTryAt, Expr::value(until))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Whose leases are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over<'a> {
    /// By the clock, but for those of senders that are known to be at work.
    RanOut(&'a [Uuid]),
    /// Nobody else sends: whoever held one is gone.
    All,
}

/// Leases that are over: what had not begun goes back unspent; what was on the wire is in doubt, and is due
/// again at once, and once: in doubt for the second time, or of an occasion that is `held`, a person decides. Returns
/// what is in doubt.
pub async fn sweep(
    tx: &impl ConnectionTrait,
    lease: &Lease,
    (over, held): (Over<'_>, &[Occasion]),
    now: Now,
) -> Result<Vec<Delivery>> {
    let leased = |state: State| {
        let rows = Entity::update_many()
            .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
            .filter(Expr::cust("state IN ('claimed', 'sending')"))
            .filter(state_is(state));
        match over {
            Over::RanOut(at_work) => {
                let rows = rows.filter(Expr::col(Column::LeaseUntil).lte(lease.now()));
                if at_work.is_empty() { rows } else { rows.filter(Column::LeaseToken.is_not_in(at_work.to_vec())) }
            }
            Over::All => rows,
        }
    };
    leased(State::Claimed)
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::Tries, Expr::col(Column::Tries).sub(1))
        .exec(tx)
        .await?;
    let again = CaseStatement::new()
        .case(Expr::col(Column::Doubts).gte(1), Expr::value(A_PERSON_DECIDES))
        .case(Expr::col(Column::Occasion).is_in(held.iter().copied()), Expr::value(A_PERSON_DECIDES))
        .finally(Expr::value(now.real));
    Ok(leased(State::Sending)
        .col_expr(Column::State, Expr::value(State::Unknown))
        .col_expr(Column::Reason, Expr::value("stopped while it was being handed over; it may have arrived"))
        .col_expr(Column::Doubts, Expr::col(Column::Doubts).add(1))
        .col_expr(Column::NextTryAt, again.into())
        .col_expr(Column::ChangedAt, Expr::value(now.program))
        .exec_with_returning(tx)
        .await?)
}

/// Rows that are due and not finished: a rehearsal's clock waits for them, and a test's end refuses them.
pub async fn count_open(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    Ok(Entity::find().filter(Column::State.is_in(OPEN)).filter(Column::DueAt.lte(now)).count(db).await?)
}

/// The same without what is in doubt and left to a person.
pub async fn count_going_on(db: &impl ConnectionTrait, now: Now) -> Result<u64> {
    let left_to_a_person =
        Condition::all().add(Column::State.eq(State::Unknown)).add(Column::NextTryAt.gte(A_PERSON_DECIDES));
    let open = Entity::find().filter(Column::State.is_in(OPEN)).filter(Column::DueAt.lte(now.program));
    Ok(open.filter(left_to_a_person.not()).count(db).await?)
}

/// The next instant of program time at which a waiting row becomes due.
pub async fn next_instant(db: &impl ConnectionTrait, after: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let row = Entity::find()
        .filter(Column::State.is_in([State::Queued, State::Deferred]))
        .filter(Column::DueAt.gt(after))
        .order_by_asc(Column::DueAt)
        .one(db)
        .await?;
    Ok(row.map(|row| row.due_at))
}

/// Writes that what the mail server had taken came back. `false` when nothing was on its way.
pub async fn came_back(
    tx: &impl ConnectionTrait,
    id: DeliveryId,
    (state, reason): (State, &str),
    at: DateTime<Utc>,
) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>))
        .filter(Column::Id.eq(id))
        // A report may be faster than the answer to the final dot.
        .filter(Column::State.is_in([State::Sending, State::Sent, State::Unknown]))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Writes that a bounce or a person's decision settled it.
pub async fn settle(
    tx: &impl ConnectionTrait,
    id: DeliveryId,
    state: State,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
