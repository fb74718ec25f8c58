//! Which rows does a sender take next? The most urgent, and of those the practice whose turn it is.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
    sea_query::{Expr, LockBehavior, LockType},
};

use super::{Column, Delivery, Entity, Result, lease::Lease};
use crate::{
    clock::Now,
    domain::{
        delivery::{Occasion, State},
        ids::PracticeId,
    },
};

/// What a sender asks for.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub lease: Lease,
    pub most: u64,
    /// The practice that was served last, by anybody in this process.
    pub served: Option<PracticeId>,
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

/// The states stand in the statement itself: only then does the partial index answer.
fn sendable(now: Now) -> Condition {
    Condition::all()
        .add(Expr::cust("state IN ('queued', 'deferred', 'unknown')"))
        .add(Expr::cust(known_occasions()))
        .add(Column::DueAt.lte(now.program))
        .add(Column::NextTryAt.lte(now.real))
        .add(Expr::cust(IN_ORDER))
        .add(Expr::cust(ONE_BY_ONE))
}

/// Everything that a sender could take, of whichever urgency and practice.
pub(in crate::store) fn all_sendable(now: Now) -> Select<Entity> {
    Entity::find().filter(sendable(now))
}

/// What a newer version beside this one may have queued is left to it: nobody here could read such a row.
fn known_occasions() -> String {
    let words: Vec<String> = Occasion::ALL.iter().map(|occasion| format!("'{}'", occasion.as_str())).collect();
    format!("deliveries.occasion IN ({})", words.join(", "))
}

/// The most urgent there is, and the practice that comes after the one served last, round and round.
async fn turn(tx: &impl ConnectionTrait, claim: &Claim, now: Now) -> Result<Option<(i32, PracticeId)>> {
    let most_urgent = Entity::find().select_only().column(Column::Priority).filter(sendable(now));
    let Some(priority) = most_urgent.order_by_asc(Column::Priority).into_tuple::<i32>().one(tx).await? else {
        return Ok(None);
    };
    let practices = Entity::find()
        .select_only()
        .column(Column::PracticeId)
        .filter(sendable(now))
        .filter(Column::Priority.eq(priority))
        .order_by_asc(Column::PracticeId);
    if let Some(served) = claim.served {
        let after = practices.clone().filter(Column::PracticeId.gt(served));
        if let Some(practice) = after.into_tuple::<PracticeId>().one(tx).await? {
            return Ok(Some((priority, practice)));
        }
    }
    let first = practices.into_tuple::<PracticeId>().one(tx).await?;
    Ok(first.map(|practice| (priority, practice)))
}

/// Takes what is due under a lease: of one practice and one urgency, the oldest first. Nothing has touched the
/// network yet.
pub async fn claim(tx: &impl ConnectionTrait, claim: &Claim, now: Now) -> Result<Vec<Delivery>> {
    match turn(tx, claim, now).await? {
        Some(turn) => take(tx, claim, turn, now).await,
        None => Ok(Vec::new()),
    }
}

/// What is due of this priority and practice, under the lease.
pub async fn take(
    tx: &impl ConnectionTrait,
    claim: &Claim,
    turn: (i32, PracticeId),
    now: Now,
) -> Result<Vec<Delivery>> {
    let (priority, practice) = turn;
    let picked = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(sendable(now))
        .filter(Column::Priority.eq(priority))
        .filter(Column::PracticeId.eq(practice))
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(claim.most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let mut claimed = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Claimed))
        .col_expr(Column::LeaseToken, Expr::value(claim.lease.token))
        .col_expr(Column::LeaseUntil, claim.lease.until())
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .col_expr(Column::ChangedAt, Expr::value(now.program))
        .filter(Column::Id.in_subquery(picked))
        .exec_with_returning(tx)
        .await?;
    // RETURNING keeps no order.
    claimed.sort_unstable_by_key(|row| (row.due_at, row.id));
    Ok(claimed)
}
