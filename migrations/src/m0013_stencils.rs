//! What many get is kept once: a message with holes, and beside each mail what goes into them.

use sea_orm_migration::prelude::*;

use crate::columns::{add, at, belongs, maybe_text, maybe_uuid, table, text};

crate::step!("m0013_stencils", changes, dropped);

fn changes() -> Vec<TableAlterStatement> {
    vec![add("deliveries", maybe_uuid("stencil_id")), add("deliveries", maybe_text("fills"))]
}

/// Words are kept in two forms now; one index finds those that are old.
fn dropped() -> Vec<IndexDropStatement> {
    vec![Index::drop().name("ix_deliveries_texts").table(Alias::new("deliveries")).to_owned()]
}

fn tables() -> Vec<TableCreateStatement> {
    let stencils = table("stencils")
        .col(text("pieces"))
        // The day it was last used, in program time.
        .col(at("used_at"))
        .foreign_key(&mut belongs("stencils", "practice_id", "practices"))
        .to_owned();
    vec![stencils]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let words = Index::create()
        .name("ix_deliveries_words")
        .table(Alias::new("deliveries"))
        .col(Alias::new("changed_at"))
        .and_where(Expr::col(Alias::new("body")).is_not_null().or(Expr::col(Alias::new("fills")).is_not_null()))
        .to_owned();
    vec![words]
}
