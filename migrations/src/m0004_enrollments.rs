//! Who takes part in what: journeys, enrollments, consents, invites, and what they stopped.

use sea_orm_migration::prelude::*;

use crate::columns::{at, belongs, index, int, maybe_at, maybe_int, table, text, unique, uuid, word};

crate::step!("m0004_enrollments");

fn tables() -> Vec<TableCreateStatement> {
    vec![journeys(), enrollments(), consents(), invites(), stops()]
}

fn journeys() -> TableCreateStatement {
    table("journeys")
        .col(uuid("participant_id"))
        .col(uuid("program_id"))
        .col(at("created_at"))
        .foreign_key(&mut belongs("journeys", "practice_id", "practices"))
        .foreign_key(&mut belongs("journeys", "participant_id", "participants"))
        .foreign_key(&mut belongs("journeys", "program_id", "programs"))
        .to_owned()
}

fn enrollments() -> TableCreateStatement {
    table("enrollments")
        .col(uuid("cohort_id"))
        .col(uuid("participant_id"))
        .col(uuid("journey_id"))
        .col(word("standing"))
        .col(word("calendar"))
        .col(text("track"))
        .col(text("reason"))
        .col(text("actor"))
        .col(text("note"))
        .col(maybe_int("seat"))
        .col(at("asked_at"))
        .col(at("changed_at"))
        .col(maybe_at("hold_until"))
        .col(maybe_at("confirmed_at"))
        .col(maybe_at("left_at"))
        .foreign_key(&mut belongs("enrollments", "practice_id", "practices"))
        .foreign_key(&mut belongs("enrollments", "cohort_id", "cohorts"))
        .foreign_key(&mut belongs("enrollments", "participant_id", "participants"))
        .foreign_key(&mut belongs("enrollments", "journey_id", "journeys"))
        .to_owned()
}

fn consents() -> TableCreateStatement {
    table("consents")
        .col(uuid("enrollment_id"))
        .col(word("kind"))
        .col(int("version"))
        .col(text("wording"))
        .col(at("agreed_at"))
        .foreign_key(&mut belongs("consents", "practice_id", "practices"))
        .foreign_key(&mut belongs("consents", "enrollment_id", "enrollments"))
        .to_owned()
}

fn invites() -> TableCreateStatement {
    table("invites")
        .col(uuid("enrollment_id"))
        .col(uuid("session_id"))
        .col(text("uid"))
        .col(int("generation"))
        .col(int("sequence"))
        .col(word("last_method"))
        .col(word("rsvp"))
        .col(word("told_state"))
        .col(maybe_at("requested_at"))
        .col(maybe_at("stamped_at"))
        .col(maybe_at("told_starts_at"))
        .col(maybe_at("told_ends_at"))
        .col(maybe_at("in_calendar_starts_at"))
        .col(maybe_at("in_calendar_ends_at"))
        .foreign_key(&mut belongs("invites", "practice_id", "practices"))
        .foreign_key(&mut belongs("invites", "enrollment_id", "enrollments"))
        .foreign_key(&mut belongs("invites", "session_id", "sessions"))
        .to_owned()
}

fn stops() -> TableCreateStatement {
    table("stops")
        .col(uuid("participant_id"))
        .col(uuid("program_id"))
        .col(word("category"))
        .col(at("stopped_at"))
        .foreign_key(&mut belongs("stops", "practice_id", "practices"))
        .foreign_key(&mut belongs("stops", "participant_id", "participants"))
        .foreign_key(&mut belongs("stops", "program_id", "programs"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("journeys", &["participant_id", "program_id"]),
        unique("enrollments", &["cohort_id", "participant_id"]),
        unique("enrollments", &["cohort_id", "seat"]),
        index("enrollments", &["participant_id"]),
        index("enrollments", &["cohort_id", "standing"]),
        Index::create()
            .name("ix_enrollments_hold")
            .table(Alias::new("enrollments"))
            .col(Alias::new("hold_until"))
            .and_where(Expr::col(Alias::new("hold_until")).is_not_null())
            .to_owned(),
        unique("consents", &["enrollment_id", "kind", "version"]),
        unique("invites", &["uid"]),
        unique("invites", &["enrollment_id", "session_id", "generation"]),
        unique("stops", &["participant_id", "program_id", "category"]),
    ]
}
