//! How a sender picks: whose turn it is, and what may have arrived already.

use sea_orm_migration::prelude::*;

use crate::columns::{add, int, maybe_text};

crate::step!("m0010_turns", changes);

fn changes() -> Vec<TableAlterStatement> {
    vec![
        // How often it was on the wire when something stopped, or the server fell silent.
        add("deliveries", int("doubts")),
        // A keyed hash of who reads what was frozen, and how.
        add("deliveries", maybe_text("frozen_for")),
    ]
}

fn tables() -> Vec<TableCreateStatement> {
    Vec::new()
}

fn indexes() -> Vec<IndexCreateStatement> {
    // The most urgent first, then practice by practice.
    let turn = Index::create()
        .name("ix_deliveries_turn")
        .table(Alias::new("deliveries"))
        .col(Alias::new("priority"))
        .col(Alias::new("practice_id"))
        .col(Alias::new("due_at"))
        .col(Alias::new("id"))
        .and_where(Expr::col(Alias::new("state")).is_in(["queued", "deferred", "unknown"]))
        .to_owned();
    let sent = Index::create()
        .name("ix_deliveries_sent")
        .table(Alias::new("deliveries"))
        .col(Alias::new("sent_at"))
        .to_owned();
    let texts = Index::create()
        .name("ix_deliveries_texts")
        .table(Alias::new("deliveries"))
        .col(Alias::new("changed_at"))
        .and_where(Expr::col(Alias::new("body")).is_not_null())
        .to_owned();
    vec![turn, sent, texts]
}
