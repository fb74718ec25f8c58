//! Can the version before go on beside this one, on the same PostgreSQL, while machines are brought up to date in turn?
//!
//! What would break the older one, and is asked of each step here: a table or column that is gone or of another kind; a
//! column that it does not know of and that must be filled; a rule on a table it writes that it may not keep; a unique
//! index that its `ON CONFLICT` names. What would break whoever starts: steps that landed and were changed later.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult};
use trellis::store::{self, database::Database};

use super::upgrades::{open, statement, tables};
use crate::{
    people::{Person, enroll},
    story,
    visitor::Visitor,
    world::{Backend, World},
};

/// Before anything was released, and never again: the step and what it changed for those before it.
const BEFORE_ANY_RELEASE: [(&str, &str); 2] = [
    ("m0007_whole_life", "uq_cohort_lessons_cohort_id_position_track is gone"),
    ("m0007_whole_life", "uq_cohort_lessons_cohort_id_lesson_id is a new rule for cohort_lessons"),
];

/// What a program that writes to it must know.
#[derive(Debug, Default)]
struct Shape {
    tables: BTreeSet<String>,
    /// By table and name.
    columns: BTreeMap<(String, String), Column>,
    /// Unique indexes and references, by name: of which table, and in the database's words.
    rules: BTreeMap<String, (String, String)>,
}

#[derive(Debug, Clone, PartialEq, FromQueryResult)]
struct Column {
    name: String,
    kind: String,
    /// It may not be empty, and nothing fills it by itself.
    must: bool,
}

#[derive(Debug, FromQueryResult)]
struct Rule {
    name: String,
    of: String,
    says: String,
}

async fn shape(db: &DatabaseConnection) -> Shape {
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    let mut shape = Shape { tables: tables(db).await.into_iter().collect(), ..Shape::default() };
    for table in &shape.tables {
        let sql = if is_postgres {
            format!(
                "SELECT column_name AS name, data_type AS kind, is_nullable = 'NO' AND column_default IS NULL AS must \
                 FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
            )
        } else {
            format!(
                "SELECT name, type AS kind, \"notnull\" = 1 AND dflt_value IS NULL AS must FROM pragma_table_info('{table}')"
            )
        };
        for column in Column::find_by_statement(statement(db, &sql)).all(db).await.unwrap() {
            shape.columns.insert((table.clone(), column.name.clone()), column);
        }
    }
    let sql = if is_postgres {
        "SELECT indexname AS name, tablename AS of, indexdef AS says FROM pg_indexes \
         WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE%' \
         UNION ALL SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c')"
    } else {
        "SELECT name, tbl_name AS \"of\", sql AS says FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%'"
    };
    for rule in Rule::find_by_statement(statement(db, sql)).all(db).await.unwrap() {
        shape.rules.insert(rule.name, (rule.of, rule.says));
    }
    shape
}

/// What a program made for `before` would stumble over in `after`.
fn breaks(before: &Shape, after: &Shape) -> Vec<String> {
    let mut found = Vec::new();
    for ((table, name), column) in &before.columns {
        match after.columns.get(&(table.clone(), name.clone())) {
            None => found.push(format!("{table}.{name} is gone")),
            Some(now) if now.kind != column.kind => found.push(format!("{table}.{name} is of another kind")),
            Some(now) if now.must && !column.must => found.push(format!("{table}.{name} must be filled now")),
            Some(_) => {}
        }
    }
    for ((table, name), column) in &after.columns {
        let is_new = !before.columns.contains_key(&(table.clone(), name.clone()));
        if is_new && column.must && before.tables.contains(table) {
            found.push(format!("{table}.{name} is new and must be filled"));
        }
    }
    for (name, (_, says)) in &before.rules {
        match after.rules.get(name) {
            None => found.push(format!("{name} is gone")),
            Some((_, now)) if now != says => found.push(format!("{name} says something else")),
            Some(_) => {}
        }
    }
    for (name, (table, _)) in &after.rules {
        if !before.rules.contains_key(name) && before.tables.contains(table) {
            found.push(format!("{name} is a new rule for {table}"));
        }
    }
    found
}

async fn last_step(db: &DatabaseConnection) -> String {
    #[derive(FromQueryResult)]
    struct Step {
        version: String,
    }
    let sql = "SELECT version FROM seaql_migrations ORDER BY version DESC LIMIT 1";
    Step::find_by_statement(statement(db, sql)).one(db).await.unwrap().unwrap().version
}

async fn each_step_leaves_the_version_before_at_work(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    let (_, db) = open(backend, &folder).await;
    migrations::up_some(&db, 1).await.unwrap();
    let mut before = shape(&db).await;
    assert!(before.columns.len() > 10 && !before.rules.is_empty(), "{before:?}");
    for _ in 1..migrations::steps() {
        migrations::up_some(&db, 1).await.unwrap();
        let (step, after) = (last_step(&db).await, shape(&db).await);
        let mut broken = breaks(&before, &after);
        broken.retain(|what| !BEFORE_ANY_RELEASE.contains(&(step.as_str(), what.as_str())));
        assert!(broken.is_empty(), "{step} breaks the version before: {broken:#?}");
        before = after;
    }
    db.close().await.unwrap();
}

#[tokio::test]
async fn each_step_leaves_the_version_before_at_work_on_sqlite() {
    each_step_leaves_the_version_before_at_work(Backend::Sqlite).await;
}

#[tokio::test]
async fn each_step_leaves_the_version_before_at_work_on_postgres() {
    each_step_leaves_the_version_before_at_work(Backend::Postgres).await;
}

/// The rules above are worth what they find.
#[tokio::test]
async fn what_breaks_the_version_before_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (_, db) = open(Backend::Postgres, &folder).await;
    migrations::up(&db).await.unwrap();
    for (change, found) in [
        ("ALTER TABLE deliveries DROP COLUMN doubts", "deliveries.doubts is gone"),
        ("ALTER TABLE cohorts RENAME COLUMN name TO title", "cohorts.name is gone"),
        ("ALTER TABLE replies ADD COLUMN weight integer NOT NULL", "replies.weight is new and must be filled"),
        ("ALTER TABLE deliveries ALTER COLUMN sent_to SET NOT NULL", "deliveries.sent_to must be filled now"),
        ("ALTER TABLE deliveries ALTER COLUMN tries TYPE bigint", "deliveries.tries is of another kind"),
        ("DROP INDEX uq_suppressions_practice_id_address_hash", "uq_suppressions_practice_id_address_hash is gone"),
        ("CREATE UNIQUE INDEX uq_new ON couples (inviter_id)", "uq_new is a new rule for couples"),
        ("ALTER TABLE couples ADD CONSTRAINT ck_new CHECK (round < 3)", "ck_new is a new rule for couples"),
        ("DROP TABLE stops", "stops."),
    ] {
        let before = shape(&db).await;
        db.execute_unprepared(change).await.unwrap();
        let broken = breaks(&before, &shape(&db).await);
        assert!(broken.iter().any(|what| what.starts_with(found)), "{change}: {broken:?}");
    }
    let before = shape(&db).await;
    db.execute_unprepared("ALTER TABLE couples ADD COLUMN mood text").await.unwrap();
    db.execute_unprepared("ALTER TABLE couples ADD COLUMN rank integer NOT NULL DEFAULT 0").await.unwrap();
    db.execute_unprepared("CREATE TABLE moods (id uuid PRIMARY KEY, word text NOT NULL UNIQUE)").await.unwrap();
    assert_eq!(breaks(&before, &shape(&db).await), Vec::<String>::new());
    db.close().await.unwrap();
}

/// A step that landed has been taken somewhere and is not taken again: what it does may not change. A new one adds
/// lines to this and alters none.
#[tokio::test]
async fn what_a_step_does_stays_as_it_landed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, db) = open(Backend::Sqlite, &folder).await;
    let (mut before, mut said) = (Shape::default(), String::new());
    for _ in 0..migrations::steps() {
        migrations::up_some(&db, 1).await.unwrap();
        let after = shape(&db).await;
        writeln!(said, "{}", last_step(&db).await).unwrap();
        for (key, column) in after.columns.iter().filter(|(key, _)| !before.columns.contains_key(*key)) {
            let must = if column.must { "" } else { ", may be left out" };
            writeln!(said, "  {}.{}: {}{must}", key.0, key.1, column.kind).unwrap();
        }
        for name in after.rules.keys().filter(|name| !before.rules.contains_key(*name)) {
            writeln!(said, "  {name}").unwrap();
        }
        before = after;
    }
    insta::assert_snapshot!("steps", said);
    db.close().await.unwrap();
}

const LENA: Person =
    Person { name: "Lena", email: "lena@berlin.example", zone: "Europe/Berlin", track: "hurt", calendar: "invites" };

/// What a newer version may have done to the tables, and what it says of it.
const NEWER: [&str; 4] = [
    "ALTER TABLE deliveries ADD COLUMN mood text",
    "ALTER TABLE enrollments ADD COLUMN weight integer NOT NULL DEFAULT 0",
    "CREATE TABLE moods (id text PRIMARY KEY, word text NOT NULL)",
    "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_moods', 1800000000)",
];

async fn write(db: &Database, sql: &str) {
    let writing = db.begin_aside().await.unwrap();
    writing.tx().execute_unprepared(sql).await.unwrap();
    db.end(writing, Ok::<_, store::Error>(()), 1).await.unwrap().unwrap();
}

story! {
    async fn a_newer_version_beside_it_changes_the_tables_and_it_goes_on(world: &World) {
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        enroll(world, cohort, &LENA).await;
        let before = world.mails.lock().unwrap().len();
        for change in NEWER {
            write(&world.app.db, change).await;
        }
        // Statements that were prepared before, too.
        enroll(world, cohort, &Person { name: "Ada", email: "ada@lisbon.example", ..LENA }).await;
        assert!(world.mails.lock().unwrap().len() > before, "mail goes out as before");
        assert_eq!(Visitor::of(world).get("/link").await.status, 200);
        // It may also start again; but not where steps of its own are missing.
        world.app.db.migrate().await.unwrap();
        write(&world.app.db, "DELETE FROM seaql_migrations WHERE version = 'm0010_turns'").await;
        world.app.db.migrate().await.unwrap_err();
    }
}

story! {
    /// What a step once made and a later text of it does not make.
    async fn tables_of_the_early_days_take_forms(world: &World) {
        write(&world.app.db, "DELETE FROM seaql_migrations WHERE version = 'm0014_sent_forms'").await;
        write(&world.app.db, "ALTER TABLE sent_forms ADD COLUMN address text NOT NULL DEFAULT ''").await;
        world.app.db.migrate().await.unwrap();
        write(&world.app.db, "ALTER TABLE sent_forms ADD COLUMN address text").await;
    }
}
