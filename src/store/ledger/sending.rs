//! How does a row go from queued to sent, without a moment in which a crash could lose or double it?
//!
//! `queued` → claim (a lease) → `claimed` → `sending`, committed before the first byte → `sent`, or what
//! `retry::after` says. Every write after the claim names the lease and the state, and must change one row.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{Column, Delivery, Entity, OPEN, Result};
use crate::{
    clock::Now,
    domain::{category::Category, delivery::State, ids::DeliveryId},
};

/// What a sender asks for.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub lease: Uuid,
    pub most: u64,
    pub lease_for: TimeDelta,
}

/// One message a UID at a time: a calendar's later word waits for the earlier one.
const IN_ORDER: &str = "(deliveries.occasion <> 'invite' OR NOT EXISTS (SELECT 1 FROM deliveries AS earlier \
     WHERE earlier.subject_id = deliveries.subject_id AND earlier.occasion = 'invite' AND earlier.object_id = deliveries.object_id \
     AND earlier.generation < deliveries.generation AND earlier.state IN ('queued', 'claimed', 'sending', 'deferred', 'unknown') \
     AND NOT (earlier.state = 'unknown' AND earlier.next_try_at > '2999-01-01 00:00:00+00:00')))";

/// One lesson or announcement a person at a time, in order, so that the late gate sees what went before. What a
/// coach sends again waits for nothing.
const ONE_BY_ONE: &str = "(deliveries.category NOT IN ('lesson', 'announcement') OR deliveries.generation < 0 \
     OR deliveries.reason = 'sent anyway' OR NOT EXISTS (SELECT 1 FROM deliveries AS earlier \
     WHERE earlier.participant_id = deliveries.participant_id AND earlier.category IN ('lesson', 'announcement') \
     AND earlier.generation >= 0 AND earlier.state IN ('queued', 'claimed', 'sending', 'deferred', 'unknown') \
     AND (earlier.due_at, earlier.created_at, earlier.id) < (deliveries.due_at, deliveries.created_at, deliveries.id) \
     AND NOT (earlier.state = 'unknown' AND earlier.next_try_at > '2999-01-01 00:00:00+00:00')))";

/// As the partial index of leases has it.
const LEASED: &str = "state IN ('claimed', 'sending')";

fn sendable(now: Now) -> Condition {
    Condition::all()
        // In the statement itself: only then does the partial index answer.
        .add(Expr::cust("deliveries.state IN ('queued', 'deferred', 'unknown')"))
        .add(Column::DueAt.lte(now.program))
        .add(Column::NextTryAt.lte(now.real))
        .add(Expr::cust(IN_ORDER))
        .add(Expr::cust(ONE_BY_ONE))
}

/// Takes what is due under a lease, the most urgent first. Nothing has touched the network yet.
pub async fn claim(tx: &impl ConnectionTrait, claim: Claim, now: Now) -> Result<Vec<Delivery>> {
    let picked = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(sendable(now))
        .order_by_asc(Column::Priority)
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(claim.most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let mut claimed = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Claimed))
        .col_expr(Column::LeaseToken, Expr::value(claim.lease))
        .col_expr(Column::LeaseUntil, Expr::value(now.real + claim.lease_for))
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .col_expr(Column::ChangedAt, Expr::value(now.program))
        .filter(Column::Id.in_subquery(picked))
        .exec_with_returning(tx)
        .await?;
    // RETURNING keeps no order.
    claimed.sort_unstable_by_key(|row| (row.priority, row.due_at, row.id));
    Ok(claimed)
}

/// What is fixed at the first `sending`, so that a retry is the same to the byte.
#[derive(Debug, Clone)]
pub struct Frozen {
    pub message: Vec<u8>,
    pub message_id: String,
    pub subject: String,
    pub body: String,
    /// A keyed hash of the address it is handed over for.
    pub sent_to: String,
}

/// Committed before the first byte leaves. `false`: the lease was lost, stop.
pub async fn start_sending(
    tx: &impl ConnectionTrait,
    row: &Delivery,
    frozen: &Frozen,
    lease_until: DateTime<Utc>,
) -> Result<bool> {
    let outcome = fenced(row, State::Claimed)
        .col_expr(Column::State, Expr::value(State::Sending))
        .col_expr(Column::Frozen, Expr::value(frozen.message.clone()))
        .col_expr(Column::MessageId, Expr::value(frozen.message_id.clone()))
        .col_expr(Column::Subject, Expr::value(frozen.subject.clone()))
        .col_expr(Column::Body, Expr::value(frozen.body.clone()))
        .col_expr(Column::SentTo, Expr::value(frozen.sent_to.clone()))
        .col_expr(Column::LeaseUntil, Expr::value(lease_until))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

pub(super) fn fenced(row: &Delivery, state: State) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(row.id))
        .filter(Column::LeaseToken.eq(row.lease_token))
        .filter(Column::State.eq(state))
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

/// Leases that ran out: what had not begun goes back unspent; what was on the wire is in doubt, and is due
/// again at `doubt_until`. Returns how many were in doubt.
pub async fn sweep(tx: &impl ConnectionTrait, now: DateTime<Utc>, doubt_until: DateTime<Utc>) -> Result<u64> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::Tries, Expr::col(Column::Tries).sub(1))
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .filter(Expr::cust(LEASED))
        .filter(Column::State.eq(State::Claimed))
        .filter(Column::LeaseUntil.lte(now))
        .exec(tx)
        .await?;
    let doubtful = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Unknown))
        .col_expr(Column::Reason, Expr::value("stopped while it was being handed over; it may have arrived"))
        .col_expr(Column::NextTryAt, Expr::value(doubt_until))
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .filter(Expr::cust(LEASED))
        .filter(Column::State.eq(State::Sending))
        .filter(Column::LeaseUntil.lte(now))
        .exec(tx)
        .await?;
    Ok(doubtful.rows_affected)
}

/// Rows that are due and not finished: a rehearsal's clock waits for them, and a test's end refuses them.
pub async fn count_open(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64> {
    Ok(Entity::find().filter(Column::State.is_in(OPEN)).filter(Column::DueAt.lte(now)).count(db).await?)
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
