//! Is a copy of the whole database true, and of when is it? SQLite only: PostgreSQL has its own tools.

use std::{collections::BTreeMap, path::Path, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, Statement,
    sqlx::sqlite::SqliteSynchronous,
};
use serde::{Deserialize, Serialize};

/// What a copy says of itself. It stands in a table of its own, which only copies have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub made_at: DateTime<Utc>,
    /// Of the program that made it.
    pub version: String,
    /// Every table and how many rows it has.
    pub rows: BTreeMap<String, u64>,
}

impl Label {
    #[must_use]
    pub fn all_rows(&self) -> u64 {
        self.rows.values().sum()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BadCopy {
    #[error("the copy could not be made or read: {0}")]
    Database(#[from] DbErr),
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    #[error("the copy has not the rows it should have: {0}")]
    Rows(String),
    #[error("it is no backup that `trellis backup` made: it does not say when it was taken")]
    Unlabeled,
}

type Result<T> = std::result::Result<T, BadCopy>;

/// Copies a database that is in use into an empty file, as of one moment, and looks whether the copy is true.
/// Nobody waits for it, readers and writers included.
pub async fn copy(from: &Path, to: &Path, made_at: DateTime<Utc>) -> Result<Label> {
    let source = connect(from).await?;
    let before = (changes(&source).await?, count(&source).await?);
    let target = to.display().to_string().replace('\'', "''");
    source.execute_unprepared(&format!("VACUUM INTO '{target}'")).await?;
    let is_still = changes(&source).await? == before.0;
    source.close().await?;

    let copy = connect(to).await?;
    check(&copy).await?;
    let rows = count(&copy).await?;
    // Only where nobody wrote meanwhile is it known what there must be.
    if is_still && rows != before.1 {
        return Err(BadCopy::Rows(differences(&before.1, &rows)));
    }
    let label = Label { made_at, version: env!("CARGO_PKG_VERSION").to_owned(), rows };
    write_label(&copy, &label).await?;
    copy.close().await?;
    Ok(label)
}

/// Looks whether a copy is whole and has the rows it was made with.
pub async fn examine(file: &Path) -> Result<Label> {
    let copy = connect(file).await?;
    check(&copy).await?;
    let label = read_label(&copy).await?;
    let rows = count(&copy).await?;
    copy.close().await?;
    if rows == label.rows { Ok(label) } else { Err(BadCopy::Rows(differences(&label.rows, &rows))) }
}

/// Makes a database of a copy: what it says of itself is taken off.
pub async fn unlabel(file: &Path) -> Result<()> {
    let copy = connect(file).await?;
    copy.execute_unprepared(&format!("DROP TABLE {LABEL}")).await?;
    Ok(copy.close().await?)
}

/// Whether anybody ever worked in this database; `false` for a file that is empty or has no tables yet.
pub async fn is_used(file: &Path) -> Result<bool> {
    let database = connect(file).await?;
    let rows = count(&database).await?;
    database.close().await?;
    Ok(rows.get("practices").is_some_and(|rows| *rows > 0))
}

const LABEL: &str = "backup_label";

async fn connect(file: &Path) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rw", file.display()));
    options.max_connections(1).sqlx_logging(false).acquire_timeout(Duration::from_secs(30));
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite.busy_timeout(Duration::from_secs(30)).synchronous(SqliteSynchronous::Full)
    });
    Ok(sea_orm::Database::connect(options).await?)
}

#[derive(FromQueryResult)]
struct Text {
    value: String,
}

#[derive(FromQueryResult)]
struct Number {
    value: i64,
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Result<Vec<String>> {
    let rows = Text::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).all(db).await?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}

async fn number(db: &DatabaseConnection, sql: &str) -> Result<i64> {
    let row = Number::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).one(db).await?;
    Ok(row.map(|row| row.value).unwrap_or_default())
}

/// Another number once somebody else has written.
async fn changes(db: &DatabaseConnection) -> Result<i64> {
    number(db, "SELECT data_version AS value FROM pragma_data_version").await
}

async fn count(db: &DatabaseConnection) -> Result<BTreeMap<String, u64>> {
    let tables = format!(
        "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '{LABEL}'"
    );
    let mut rows = BTreeMap::new();
    for table in texts(db, &tables).await? {
        let count = number(db, &format!("SELECT COUNT(*) AS value FROM \"{table}\"")).await?;
        rows.insert(table, u64::try_from(count).unwrap_or_default());
    }
    Ok(rows)
}

async fn check(db: &DatabaseConnection) -> Result<()> {
    let found = texts(db, "SELECT integrity_check AS value FROM pragma_integrity_check").await?;
    if found != ["ok"] {
        return Err(BadCopy::Damaged(found.into_iter().take(3).collect::<Vec<_>>().join("; ")));
    }
    let strays = texts(db, "SELECT \"table\" AS value FROM pragma_foreign_key_check").await?;
    match strays.first() {
        None => Ok(()),
        Some(table) => Err(BadCopy::Damaged(format!("{} rows point nowhere, the first in {table}", strays.len()))),
    }
}

fn differences(expected: &BTreeMap<String, u64>, found: &BTreeMap<String, u64>) -> String {
    let tables: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let told = tables.into_iter().filter(|table| expected.get(*table) != found.get(*table)).map(|table| {
        let rows = |map: &BTreeMap<String, u64>| map.get(table).map_or("none".to_owned(), u64::to_string);
        format!("{table} {} instead of {}", rows(found), rows(expected))
    });
    told.collect::<Vec<_>>().join(", ")
}

async fn write_label(copy: &DatabaseConnection, label: &Label) -> Result<()> {
    let text = serde_json::to_string(label).map_err(|error| BadCopy::Damaged(error.to_string()))?;
    copy.execute_unprepared(&format!("CREATE TABLE {LABEL} (value TEXT NOT NULL)")).await?;
    let insert = format!("INSERT INTO {LABEL} (value) VALUES (?)");
    copy.execute_raw(Statement::from_sql_and_values(copy.get_database_backend(), insert, [text.into()])).await?;
    Ok(())
}

async fn read_label(copy: &DatabaseConnection) -> Result<Label> {
    let is_there = format!("SELECT name AS value FROM sqlite_master WHERE name = '{LABEL}'");
    if texts(copy, &is_there).await?.is_empty() {
        return Err(BadCopy::Unlabeled);
    }
    let text = texts(copy, &format!("SELECT value FROM {LABEL}")).await?;
    text.first().and_then(|text| serde_json::from_str(text).ok()).ok_or(BadCopy::Unlabeled)
}
