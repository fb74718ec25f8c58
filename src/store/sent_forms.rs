//! Was this form sent before, and what was answered then?
//!
//! While a form is on its way through a request, the first transaction that commits carries its mark: the
//! effect and the mark are one. Whoever sends the same form again finds the mark and changes nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Error, Result,
    rows::sent_forms::{Column, Entity, Model},
};
use crate::domain::ids::PracticeId;

tokio::task_local! {
    static ON_ITS_WAY: Arc<OnItsWay>;
}

/// A form as it came: never its text, only a keyed hash of all of it.
#[derive(Debug, Clone)]
pub struct Form {
    pub id: Uuid,
    pub hash: String,
    pub sent_at: DateTime<Utc>,
}

#[derive(Debug)]
struct OnItsWay {
    form: Form,
    step: AtomicU8,
}

/// How far a form has come: nothing written, written in an open transaction, committed.
const FRESH: u8 = 0;
const WRITTEN: u8 = 1;
const COUNTED: u8 = 2;

/// Whether the work behind a form changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Counted,
    Nothing,
}

/// Does the work with the form on its way: its first commit marks the form as sent.
pub async fn carrying<T>(form: Form, work: impl Future<Output = T>) -> (T, Effect) {
    let on_its_way = Arc::new(OnItsWay { form, step: AtomicU8::new(FRESH) });
    let done = ON_ITS_WAY.scope(on_its_way.clone(), work).await;
    let counted = on_its_way.step.load(Ordering::Acquire) == COUNTED;
    (done, if counted { Effect::Counted } else { Effect::Nothing })
}

/// Writes the mark at the start of a transaction, unless an earlier one of this request did. On PostgreSQL it
/// waits for another transaction that is writing the same; on SQLite there is one writer.
pub(super) async fn mark(tx: &impl ConnectionTrait) -> Result<()> {
    let Some(on_its_way) = on_its_way().filter(|form| form.step.load(Ordering::Acquire) == FRESH) else {
        return Ok(());
    };
    let form = &on_its_way.form;
    let row = Model {
        id: form.id,
        practice_id: PracticeId(Uuid::nil()),
        token_hash: form.hash.clone(),
        answer: String::new(),
        made_at: form.sent_at,
        answered_at: None,
    };
    let written = Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(Column::TokenHash).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    if written == 0 {
        return Err(Error::SentBefore);
    }
    on_its_way.step.store(WRITTEN, Ordering::Release);
    Ok(())
}

/// The transaction with the mark ended.
pub(super) fn ended(committed: bool) {
    if let Some(on_its_way) = on_its_way() {
        let next = if committed { COUNTED } else { FRESH };
        let _other_step = on_its_way.step.compare_exchange(WRITTEN, next, Ordering::AcqRel, Ordering::Acquire);
    }
}

fn on_its_way() -> Option<Arc<OnItsWay>> {
    ON_ITS_WAY.try_with(Clone::clone).ok()
}

/// A form that counted.
#[derive(Debug, Clone)]
pub struct Sent {
    pub sent_at: DateTime<Utc>,
    /// Sealed; empty while the first answer is not given yet, or when it never was.
    pub answer: String,
    pub answered_at: Option<DateTime<Utc>>,
}

pub async fn find(db: &impl ConnectionTrait, hash: &str) -> Result<Option<Sent>> {
    let row = Entity::find().filter(Column::TokenHash.eq(hash)).one(db).await?;
    Ok(row.map(|row| Sent { sent_at: row.made_at, answer: row.answer, answered_at: row.answered_at }))
}

pub async fn keep_answer(tx: &impl ConnectionTrait, hash: &str, answer: &str, at: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Answer, Expr::value(answer))
        .col_expr(Column::AnsweredAt, Expr::value(at))
        .filter(Column::TokenHash.eq(hash))
        .filter(Column::AnsweredAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn forget(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::MadeAt.lt(before)).exec(tx).await?;
    Ok(())
}
