//! Does a database of every earlier release come through an upgrade with everything that was in it?

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, FromQueryResult, JsonValue, Statement, Value};
use trellis::store::database;
use uuid::Uuid;

use crate::world::Backend;

/// A column as the database describes it.
#[derive(Debug, Clone, FromQueryResult)]
struct Column {
    name: String,
    kind: String,
}

pub(super) async fn open(backend: Backend, folder: &tempfile::TempDir) -> (String, DatabaseConnection) {
    let url = match backend {
        Backend::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("old.sqlite").display()),
        Backend::Postgres => crate::databases::fresh_postgres().await,
    };
    let mut options = sea_orm::ConnectOptions::new(url.clone());
    // One: what is said about the session must hold for all of it.
    options.max_connections(1).sqlx_logging(false);
    (url, Database::connect(options).await.unwrap())
}

pub(super) fn statement(db: &DatabaseConnection, sql: &str) -> Statement {
    Statement::from_string(db.get_database_backend(), sql)
}

pub(super) async fn tables(db: &DatabaseConnection) -> Vec<String> {
    #[derive(FromQueryResult)]
    struct Table {
        name: String,
    }
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    let found = Table::find_by_statement(statement(db, sql)).all(db).await.unwrap();
    found.into_iter().map(|table| table.name).filter(|name| name != "seaql_migrations").collect()
}

async fn columns(db: &DatabaseConnection, table: &str) -> Vec<Column> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => format!(
            "SELECT column_name AS name, data_type AS kind FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
        _ => format!("SELECT name, type AS kind FROM pragma_table_info('{table}')"),
    };
    Column::find_by_statement(statement(db, &sql)).all(db).await.unwrap()
}

/// Something for every column: ids of one row are all the same, so that whatever points at something finds it.
fn filling(column: &Column, row: u32) -> Value {
    let (kind, at) = (column.kind.to_lowercase(), format!("2026-10-{:02}T07:00:00Z", row + 1));
    let instant: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
    match kind.as_str() {
        "uuid" | "uuid_text" => Uuid::from_u128(u128::from(row) + 1).into(),
        kind if kind.contains("blob") || kind == "bytea" => {
            // On SQLite ids are blobs, too; what is frozen of a mail is the only other.
            if column.name == "frozen" {
                vec![row as u8, 0, 255].into()
            } else {
                Uuid::from_u128(u128::from(row) + 1).into()
            }
        }
        kind if kind.contains("timestamp") => instant.into(),
        "date" | "date_text" => instant.date_naive().into(),
        kind if kind.contains("time") => instant.time().into(),
        kind if kind.contains("json") => serde_json::json!({ "row": row, "é": "“x”" }).into(),
        kind if kind.contains("int") => i32::try_from(row + 1).unwrap().into(),
        kind if kind.contains("bool") => true.into(),
        _ => format!("{} {row} é ’ \u{1F331}", column.name).chars().take(38).collect::<String>().into(),
    }
}

async fn fill(db: &DatabaseConnection) {
    let (off, quote) = match db.get_database_backend() {
        DbBackend::Postgres => ("SET session_replication_role = replica", '$'),
        _ => ("PRAGMA foreign_keys = OFF", '?'),
    };
    db.execute_unprepared(off).await.unwrap();
    for table in tables(db).await {
        let columns = columns(db, &table).await;
        for row in 0..3 {
            let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
            let places: Vec<_> = (1..=columns.len()).map(|place| format!("{quote}{place}")).collect();
            let sql = format!("INSERT INTO \"{table}\" ({}) VALUES ({})", names.join(", "), places.join(", "));
            let values: Vec<_> = columns.iter().map(|column| filling(column, row)).collect();
            let insert = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
            db.execute_raw(insert).await.unwrap_or_else(|error| panic!("{table}: {error}"));
        }
    }
}

/// Every value that is there, by table and column, as text.
async fn everything(db: &DatabaseConnection) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for table in tables(db).await {
        for column in columns(db, &table).await {
            let as_text = match db.get_database_backend() {
                DbBackend::Postgres => format!("\"{}\"::text", column.name),
                _ => format!("quote(\"{}\")", column.name),
            };
            let sql = format!("SELECT {as_text} AS value FROM \"{table}\" ORDER BY \"id\"");
            let rows = JsonValue::find_by_statement(statement(db, &sql)).all(db).await.unwrap();
            found.insert(format!("{table}.{}", column.name), rows.iter().map(|row| row["value"].to_string()).collect());
        }
    }
    found
}

async fn upgrade_from_every_step(backend: Backend) {
    for taken in 1..=migrations::steps() {
        let folder = tempfile::tempdir().unwrap();
        let (url, db) = open(backend, &folder).await;
        migrations::up_some(&db, u32::try_from(taken).unwrap()).await.unwrap();
        fill(&db).await;
        let before = everything(&db).await;
        assert!(before.len() > 20 && before.values().all(|values| values.len() == 3), "{before:?}");
        db.close().await.unwrap();

        // As the program itself does it, twice.
        let upgraded = database::Database::open(&url, 2).await.unwrap();
        upgraded.migrate().await.unwrap();
        upgraded.migrate().await.unwrap();
        upgraded.close().await.unwrap();

        let mut options = sea_orm::ConnectOptions::new(url);
        options.sqlx_logging(false);
        let db = Database::connect(options).await.unwrap();
        let after = everything(&db).await;
        for (column, values) in &before {
            assert_eq!(after.get(column), Some(values), "after step {taken}: {column}");
        }
        // What is new came without a row getting lost or doubled.
        let is_old = |column: &str| before.keys().any(|known| known.split('.').next() == column.split('.').next());
        assert!(after.iter().filter(|(column, _)| is_old(column)).all(|(_, values)| values.len() == 3));
        if backend == Backend::Sqlite {
            let strays = JsonValue::find_by_statement(statement(&db, "SELECT * FROM pragma_foreign_key_check"));
            assert_eq!(strays.all(&db).await.unwrap(), Vec::<JsonValue>::new(), "after step {taken}");
        }
        db.close().await.unwrap();
    }
}

/// R17
#[tokio::test]
async fn every_earlier_schema_comes_through_on_sqlite() {
    upgrade_from_every_step(Backend::Sqlite).await;
}

/// R17
#[tokio::test]
async fn every_earlier_schema_comes_through_on_postgres() {
    upgrade_from_every_step(Backend::Postgres).await;
}
