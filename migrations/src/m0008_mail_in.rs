//! What comes back by mail: failures and complaints, what is not sent to an address any more, and answers.

use sea_orm_migration::prelude::*;

use crate::columns::{add, at, belongs, index, int, maybe_text, maybe_uuid, table, text, unique, uuid, word};

crate::step!("m0008_mail_in", changes);

fn changes() -> Vec<TableAlterStatement> {
    // A keyed hash of the address it was handed over for: what comes back later may be about an older one.
    vec![add("deliveries", maybe_text("sent_to"))]
}

fn tables() -> Vec<TableCreateStatement> {
    vec![bounces(), suppressions(), calendar_answers(), replies()]
}

fn bounces() -> TableCreateStatement {
    table("bounces")
        .col(uuid("delivery_id"))
        .col(text("address_hash"))
        .col(word("class"))
        .col(at("made_at"))
        .foreign_key(&mut belongs("bounces", "practice_id", "practices"))
        .foreign_key(&mut belongs("bounces", "delivery_id", "deliveries"))
        .to_owned()
}

/// Belongs to no person: it outlives the account.
fn suppressions() -> TableCreateStatement {
    table("suppressions")
        .col(text("address_hash"))
        .col(word("scope"))
        .col(word("class"))
        .col(at("made_at"))
        .foreign_key(&mut belongs("suppressions", "practice_id", "practices"))
        .to_owned()
}

fn calendar_answers() -> TableCreateStatement {
    table("calendar_answers")
        .col(uuid("invite_id"))
        // What makes an answer the same answer.
        .col(text("digest"))
        // `accepted`, `declined`, `tentative`, `counter`, `refresh`.
        .col(word("act"))
        .col(word("weight"))
        .col(int("sequence"))
        .col(at("stamped_at"))
        .col(text("note"))
        .col(at("made_at"))
        .foreign_key(&mut belongs("calendar_answers", "practice_id", "practices"))
        .foreign_key(&mut belongs("calendar_answers", "invite_id", "invites"))
        .to_owned()
}

fn replies() -> TableCreateStatement {
    table("replies")
        .col(uuid("delivery_id"))
        .col(maybe_uuid("participant_id"))
        .col(text("digest"))
        .col(text("text"))
        .col(at("made_at"))
        .foreign_key(&mut belongs("replies", "practice_id", "practices"))
        .foreign_key(&mut belongs("replies", "delivery_id", "deliveries"))
        .foreign_key(&mut belongs("replies", "participant_id", "participants"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("deliveries", &["message_id"]),
        unique("bounces", &["delivery_id", "class"]),
        index("bounces", &["practice_id", "address_hash"]),
        unique("suppressions", &["practice_id", "address_hash"]),
        unique("calendar_answers", &["invite_id", "digest"]),
        index("calendar_answers", &["practice_id", "made_at"]),
        unique("replies", &["delivery_id", "digest"]),
        index("replies", &["participant_id"]),
    ]
}
