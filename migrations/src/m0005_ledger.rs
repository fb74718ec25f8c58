//! What is sent: the ledger, the only queue.

use sea_orm_migration::prelude::*;

use crate::columns::{
    at, belongs, bytes, index, int, maybe_at, maybe_text, maybe_uuid, table, text, unique, uuid, word,
};

crate::step!("m0005_ledger");

fn tables() -> Vec<TableCreateStatement> {
    vec![deliveries()]
}

fn deliveries() -> TableCreateStatement {
    table("deliveries")
        .col(word("occasion"))
        .col(word("category"))
        .col(word("state"))
        .col(uuid("subject_id"))
        .col(uuid("object_id"))
        .col(int("generation"))
        .col(int("tries"))
        .col(int("priority"))
        .col(maybe_uuid("participant_id"))
        .col(maybe_uuid("coach_id"))
        .col(maybe_uuid("enrollment_id"))
        .col(maybe_uuid("cohort_id"))
        .col(maybe_uuid("lease_token"))
        .col(at("due_at"))
        .col(at("next_try_at"))
        .col(at("created_at"))
        .col(at("changed_at"))
        .col(maybe_at("useful_until"))
        .col(maybe_at("lease_until"))
        .col(maybe_at("sent_at"))
        .col(text("params"))
        .col(maybe_text("reason"))
        .col(maybe_text("message_id"))
        .col(maybe_text("subject"))
        .col(maybe_text("body"))
        .col(maybe_text("actor"))
        .col(bytes("frozen"))
        .foreign_key(&mut belongs("deliveries", "practice_id", "practices"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("deliveries", &["subject_id", "occasion", "object_id", "generation"]),
        index("deliveries", &["practice_id", "changed_at"]),
        index("deliveries", &["participant_id"]),
        index("deliveries", &["cohort_id"]),
        Index::create()
            .name("ix_deliveries_open")
            .table(Alias::new("deliveries"))
            .col(Alias::new("due_at"))
            .col(Alias::new("priority"))
            .and_where(Expr::col(Alias::new("state")).is_in(["queued", "deferred", "unknown"]))
            .to_owned(),
        Index::create()
            .name("ix_deliveries_leased")
            .table(Alias::new("deliveries"))
            .col(Alias::new("lease_until"))
            .and_where(Expr::col(Alias::new("state")).is_in(["claimed", "sending"]))
            .to_owned(),
    ]
}
