//! What is taught: programs and their lessons, without dates.

use sea_orm_migration::prelude::*;

use crate::columns::{at, belongs, int, json, maybe_text, table, text, unique, uuid};

crate::step!("m0002_programs");

fn tables() -> Vec<TableCreateStatement> {
    vec![programs(), lessons()]
}

fn programs() -> TableCreateStatement {
    table("programs")
        .col(text("code"))
        .col(text("title"))
        .col(json("content"))
        .col(maybe_text("slug"))
        .col(at("created_at"))
        .col(at("changed_at"))
        .foreign_key(&mut belongs("programs", "practice_id", "practices"))
        .to_owned()
}

fn lessons() -> TableCreateStatement {
    table("lessons")
        .col(uuid("program_id"))
        .col(int("week"))
        .col(text("track"))
        .col(json("content"))
        .col(at("changed_at"))
        .foreign_key(&mut belongs("lessons", "practice_id", "practices"))
        .foreign_key(&mut belongs("lessons", "program_id", "programs"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("programs", &["code"]),
        unique("programs", &["slug"]),
        unique("lessons", &["program_id", "week", "track"]),
    ]
}
