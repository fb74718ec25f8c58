//! What a coach announces.

use sea_orm_migration::prelude::*;

use crate::columns::{at, belongs, index, maybe_at, table, text, word};

crate::step!("m0009_announcements");

fn tables() -> Vec<TableCreateStatement> {
    vec![announcements()]
}

fn announcements() -> TableCreateStatement {
    table("announcements")
        .col(text("subject"))
        .col(text("discreet_subject"))
        .col(text("body"))
        // To whom, as JSON; and when: `soon`, or a local date and time.
        .col(text("audience"))
        .col(text("wish"))
        // `draft`, `sent`, `undone`.
        .col(word("stage"))
        .col(text("actor"))
        .col(at("created_at"))
        .col(at("changed_at"))
        .col(maybe_at("sent_at"))
        .foreign_key(&mut belongs("announcements", "practice_id", "practices"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![index("announcements", &["practice_id", "changed_at"])]
}
