//! The whole life of an enrollment, and what a coach decides about a cohort besides its dates.

use sea_orm_migration::prelude::*;

use crate::columns::{add, at, belongs, index, int, maybe_at, maybe_on, maybe_uuid, table, text, unique, uuid, word};

crate::step!("m0007_whole_life", changes, dropped);

fn changes() -> Vec<TableAlterStatement> {
    vec![
        // Which country's public holidays are warned of; empty: none.
        add("cohorts", word("holiday_country").default("")),
        // `open`, or `approval` where the coach reads each application.
        add("cohorts", word("admission").default("open")),
        add("cohorts", maybe_on("enroll_from_on")),
        add("cohorts", maybe_on("enroll_until_on")),
        add("cohorts", maybe_on("move_until_on")),
        add("cohorts", maybe_on("pause_until_on")),
        add("cohorts", word("late_joiners").default("digest")),
        add("cohorts", int("offer_hours").default(24)),
        add("cohorts", int("accept_hours").default(72)),
        add("cohorts", int("min_participants")),
        add("cohorts", maybe_at("decide_by")),
        add("cohorts", maybe_at("numbers_told_at")),
        // Empty until the coach decided: `go`, `moved`, `merged`, `canceled`.
        add("cohorts", word("decision").default("")),
        add("cohorts", maybe_uuid("merged_into")),
        // Empty: timed by the rule. Else why it is not: `skipped`, `now`, `with_next`, `removed`.
        add("cohort_lessons", word("timing").default("")),
        add("cohort_lessons", text("reason").default("")),
        add("enrollments", maybe_at("offered_at")),
        add("enrollments", maybe_at("reminded_at")),
        add("enrollments", maybe_at("paused_at")),
        add("enrollments", maybe_on("resume_on")),
        // How a pause ends by itself: `rejoin` or `shift`.
        add("enrollments", word("resume_as").default("rejoin")),
        // How far this person's lessons are behind the cohort's, in days.
        add("enrollments", int("shift_days")),
        add("enrollments", maybe_uuid("moved_to")),
        add("enrollments", maybe_at("completed_at")),
        // Words such as `answers`, with a space between.
        add("coaches", text("rights").default("")),
    ]
}

/// A lesson that was added late stands beside one that is out.
fn dropped() -> Vec<IndexDropStatement> {
    let name = "uq_cohort_lessons_cohort_id_position_track";
    vec![Index::drop().name(name).table(Alias::new("cohort_lessons")).to_owned()]
}

fn tables() -> Vec<TableCreateStatement> {
    vec![standing_changes(), schedule_changes(), couples(), intakes(), attendances(), sent_forms()]
}

fn standing_changes() -> TableCreateStatement {
    table("standing_changes")
        .col(uuid("enrollment_id"))
        .col(word("was"))
        .col(word("became"))
        .col(text("actor"))
        .col(text("reason"))
        .col(at("made_at"))
        .foreign_key(&mut belongs("standing_changes", "practice_id", "practices"))
        .foreign_key(&mut belongs("standing_changes", "enrollment_id", "enrollments"))
        .to_owned()
}

fn schedule_changes() -> TableCreateStatement {
    table("schedule_changes")
        .col(uuid("cohort_id"))
        .col(text("actor"))
        .col(text("summary"))
        // The whole schedule before and after, as JSON: what undo puts back, and what it must still find.
        .col(text("was"))
        .col(text("became"))
        .col(at("made_at"))
        .col(at("tell_at"))
        .col(maybe_at("undone_at"))
        .foreign_key(&mut belongs("schedule_changes", "practice_id", "practices"))
        .foreign_key(&mut belongs("schedule_changes", "cohort_id", "cohorts"))
        .to_owned()
}

fn couples() -> TableCreateStatement {
    table("couples")
        .col(uuid("cohort_id"))
        .col(uuid("inviter_id"))
        // What the inviter typed, until the partner is asked; then both are empty.
        .col(text("partner_name"))
        .col(text("partner_email"))
        // The person who was asked, and their enrollment once they said yes. No foreign keys: whoever never
        // answers is forgotten sooner than the inviter's choice.
        .col(maybe_uuid("person_id"))
        .col(maybe_uuid("partner_id"))
        // `named`, `asked`, `together`, `undecided`, `waiting`, `alone`, `canceled`.
        .col(word("state"))
        .col(maybe_at("respond_by"))
        // How many seats of the cohort are held for the partner: 0 or 1.
        .col(int("seats_held"))
        // 1: both wait, until two places are free.
        .col(int("in_line"))
        // 1: the inviter comes in any case, and is not asked again.
        .col(int("alone"))
        // How often the partner was asked.
        .col(int("round"))
        .col(maybe_at("declined_at"))
        .col(at("created_at"))
        .col(at("changed_at"))
        .foreign_key(&mut belongs("couples", "practice_id", "practices"))
        .foreign_key(&mut belongs("couples", "cohort_id", "cohorts"))
        .foreign_key(&mut belongs("couples", "inviter_id", "enrollments"))
        .to_owned()
}

fn intakes() -> TableCreateStatement {
    table("intakes")
        .col(uuid("enrollment_id"))
        // JSON: each question as it was asked, with the answer.
        .col(text("answers"))
        .col(at("made_at"))
        .col(at("changed_at"))
        .foreign_key(&mut belongs("intakes", "practice_id", "practices"))
        .foreign_key(&mut belongs("intakes", "enrollment_id", "enrollments"))
        .to_owned()
}

fn attendances() -> TableCreateStatement {
    table("attendances")
        .col(uuid("enrollment_id"))
        .col(uuid("session_id"))
        // `came`, `absent`, `excused`.
        .col(word("mark"))
        .col(text("actor"))
        .col(at("marked_at"))
        .foreign_key(&mut belongs("attendances", "practice_id", "practices"))
        .foreign_key(&mut belongs("attendances", "enrollment_id", "enrollments"))
        .foreign_key(&mut belongs("attendances", "session_id", "sessions"))
        .to_owned()
}

/// No practice of its own is checked: a form may be sent before anybody is known.
fn sent_forms() -> TableCreateStatement {
    table("sent_forms")
        .col(text("token_hash"))
        // Sealed with a key that only the form itself can make again.
        .col(text("answer"))
        .col(at("made_at"))
        .col(maybe_at("answered_at"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("cohort_lessons", &["cohort_id", "lesson_id"]),
        index("cohort_lessons", &["cohort_id", "position"]),
        index("standing_changes", &["enrollment_id", "made_at"]),
        index("schedule_changes", &["cohort_id", "made_at"]),
        index("couples", &["inviter_id"]),
        index("couples", &["partner_id"]),
        index("couples", &["person_id"]),
        index("couples", &["cohort_id", "in_line"]),
        index("couples", &["respond_by"]),
        unique("intakes", &["enrollment_id"]),
        unique("attendances", &["enrollment_id", "session_id"]),
        index("attendances", &["session_id"]),
        unique("sent_forms", &["token_hash"]),
        index("sent_forms", &["made_at"]),
        index("cohorts", &["decide_by"]),
        index("enrollments", &["resume_on"]),
    ]
}
