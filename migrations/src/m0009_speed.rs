//! What is due is found without looking at what is not: a sender takes the first rows of an index in its own order,
//! and the planner finds the few cohorts that have something to tell.

use sea_orm_migration::prelude::*;

crate::step!("m0009_speed", no_changes, dropped);

fn no_changes() -> Vec<TableAlterStatement> {
    Vec::new()
}

/// In the order of time it made every claim sort all that was due.
fn dropped() -> Vec<IndexDropStatement> {
    vec![Index::drop().name("ix_deliveries_open").table(Alias::new("deliveries")).to_owned()]
}

fn tables() -> Vec<TableCreateStatement> {
    Vec::new()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("ix_deliveries_to_send")
            .table(Alias::new("deliveries"))
            .col(Alias::new("priority"))
            .col(Alias::new("due_at"))
            .col(Alias::new("id"))
            .and_where(Expr::col(Alias::new("state")).is_in(["queued", "deferred", "unknown"]))
            .to_owned(),
        Index::create()
            .name("ix_cohorts_to_tell")
            .table(Alias::new("cohorts"))
            .col(Alias::new("tell_changes_at"))
            .and_where(Expr::col(Alias::new("tell_changes_at")).is_not_null())
            .to_owned(),
    ]
}
