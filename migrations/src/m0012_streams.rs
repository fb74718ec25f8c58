//! Which address is each stream of mail from: what a person can turn off, and what always comes?

use sea_orm_migration::prelude::*;

use crate::columns::{add, maybe_text};

crate::step!("m0012_streams", changes);

fn changes() -> Vec<TableAlterStatement> {
    vec![
        // Nothing: the same as the sender's.
        add("practices", maybe_text("list_email")),
        // An entry keeps for life the organizer it was asked by. Nothing: the sender of when it is asked.
        add("invites", maybe_text("organizer")),
    ]
}

fn tables() -> Vec<TableCreateStatement> {
    Vec::new()
}

fn indexes() -> Vec<IndexCreateStatement> {
    Vec::new()
}
