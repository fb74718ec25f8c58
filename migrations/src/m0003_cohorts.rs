//! When it is taught: cohorts, their weeks, sessions, lessons and timetable.

use sea_orm_migration::prelude::*;

use crate::columns::{at, belongs, index, int, json, maybe_at, maybe_uuid, on, table, text, time, unique, uuid, word};

crate::step!("m0003_cohorts");

fn tables() -> Vec<TableCreateStatement> {
    vec![cohorts(), weeks(), cohort_lessons(), sessions(), timetable()]
}

fn cohorts() -> TableCreateStatement {
    table("cohorts")
        .col(uuid("program_id"))
        .col(text("name"))
        .col(text("zone"))
        .col(text("lesson_rule"))
        .col(text("room_url"))
        .col(text("crisis_line"))
        .col(on("starts_on"))
        .col(word("weekday"))
        .col(word("lesson_clock"))
        .col(word("discretion"))
        .col(word("state"))
        .col(time("session_time"))
        .col(int("session_minutes"))
        .col(int("capacity"))
        .col(int("seats_taken"))
        .col(int("version"))
        .col(maybe_at("tell_changes_at"))
        .col(maybe_at("opened_at"))
        .col(maybe_at("closed_at"))
        .col(at("created_at"))
        .col(at("changed_at"))
        .foreign_key(&mut belongs("cohorts", "practice_id", "practices"))
        .foreign_key(&mut belongs("cohorts", "program_id", "programs"))
        .to_owned()
}

fn weeks() -> TableCreateStatement {
    table("weeks")
        .col(uuid("cohort_id"))
        .col(int("number"))
        .col(on("first_day"))
        .col(word("kind"))
        .foreign_key(&mut belongs("weeks", "practice_id", "practices"))
        .foreign_key(&mut belongs("weeks", "cohort_id", "cohorts"))
        .to_owned()
}

fn cohort_lessons() -> TableCreateStatement {
    table("cohort_lessons")
        .col(uuid("cohort_id"))
        .col(uuid("lesson_id"))
        .col(int("position"))
        .col(text("track"))
        .col(json("content"))
        .col(at("changed_at"))
        .foreign_key(&mut belongs("cohort_lessons", "practice_id", "practices"))
        .foreign_key(&mut belongs("cohort_lessons", "cohort_id", "cohorts"))
        .to_owned()
}

fn sessions() -> TableCreateStatement {
    table("sessions")
        .col(uuid("cohort_id"))
        .col(int("ordinal"))
        .col(int("week"))
        .col(int("minutes"))
        .col(int("generation"))
        .col(int("version"))
        .col(text("title"))
        .col(text("zone"))
        .col(on("local_date"))
        .col(time("local_time"))
        .col(at("starts_at"))
        .col(at("ends_at"))
        .col(at("changed_at"))
        .col(word("state"))
        .foreign_key(&mut belongs("sessions", "practice_id", "practices"))
        .foreign_key(&mut belongs("sessions", "cohort_id", "cohorts"))
        .to_owned()
}

fn timetable() -> TableCreateStatement {
    table("timetable")
        .col(uuid("cohort_id"))
        .col(word("work"))
        .col(text("object"))
        .col(text("zone"))
        .col(int("position"))
        .col(maybe_uuid("session_id"))
        .col(at("due_at"))
        .col(at("useful_until"))
        .col(maybe_at("released_at"))
        .foreign_key(&mut belongs("timetable", "practice_id", "practices"))
        .foreign_key(&mut belongs("timetable", "cohort_id", "cohorts"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("cohorts", &["program_id"]),
        index("cohorts", &["practice_id", "state"]),
        unique("weeks", &["cohort_id", "number"]),
        unique("cohort_lessons", &["cohort_id", "position", "track"]),
        index("sessions", &["cohort_id", "starts_at"]),
        unique("timetable", &["cohort_id", "work", "object", "zone"]),
        Index::create()
            .name("ix_timetable_due")
            .table(Alias::new("timetable"))
            .col(Alias::new("due_at"))
            .and_where(Expr::col(Alias::new("released_at")).is_null())
            .to_owned(),
    ]
}
