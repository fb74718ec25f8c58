//! Was this form sent before, and what was answered then?
//!
//! While a form is on its way through a request, the first transaction that commits carries its mark: the
//! effect and the mark are one. Whoever sends the same form again finds the mark and changes nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryTrait,
    sea_query::{Alias, CommonTableExpression, Expr, ExprTrait, OnConflict, Query, Values},
};
use uuid::Uuid;

use super::{
    Error, Result,
    database::Database,
    gather::{Gather, Shared, shared, told},
    rows::sent_forms::{Column, Entity, Model},
};
use crate::{domain::ids::PracticeId, transact};

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
    let written = Entity::insert(row_of(&on_its_way.form).into_active_model())
        .on_conflict(OnConflict::column(Column::TokenHash).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    if written == 0 {
        return Err(Error::SentBefore);
    }
    on_its_way.step.store(WRITTEN, Ordering::Release);
    Ok(())
}

fn row_of(form: &Form) -> Model {
    Model {
        id: form.id,
        practice_id: PracticeId(Uuid::nil()),
        token_hash: form.hash.clone(),
        answer: String::new(),
        made_at: form.sent_at,
        answered_at: None,
    }
}

/// A form on its way, for a transaction that is not only its own.
#[derive(Debug, Clone)]
pub struct Mark(Arc<OnItsWay>);

impl Mark {
    /// `None`: no form is on its way here, or it has counted already.
    #[must_use]
    pub fn of_this() -> Option<Self> {
        on_its_way().filter(|form| form.step.load(Ordering::Acquire) == FRESH).map(Self)
    }

    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.form.id
    }

    /// The transaction with the mark was committed.
    pub fn has_counted(&self) {
        self.0.step.store(COUNTED, Ordering::Release);
    }
}

/// Writes many marks; returns the ids of those that were not there before.
pub async fn mark_all(tx: &impl ConnectionTrait, marks: &[&Mark]) -> Result<HashSet<Uuid>> {
    if marks.is_empty() {
        return Ok(HashSet::new());
    }
    let mut all = Entity::insert_many(marks.iter().map(|mark| row_of(&mark.0.form).into_active_model()))
        .on_conflict(OnConflict::column(Column::TokenHash).do_nothing().to_owned())
        .into_query();
    all.returning_col(Column::Id);
    let written = tx.query_all(&all).await?;
    Ok(written.iter().map(|row| row.try_get_by_index::<Uuid>(0)).collect::<std::result::Result<_, _>>()?)
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

/// What became of these forms, by their hashes. One that never counted is not among them.
pub async fn find_all(db: &impl ConnectionTrait, hashes: &[String]) -> Result<HashMap<String, Sent>> {
    let rows = Entity::find().filter(Column::TokenHash.is_in(hashes)).all(db).await?;
    let sent = |row: &Model| Sent { sent_at: row.made_at, answer: row.answer.clone(), answered_at: row.answered_at };
    Ok(rows.iter().map(|row| (row.token_hash.clone(), sent(row))).collect())
}

/// An answer that is kept for whoever sends the same form again.
#[derive(Debug, Clone)]
pub struct ToKeep {
    pub hash: String,
    /// Sealed.
    pub answer: String,
    pub at: DateTime<Utc>,
}

/// Where the requests of one process look up forms, and keep answers, together.
#[derive(Debug, Default)]
pub struct Desk {
    looking: Gather<(), String, Shared<Option<Sent>>>,
    keeping: Gather<(), ToKeep, Shared<()>>,
}

impl Desk {
    /// What became of the form with this hash.
    pub async fn find(&self, db: &Database, hash: &str) -> Result<Option<Sent>> {
        let look = |hashes: Vec<String>| async move {
            match find_all(db.reader(), &hashes).await {
                Ok(sent) => hashes.iter().map(|hash| Ok(sent.get(hash).cloned())).collect(),
                Err(error) => alike(shared(error), hashes.len()),
            }
        };
        match self.looking.ask((), hash.to_owned(), look).await {
            Some(found) => told(Some(found)),
            // Who looked for all hung up in the middle of it: nobody else pays for that.
            None => Ok(find_all(db.reader(), &[hash.to_owned()]).await?.remove(hash)),
        }
    }

    /// Durable when it returns.
    pub async fn keep(&self, db: &Database, answer: ToKeep) -> Result<()> {
        let keep = |answers: Vec<ToKeep>| async move {
            match keep_all(db, &answers).await {
                Ok(()) => answers.iter().map(|_| Ok(())).collect(),
                Err(error) => alike(shared(error), answers.len()),
            }
        };
        told(self.keeping.ask((), answer, keep).await)
    }
}

async fn keep_all(db: &Database, answers: &[ToKeep]) -> Result<()> {
    transact!(aside db, |tx| keep_answers(tx, answers).await)
}

fn alike<T>(error: Arc<DbErr>, number: usize) -> Vec<Shared<T>> {
    (0..number).map(|_| Err(error.clone())).collect()
}

/// Keeps many answers in one statement; the first answer to a form stays.
pub async fn keep_answers(tx: &impl ConnectionTrait, answers: &[ToKeep]) -> Result<()> {
    let mut first: HashSet<&str> = HashSet::new();
    let answers: Vec<&ToKeep> = answers.iter().filter(|answer| first.insert(&answer.hash)).collect();
    let column = |name: &'static str| Expr::col((Alias::new("given"), Alias::new(name)));
    let mut given = CommonTableExpression::new();
    given.table_name(Alias::new("given")).columns(["hash", "answer", "at"].map(Alias::new));
    let values = |one: &&ToKeep| Values(vec![one.hash.clone().into(), one.answer.clone().into(), one.at.into()]);
    given.values(answers.iter().map(values).collect());
    let mut update = Query::update();
    update
        .with_cte(given)
        .table(Entity)
        .from(Alias::new("given"))
        .values([(Column::Answer, column("answer")), (Column::AnsweredAt, column("at"))])
        .and_where(Expr::col((Entity, Column::TokenHash)).eq(column("hash")))
        .and_where(Expr::col((Entity, Column::AnsweredAt)).is_null());
    tx.execute(&update).await?;
    Ok(())
}

pub async fn forget(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::MadeAt.lt(before)).exec(tx).await?;
    Ok(())
}
