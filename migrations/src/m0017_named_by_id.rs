//! A mail is known by its Message-ID without an index over all that ever left: the name says which row it is.

use sea_orm_migration::prelude::*;

crate::step!("m0017_named_by_id", no_changes, dropped);

fn no_changes() -> Vec<TableAlterStatement> {
    Vec::new()
}

fn dropped() -> Vec<IndexDropStatement> {
    vec![Index::drop().name("ix_deliveries_known_as").table(Alias::new("deliveries")).to_owned()]
}

fn tables() -> Vec<TableCreateStatement> {
    Vec::new()
}

fn indexes() -> Vec<IndexCreateStatement> {
    // Of those that left before: a hash of 32 characters between `<` and `@`. Names of today have 26.
    let hashed = Index::create()
        .name("ix_deliveries_hashed")
        .table(Alias::new("deliveries"))
        .col(Alias::new("message_id"))
        .and_where(Expr::cust("substr(message_id, 34, 1) = '@'"))
        .to_owned();
    vec![hashed]
}
