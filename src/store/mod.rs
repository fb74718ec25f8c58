//! What do we remember? The only code that knows SQL and SeaORM.
//!
//! One file a noun. A function says its scope in its name and takes the practice's id wherever a stranger
//! could have chosen the other ids. What reads takes any connection; what writes takes a transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, RuntimeErr,
    SqlErr,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

pub mod announcements;
pub mod asking;
pub mod attempts;
pub mod attendances;
pub mod audits;
pub mod backup;
pub mod bounces;
pub mod calendar_answers;
pub mod check_ins;
pub mod coaches;
pub mod cohort_lessons;
pub mod cohorts;
mod columns;
pub mod consents;
pub mod couples;
pub mod database;
pub mod decisions;
pub mod due;
pub mod enrollments;
pub mod fills;
pub mod freshness;
pub mod gather;
pub mod holds;
pub mod intakes;
pub mod invites;
pub mod ledger;
pub mod logins;
pub mod moves;
pub mod participants;
pub mod plans;
pub mod practices;
pub mod programs;
pub mod replies;
pub mod roster;
pub mod rows;
pub mod schedule_changes;
pub mod sent_forms;
pub mod sessions;
pub mod settings;
pub mod silences;
pub mod standing_changes;
pub mod stencils;
pub mod stops;
pub mod subscriptions;
pub mod suppressions;
pub mod timetable;
mod writer;

pub use sea_orm::ConnectionTrait as Connection;

/// The database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database did not answer as it should: {0}")]
    Database(#[from] DbErr),
    /// Nothing was changed: the transaction that it shared with others was not kept.
    #[error("the database did not keep what was written: {0}")]
    Lost(Arc<DbErr>),
    /// The form on its way has counted already; nothing was changed.
    #[error("this form was sent before")]
    SentBefore,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// PostgreSQL asks for the whole transaction again: serialization failure or deadlock. A row that was
    /// there already is worth one more look: somebody wrote it a moment ago, and now it can be read.
    fn wants_another_try(&self, tries: usize) -> bool {
        (tries == 1 && self.is_duplicate()) || self.is_serialization_failure()
    }

    fn is_serialization_failure(&self) -> bool {
        let Self::Database(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
            self
        else {
            return false;
        };
        let code = error.as_database_error().and_then(|error| error.code());
        matches!(code.as_deref(), Some("40001" | "40P01"))
    }

    /// The database understood, and did not take what it was given: something else it may take.
    #[must_use]
    pub fn is_about_a_row(&self) -> bool {
        let Self::Database(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
            self
        else {
            return false;
        };
        error.as_database_error().is_some()
    }

    /// The row was there already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
    }
}

/// An error of ours that a database error can be inside of, so that `Database::write` sees it.
pub trait FromStore: From<Error> {
    fn as_store(&self) -> Option<&Error>;
}

impl FromStore for Error {
    fn as_store(&self) -> Option<&Error> {
        Some(self)
    }
}

impl FromStore for anyhow::Error {
    fn as_store(&self) -> Option<&Error> {
        self.downcast_ref()
    }
}

/// Makes an action's error one that `Database::write` understands: it needs a variant `Store(store::Error)`.
#[macro_export]
macro_rules! from_store {
    ($name:ident) => {
        impl $crate::store::FromStore for $name {
            fn as_store(&self) -> Option<&$crate::store::Error> {
                match self {
                    Self::Store(error) => Some(error),
                    _ => None,
                }
            }
        }
    };
}

/// SQLite takes 32,766 bind parameters a statement; the widest row has 34 columns.
const ROWS_A_STATEMENT: usize = 500;

/// A random id that the database makes, where a statement fills a row by itself.
fn fresh_id(tx: &impl ConnectionTrait) -> SimpleExpr {
    match tx.get_database_backend() {
        DbBackend::Postgres => Expr::cust("gen_random_uuid()"),
        _ => Expr::cust("randomblob(16)"),
    }
}

/// Ids for the rows that one statement makes of others. They are of this instant, so that they lie behind those made
/// before, and those of one `kin` together; the rest is random, and none says how many there are beside it. Version 7
/// (RFC 9562, section 5.7).
fn fresh_ids(tx: &impl ConnectionTrait, at: DateTime<Utc>, kin: Uuid) -> SimpleExpr {
    let millis = at.timestamp_millis().clamp(0, (1 << 48) - 1);
    let head = format!("{millis:012x}7{:03x}a", kin.as_u128() & 0xfff);
    Expr::cust(match tx.get_database_backend() {
        DbBackend::Postgres => format!("('{head}' || right(replace(gen_random_uuid()::text, '-', ''), 15))::uuid"),
        _ => format!("unhex('{head}' || substr(hex(randomblob(8)), 2))"),
    })
}

async fn insert<M, A, E>(tx: &impl ConnectionTrait, row: M) -> Result<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    E: EntityTrait,
{
    E::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

async fn insert_all<M, A, E>(tx: &impl ConnectionTrait, rows: Vec<M>) -> Result<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    E: EntityTrait,
{
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<A> = rows.by_ref().take(ROWS_A_STATEMENT).collect();
        E::insert_many(chunk).exec_without_returning(tx).await?;
    }
    Ok(())
}
