//! What do several senders write in one commit, and how is a row that is not ours any more left alone?

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, ConnectionTrait, ExprTrait,
    sea_query::{Alias, CommonTableExpression, Expr, Query, UpdateStatement, Values},
};
use uuid::Uuid;

use super::{
    super::{
        Error,
        fills::{self, Fill},
        stencils::{self, Stencil},
    },
    Begun, Claimed, Column, Entity, Kept, Result, state_is,
};
use crate::{
    clock::Now,
    domain::{delivery::State, ids::DeliveryId},
};

/// The most that is written in one statement: its parameters stay far below what SQLite takes.
const AT_ONCE: usize = 100;

/// What is written in one commit.
pub(super) struct Pile<'a> {
    pub sent: &'a [(Claimed, Now)],
    pub begun: &'a [&'a Begun],
    pub unknown: &'a [Arc<Stencil>],
}

/// Why a pile was not written as it is.
#[derive(Debug)]
pub(super) enum NotAll {
    Store(Error),
    /// A lease was lost, and somebody else has written: it has to be asked which.
    SomeAreLost,
}

impl From<Error> for NotAll {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

crate::from_store!(NotAll);

impl Pile<'_> {
    /// Everything, or nothing: hardly ever is a lease lost, and to be told of each row by itself costs more than to
    /// write it.
    pub(super) async fn write(&self, tx: &impl ConnectionTrait) -> std::result::Result<(), NotAll> {
        self.keep_stencils(tx).await?;
        let mut statements: Vec<(UpdateStatement, usize)> = Vec::new();
        statements.extend(self.sent.chunks(AT_ONCE).map(|chunk| (sent_at_once(chunk), chunk.len())));
        statements.extend(self.begun.chunks(AT_ONCE).map(|chunk| (begun_at_once(chunk), chunk.len())));
        for (update, rows) in statements {
            let written = tx.execute(&update).await.map_err(Error::from)?.rows_affected();
            if usize::try_from(written) != Ok(rows) {
                return Err(NotAll::SomeAreLost);
            }
        }
        Ok(fills::keep(tx, self.begun.iter().filter_map(|next| fill(next)).collect()).await?)
    }

    /// What is still ours of it; returns which were sent and which begun.
    pub(super) async fn write_what_is_ours(
        &self,
        tx: &impl ConnectionTrait,
    ) -> Result<(Vec<DeliveryId>, Vec<DeliveryId>)> {
        self.keep_stencils(tx).await?;
        let mut sent = Vec::with_capacity(self.sent.len());
        for chunk in self.sent.chunks(AT_ONCE) {
            sent.extend(ids(tx, sent_at_once(chunk)).await?);
        }
        Ok((sent, start_all(tx, self.begun).await?))
    }

    async fn keep_stencils(&self, tx: &impl ConnectionTrait) -> Result<()> {
        for stencil in self.unknown {
            stencils::keep(tx, Stencil::clone(stencil)).await?;
        }
        Ok(())
    }
}

/// Writes that these arrived at the next hop; their frozen bytes are forgotten. The others' leases were lost, and
/// somebody else has written.
fn sent_at_once(sent: &[(Claimed, Now)]) -> UpdateStatement {
    let values = |(row, now): &(Claimed, Now)| {
        Values(vec![row.id.0.into(), row.lease_token.into(), now.real.into(), now.program.into()])
    };
    let of = |column: &'static str| Expr::col((Alias::new("sent"), Alias::new(column)));
    let mut update = step("sent", &["id", "lease_token", "real_at", "at"], sent.iter().map(values).collect());
    update
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
        .cond_where(fenced("sent", State::Sending));
    update
}

/// One intention, in a transaction with more. `false`: the lease was lost, stop.
pub async fn start_sending(tx: &impl ConnectionTrait, begun: &Begun) -> Result<bool> {
    let stencil = match &begun.frozen.kept {
        Kept::Holes { stencil, .. } => vec![stencil.clone()],
        Kept::Whole { .. } => Vec::new(),
    };
    let (_, begun) = Pile { sent: &[], begun: &[begun], unknown: &stencil }.write_what_is_ours(tx).await?;
    Ok(!begun.is_empty())
}

/// Returns which began: the others' leases were lost.
async fn start_all(tx: &impl ConnectionTrait, begun: &[&Begun]) -> Result<Vec<DeliveryId>> {
    let mut written = Vec::with_capacity(begun.len());
    for chunk in begun.chunks(AT_ONCE) {
        let ids = ids(tx, begun_at_once(chunk)).await?;
        let fills = chunk.iter().filter(|next| ids.contains(&next.row.id)).filter_map(|next| fill(next));
        fills::keep(tx, fills.collect()).await?;
        written.extend(ids);
    }
    Ok(written)
}

/// Committed before the first byte of any of them leaves.
fn begun_at_once(begun: &[&Begun]) -> UpdateStatement {
    let columns =
        ["id", "lease_token", "frozen", "message_id", "subject", "body", "sent_to", "frozen_for", "stencil_id"];
    let of = |column: &'static str| Expr::col((Alias::new("next"), Alias::new(column)));
    let mut update = step("next", &columns, begun.iter().map(|next| values(next)).collect());
    update
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
        ])
        .values(begun.first().map(|first| (Column::LeaseUntil, first.lease.until())))
        .cond_where(fenced("next", State::Claimed));
    update
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

/// Begins a statement that takes many rows on by what a table of this name says of each.
fn step(name: &'static str, columns: &[&'static str], rows: Vec<Values>) -> UpdateStatement {
    let mut table = CommonTableExpression::new();
    table.table_name(Alias::new(name)).columns(columns.iter().copied().map(Alias::new)).values(rows);
    let mut update = Query::update();
    update.with_cte(table).table(Entity).from(Alias::new(name));
    update
}

/// The row is still ours, and where we left it.
fn fenced(table: &'static str, state: State) -> Condition {
    let of = |column: &'static str| Expr::col((Alias::new(table), Alias::new(column)));
    Condition::all()
        .add(Expr::col((Entity, Column::Id)).eq(of("id")))
        .add(Expr::col((Entity, Column::LeaseToken)).eq(of("lease_token")))
        .add(state_is(state))
}

async fn ids(tx: &impl ConnectionTrait, mut update: UpdateStatement) -> Result<Vec<DeliveryId>> {
    update.returning_col((Entity, Column::Id));
    let rows = tx.query_all(&update).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index::<DeliveryId>(0)).collect::<std::result::Result<_, _>>()?)
}
