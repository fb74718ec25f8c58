//! How much is due and not finished, and since when?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, SimpleExpr},
};

use super::{Column, Entity, Result, is_lost};
use crate::domain::delivery::State;

/// What is due and not finished, by state, and since when the oldest is. The states stand in the statement
/// itself: only then does the partial index answer.
#[derive(Debug, Clone, Default)]
pub struct Backlog {
    pub due: Vec<(State, u64)>,
    pub oldest_due_at: Option<DateTime<Utc>>,
}

/// `now` is program time.
pub async fn backlog(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Backlog> {
    let open = || -> SimpleExpr { Expr::cust("state IN ('queued', 'deferred', 'unknown')") };
    let leased = || -> SimpleExpr { Expr::cust("state IN ('claimed', 'sending')") };
    let mut due = Vec::new();
    for states in [open(), leased()] {
        let rows: Vec<(State, i64)> = Entity::find()
            .select_only()
            .column(Column::State)
            .column_as(Column::Id.count(), "number")
            .filter(states)
            .filter(Column::DueAt.lte(now))
            .group_by(Column::State)
            .into_tuple()
            .all(db)
            .await?;
        due.extend(rows.into_iter().map(|(state, count)| (state, u64::try_from(count).unwrap_or_default())));
    }
    // One that is tried again or in doubt has had its turn: what nobody has tried yet is what is late.
    let oldest: Option<DateTime<Utc>> = Entity::find()
        .select_only()
        .column(Column::DueAt)
        .filter(open())
        .filter(Expr::cust("state = 'queued'").and(Column::DueAt.lte(now)))
        .order_by_asc(Column::DueAt)
        .into_tuple()
        .one(db)
        .await?;
    Ok(Backlog { due, oldest_due_at: oldest })
}

/// Every open state with its count, zero included, so that a number that was there does not just end.
#[must_use]
pub fn backlog_states(backlog: &Backlog) -> Vec<(&'static str, u64)> {
    let count = |state: State| backlog.due.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
    super::OPEN.iter().map(|state| (state.as_str(), count(*state))).collect()
}

/// What does not go on, or went wrong lately.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// In somebody's hands whose lease ran out long ago.
    pub stale_leases: u64,
    /// In doubt now; failed or bounced since.
    pub by_state: Vec<(State, u64)>,
}

/// `since` is program time, `stale_at` real.
pub async fn trouble(db: &impl ConnectionTrait, since: DateTime<Utc>, stale_at: DateTime<Utc>) -> Result<Trouble> {
    let stale_leases = Entity::find()
        .filter(Expr::cust("state IN ('claimed', 'sending')"))
        .filter(Column::LeaseUntil.lt(stale_at))
        .count(db)
        .await?;
    let mut by_state = Vec::new();
    for state in [State::Unknown, State::Failed, State::Bounced] {
        let of_state = Entity::find().filter(Column::State.eq(state));
        let recent = if state == State::Unknown {
            of_state
        } else {
            of_state.filter(is_lost()).filter(Column::ChangedAt.gt(since))
        };
        by_state.push((state, recent.count(db).await?));
    }
    Ok(Trouble { stale_leases, by_state })
}

/// When the ledger was last written to.
pub async fn last_change(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>> {
    let newest = Entity::find().select_only().column(Column::ChangedAt).order_by_desc(Column::ChangedAt);
    Ok(newest.into_tuple().one(db).await?)
}
