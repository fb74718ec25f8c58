//! How do all senders of a process write down what they do, in one statement and one commit?
//!
//! Whoever has something to write leaves it on the pile and waits for a turn. Who has the turn takes the whole pile;
//! while that is committed, others come and wait, and the next of them takes theirs along. There is no timer: one
//! sender alone waits for nobody.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::future::{Either, select};
use sea_orm::{
    Condition, ConnectionTrait, DbErr, ExprTrait, RuntimeErr,
    sea_query::{Alias, CommonTableExpression, Expr, Query, Values},
};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    super::{
        Error,
        database::Database,
        fills::{self, Fill},
        stencils::{self, Stencil},
    },
    Column, Delivery, Entity, Frozen, Kept, Lease, Result, state_is,
};
use crate::{
    clock::Now,
    domain::{delivery::State, ids::DeliveryId},
    transact,
};

/// What one sender wants to be written: the outcome of one mail, the intention of the next, or both.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// It was sent, at this time.
    pub sent: Option<(Claimed, Now)>,
    pub begun: Option<Begun>,
}

/// A row under a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claimed {
    pub id: DeliveryId,
    pub lease_token: Option<Uuid>,
}

impl From<&Delivery> for Claimed {
    fn from(row: &Delivery) -> Self {
        Self { id: row.id, lease_token: row.lease_token }
    }
}

/// A mail that is about to leave.
#[derive(Debug, Clone)]
pub struct Begun {
    pub row: Claimed,
    pub frozen: Arc<Frozen>,
    pub lease: Lease,
}

/// What of an entry was written; what was not, somebody else has taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    pub sent: bool,
    pub begun: bool,
}

/// All that share a commit share what became of it.
type Answer = std::result::Result<Written, Arc<DbErr>>;
type Waiting = (Entry, oneshot::Sender<Answer>);

/// Where the senders of one process leave what is to be written.
#[derive(Debug, Default)]
pub struct Together {
    pile: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
    /// The stencils that are known to be kept, and the day for which that is noted.
    kept: Mutex<HashMap<Uuid, NaiveDate>>,
}

impl Together {
    /// Durable when it returns.
    pub async fn write(&self, db: &Database, entry: Entry) -> Result<Written> {
        let (tell, told) = oneshot::channel();
        self.pile.lock().unwrap_or_else(PoisonError::into_inner).push((entry, tell));
        // Who is answered while others write waits for no turn.
        match select(told, pin!(self.turn.lock())).await {
            Either::Left((written, _)) => answered(written),
            Either::Right((turn, told)) => {
                self.write_pile(db).await;
                drop(turn);
                answered(told.await)
            }
        }
    }

    async fn write_pile(&self, db: &Database) {
        let pile = std::mem::take(&mut *self.pile.lock().unwrap_or_else(PoisonError::into_inner));
        if pile.is_empty() {
            return;
        }
        let (entries, waiting): (Vec<Entry>, Vec<_>) = pile.into_iter().unzip();
        let written = self.write_all(db, &entries).await.map_err(|error| Arc::new(lost(error)));
        for (at, tell) in waiting.into_iter().enumerate() {
            let _gone = tell.send(written.as_ref().map(|all| all[at]).map_err(Arc::clone));
        }
    }

    async fn write_all(&self, db: &Database, entries: &[Entry]) -> Result<Vec<Written>> {
        let sent: Vec<(Claimed, Now)> = entries.iter().filter_map(|entry| entry.sent).collect();
        let begun: Vec<&Begun> = entries.iter().filter_map(|entry| entry.begun.as_ref()).collect();
        let unknown = self.unknown(&begun);
        let (sent, begun) = transact!(db, |tx| {
            for stencil in &unknown {
                stencils::keep(tx, Stencil::clone(stencil)).await?;
            }
            let sent = record_sent(tx, &sent).await?;
            let begun = start_all(tx, &begun).await?;
            Ok::<_, Error>((sent, begun))
        })?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(unknown.iter().map(|stencil| (stencil.id, stencil.used_at.date_naive())));
        let written = |entry: &Entry| Written {
            sent: entry.sent.is_some_and(|(row, _)| sent.contains(&row.id)),
            begun: entry.begun.as_ref().is_some_and(|next| begun.contains(&next.row.id)),
        };
        Ok(entries.iter().map(written).collect())
    }

    /// The stencils of these that may not be kept yet, or not be noted as used today.
    fn unknown(&self, begun: &[&Begun]) -> Vec<Arc<Stencil>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() > MOST_KNOWN {
            kept.clear();
        }
        let mut unknown: Vec<Arc<Stencil>> = Vec::new();
        for next in begun {
            if let Kept::Holes { stencil, .. } = &next.frozen.kept
                && kept.get(&stencil.id) != Some(&stencil.used_at.date_naive())
                && unknown.iter().all(|other| other.id != stencil.id)
            {
                unknown.push(stencil.clone());
            }
        }
        unknown
    }
}

/// So many stencils a process remembers to have kept.
const MOST_KNOWN: usize = 10_000;

fn answered(told: std::result::Result<Answer, oneshot::error::RecvError>) -> Result<Written> {
    told.map_err(|_| Error::Lost(Arc::new(stopped())))?.map_err(Error::Lost)
}

fn lost(error: Error) -> DbErr {
    match error {
        Error::Database(error) => error,
        other => DbErr::Custom(other.to_string()),
    }
}

/// Who wrote for all went away in the middle of it.
fn stopped() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("who wrote for the others was stopped".to_owned()))
}

/// The most that is written in one statement: its parameters stay far below what SQLite takes.
const AT_ONCE: usize = 100;

/// Writes that these arrived at the next hop; their frozen bytes are forgotten. Returns which: the others' leases
/// were lost, and somebody else has written.
async fn record_sent(tx: &impl ConnectionTrait, sent: &[(Claimed, Now)]) -> Result<Vec<DeliveryId>> {
    let mut written = Vec::with_capacity(sent.len());
    for chunk in sent.chunks(AT_ONCE) {
        let values = |(row, now): &(Claimed, Now)| {
            Values(vec![row.id.0.into(), row.lease_token.into(), now.real.into(), now.program.into()])
        };
        let table = table("sent", &["id", "lease_token", "real_at", "at"], chunk.iter().map(values).collect());
        let of = |column: &'static str| Expr::col((Alias::new("sent"), Alias::new(column)));
        let mut update = Query::update();
        update
            .with_cte(table)
            .table(Entity)
            .values([
                (Column::State, Expr::value(State::Sent)),
                (Column::Reason, Expr::value(None::<String>)),
                (Column::NextTryAt, of("real_at")),
                (Column::SentAt, of("at")),
                (Column::ChangedAt, of("at")),
                (Column::LeaseToken, Expr::value(None::<Uuid>)),
                (Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>)),
                (Column::Frozen, Expr::value(None::<Vec<u8>>)),
            ])
            .from(Alias::new("sent"))
            .cond_where(fenced("sent", State::Sending))
            .returning_col((Entity, Column::Id));
        written.extend(ids(tx, &update).await?);
    }
    Ok(written)
}

/// The same for one of them, in a transaction with more. `false`: the lease was lost, stop.
pub async fn start_sending(tx: &impl ConnectionTrait, begun: &Begun) -> Result<bool> {
    if let Kept::Holes { stencil, .. } = &begun.frozen.kept {
        stencils::keep(tx, Stencil::clone(stencil)).await?;
    }
    Ok(!start_all(tx, &[begun]).await?.is_empty())
}

/// Committed before the first byte of any of them leaves. Returns which: the others' leases were lost.
async fn start_all(tx: &impl ConnectionTrait, begun: &[&Begun]) -> Result<Vec<DeliveryId>> {
    let mut written = Vec::with_capacity(begun.len());
    for chunk in begun.chunks(AT_ONCE) {
        let Some(lease) = chunk.first().map(|first| first.lease) else { break };
        let columns =
            ["id", "lease_token", "frozen", "message_id", "subject", "body", "sent_to", "frozen_for", "stencil_id"];
        let table = table("next", &columns, chunk.iter().map(|next| values(next)).collect());
        let of = |column: &'static str| Expr::col((Alias::new("next"), Alias::new(column)));
        let mut update = Query::update();
        update
            .with_cte(table)
            .table(Entity)
            .values([
                (Column::State, Expr::value(State::Sending)),
                (Column::Frozen, of("frozen")),
                (Column::MessageId, of("message_id")),
                (Column::Subject, of("subject")),
                (Column::Body, of("body")),
                (Column::SentTo, of("sent_to")),
                (Column::FrozenFor, of("frozen_for")),
                (Column::StencilId, of("stencil_id")),
                (Column::Fills, Expr::value(None::<String>)),
                (Column::LeaseUntil, lease.until()),
            ])
            .from(Alias::new("next"))
            .cond_where(fenced("next", State::Claimed))
            .returning_col((Entity, Column::Id));
        let ids = ids(tx, &update).await?;
        let fills = chunk.iter().filter(|next| ids.contains(&next.row.id)).filter_map(|next| fill(next));
        fills::keep(tx, fills.collect()).await?;
        written.extend(ids);
    }
    Ok(written)
}

/// What goes into its stencil's holes, if it has one.
fn fill(next: &Begun) -> Option<Fill> {
    let Kept::Holes { stencil, fills } = &next.frozen.kept else { return None };
    let (practice_id, kept_at) = (stencil.practice_id, stencil.used_at);
    Some(Fill { id: next.row.id, practice_id, words: fills.clone(), kept_at })
}

fn values(next: &Begun) -> Values {
    let frozen = &next.frozen;
    let (message, body, stencil) = match &frozen.kept {
        Kept::Whole { body } => (Some(frozen.message.clone()), Some(body.clone()), None),
        Kept::Holes { stencil, .. } => (None, None, Some(stencil.id)),
    };
    Values(vec![
        next.row.id.0.into(),
        next.row.lease_token.into(),
        message.into(),
        frozen.message_id.clone().into(),
        frozen.subject.clone().into(),
        body.into(),
        frozen.sent_to.clone().into(),
        frozen.frozen_for.clone().into(),
        stencil.into(),
    ])
}

fn table(name: &'static str, columns: &[&'static str], rows: Vec<Values>) -> CommonTableExpression {
    let mut table = CommonTableExpression::new();
    table.table_name(Alias::new(name)).columns(columns.iter().copied().map(Alias::new)).values(rows);
    table
}

/// The row is still ours, and where we left it.
fn fenced(table: &'static str, state: State) -> Condition {
    let of = |column: &'static str| Expr::col((Alias::new(table), Alias::new(column)));
    Condition::all()
        .add(Expr::col((Entity, Column::Id)).eq(of("id")))
        .add(Expr::col((Entity, Column::LeaseToken)).eq(of("lease_token")))
        .add(state_is(state))
}

async fn ids(tx: &impl ConnectionTrait, update: &sea_orm::sea_query::UpdateStatement) -> Result<Vec<DeliveryId>> {
    let rows = tx.query_all(update).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index::<DeliveryId>(0)).collect::<std::result::Result<_, _>>()?)
}
