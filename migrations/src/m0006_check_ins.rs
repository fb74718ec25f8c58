//! What did a person answer in a week, to its check-in questions.

use sea_orm_migration::prelude::*;

use crate::columns::{at, belongs, table, text, unique, uuid};

crate::step!("m0006_check_ins");

fn tables() -> Vec<TableCreateStatement> {
    vec![check_ins()]
}

fn check_ins() -> TableCreateStatement {
    table("check_ins")
        .col(uuid("enrollment_id"))
        .col(uuid("lesson_id"))
        .col(text("answers"))
        .col(at("made_at"))
        .col(at("changed_at"))
        .foreign_key(&mut belongs("check_ins", "practice_id", "practices"))
        .foreign_key(&mut belongs("check_ins", "enrollment_id", "enrollments"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![unique("check_ins", &["enrollment_id", "lesson_id"])]
}
