//! What a mail on its way writes: little, and next to what was written before. Its row keeps its size, because what
//! goes into a stencil's holes has a table of its own, in the order in which it was written; and no index is moved with
//! each step but those of what is on its way, and of what was sent.

use sea_orm_migration::prelude::*;

use crate::columns::{at, belongs, table, text};

crate::step!("m0015_lean_ledger", no_changes, dropped);

fn no_changes() -> Vec<TableAlterStatement> {
    Vec::new()
}

fn dropped() -> Vec<IndexDropStatement> {
    let names = [
        "ix_deliveries_practice_id_changed_at",
        "ix_deliveries_words",
        // An entry for each mail that has not left yet, which is moved when it does.
        "ix_deliveries_sent",
        "ix_deliveries_message_id",
    ];
    let drop = |name: &&str| Index::drop().name(*name).table(Alias::new("deliveries")).to_owned();
    names.iter().map(drop).collect()
}

fn tables() -> Vec<TableCreateStatement> {
    // The id is the mail's.
    let fills = table("fills")
        .col(text("words"))
        .col(at("kept_at"))
        .foreign_key(&mut belongs("fills", "practice_id", "practices"))
        .foreign_key(&mut belongs("fills", "id", "deliveries"))
        .to_owned();
    vec![fills]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let of_deliveries = |name: &str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(Alias::new("deliveries"));
        for column in columns {
            index.col(Alias::new(*column));
        }
        index
    };
    let column = |name: &'static str| Expr::col(Alias::new(name));
    let lost = ["missed", "failed", "bounced", "complained", "held", "unknown"];
    vec![
        of_deliveries("ix_deliveries_practice_id_due_at", &["practice_id", "due_at"]),
        of_deliveries("ix_deliveries_lost", &["practice_id", "changed_at"])
            .and_where(column("state").is_in(lost))
            .to_owned(),
        of_deliveries("ix_deliveries_bodies", &["due_at"])
            .and_where(column("body").is_not_null().or(column("fills").is_not_null()))
            .to_owned(),
        of_deliveries("ix_deliveries_sent_at", &["sent_at"]).and_where(column("sent_at").is_not_null()).to_owned(),
        of_deliveries("ix_deliveries_known_as", &["message_id"])
            .and_where(column("message_id").is_not_null())
            .to_owned(),
    ]
}
