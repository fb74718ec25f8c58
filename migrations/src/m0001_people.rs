//! Who is there: practices, coaches, participants, and how they sign in.

use sea_orm_migration::prelude::*;

use crate::columns::{at, belongs, index, int, maybe_at, maybe_text, table, text, unique, uuid, word};

crate::step!("m0001_people");

fn tables() -> Vec<TableCreateStatement> {
    vec![practices(), coaches(), participants(), logins(), sign_ins(), attempts(), audits(), settings()]
}

fn practices() -> TableCreateStatement {
    table("practices")
        .col(text("name"))
        .col(text("neutral_name"))
        .col(text("first_name"))
        .col(text("zone"))
        .col(text("sender_email"))
        .col(text("reply_email"))
        .col(text("postal_address"))
        .col(text("crisis_line"))
        .col(word("brand_color"))
        .col(maybe_at("mail_tested_at"))
        .col(at("created_at"))
        .to_owned()
}

fn coaches() -> TableCreateStatement {
    table("coaches")
        .col(text("email"))
        .col(text("email_key"))
        .col(text("name"))
        .col(text("zone"))
        .col(text("password_hash"))
        .col(text("feed_hash"))
        .col(word("role"))
        .col(int("epoch"))
        .col(int("feed_rotation"))
        .col(at("created_at"))
        .foreign_key(&mut belongs("coaches", "practice_id", "practices"))
        .to_owned()
}

fn participants() -> TableCreateStatement {
    table("participants")
        .col(text("email"))
        .col(text("email_key"))
        .col(text("name"))
        .col(text("zone"))
        .col(text("feed_hash"))
        .col(word("language"))
        .col(maybe_text("discretion"))
        .col(maybe_text("mail_problem"))
        .col(int("epoch"))
        .col(int("feed_rotation"))
        .col(maybe_at("confirmed_at"))
        .col(at("created_at"))
        .foreign_key(&mut belongs("participants", "practice_id", "practices"))
        .to_owned()
}

fn logins() -> TableCreateStatement {
    table("logins")
        .col(word("who"))
        .col(uuid("person_id"))
        .col(text("token_hash"))
        .col(int("epoch"))
        .col(at("created_at"))
        .col(at("seen_at"))
        .col(at("expires_at"))
        .foreign_key(&mut belongs("logins", "practice_id", "practices"))
        .to_owned()
}

fn sign_ins() -> TableCreateStatement {
    table("sign_ins")
        .col(word("who"))
        .col(word("purpose"))
        .col(uuid("person_id"))
        .col(text("token_hash"))
        .col(text("code_hash"))
        .col(text("browser_hash"))
        .col(int("wrong_codes"))
        .col(at("created_at"))
        .col(at("expires_at"))
        .col(maybe_at("spent_at"))
        .foreign_key(&mut belongs("sign_ins", "practice_id", "practices"))
        .to_owned()
}

fn attempts() -> TableCreateStatement {
    table("attempts").col(word("bucket")).col(text("subject_hash")).col(at("made_at")).to_owned()
}

fn audits() -> TableCreateStatement {
    table("audits")
        .col(word("act"))
        .col(text("actor"))
        .col(text("subject"))
        .col(text("detail"))
        .col(at("made_at"))
        .to_owned()
}

fn settings() -> TableCreateStatement {
    table("settings").col(text("name")).col(text("value")).col(at("changed_at")).to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("coaches", &["email_key"]),
        unique("coaches", &["feed_hash"]),
        unique("participants", &["practice_id", "email_key"]),
        unique("participants", &["feed_hash"]),
        unique("logins", &["token_hash"]),
        index("logins", &["person_id"]),
        unique("sign_ins", &["token_hash"]),
        index("sign_ins", &["person_id"]),
        index("sign_ins", &["browser_hash"]),
        index("attempts", &["bucket", "subject_hash", "made_at"]),
        index("audits", &["practice_id", "made_at"]),
        unique("settings", &["practice_id", "name"]),
    ]
}
