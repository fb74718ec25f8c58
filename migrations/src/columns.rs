//! Which column types do both databases share?

use sea_orm_migration::prelude::*;

/// A table with its id and its practice.
pub(crate) fn table(name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name)).col(uuid("id").primary_key()).col(uuid("practice_id"));
    table
}

pub(crate) fn uuid(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.uuid().not_null();
    column
}

pub(crate) fn maybe_uuid(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.uuid().null();
    column
}

/// An enum or another short word of ours.
pub(crate) fn word(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.string_len(40).not_null();
    column
}

pub(crate) fn text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.text().not_null();
    column
}

pub(crate) fn maybe_text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.text().null();
    column
}

pub(crate) fn int(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.integer().not_null().default(0);
    column
}

pub(crate) fn maybe_int(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.integer().null();
    column
}

/// An instant, in UTC, to the microsecond.
pub(crate) fn at(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.timestamp_with_time_zone().not_null();
    column
}

pub(crate) fn maybe_at(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.timestamp_with_time_zone().null();
    column
}

pub(crate) fn on(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.date().not_null();
    column
}

pub(crate) fn maybe_on(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.date().null();
    column
}

pub(crate) fn time(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.time().not_null();
    column
}

pub(crate) fn bytes(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.blob().null();
    column
}

/// A whole value of ours: jsonb on PostgreSQL, text on SQLite.
pub(crate) fn json(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.json_binary().not_null();
    column
}

/// One more column in a table that has rows: it needs a default, or may be null.
pub(crate) fn add(table: &'static str, column: impl IntoColumnDef) -> TableAlterStatement {
    Table::alter().table(Alias::new(table)).add_column(column).to_owned()
}

/// `table.column` points at the id of `other`; what depends on it goes with it.
pub(crate) fn belongs(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(Alias::new(table), Alias::new(column))
        .to(Alias::new(other), Alias::new("id"))
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

/// An index named after what it is for.
pub(crate) fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("ix_{table}_{}", columns.join("_"))).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}

pub(crate) fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("uq_{table}_{}", columns.join("_"))).table(Alias::new(table)).unique();
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}
