//! What is due is found without looking at what is not: the planner finds the few cohorts that have something to
//! tell, and no index leads a sender to sort all that is due.

use sea_orm_migration::prelude::*;

crate::step!("m0011_what_is_due", no_changes, dropped);

fn no_changes() -> Vec<TableAlterStatement> {
    Vec::new()
}

/// In the order of time it made a claim sort all that was due; `m0010_turns` has one in a sender's own order.
fn dropped() -> Vec<IndexDropStatement> {
    vec![Index::drop().name("ix_deliveries_open").table(Alias::new("deliveries")).to_owned()]
}

fn tables() -> Vec<TableCreateStatement> {
    Vec::new()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("ix_cohorts_to_tell")
            .table(Alias::new("cohorts"))
            .col(Alias::new("tell_changes_at"))
            .and_where(Expr::col(Alias::new("tell_changes_at")).is_not_null())
            .to_owned(),
    ]
}
