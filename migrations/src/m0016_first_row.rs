//! What is asked most is answered by the first row that is looked at.

use sea_orm_migration::prelude::*;

crate::step!("m0016_first_row", no_changes, dropped);

fn no_changes() -> Vec<TableAlterStatement> {
    Vec::new()
}

fn dropped() -> Vec<IndexDropStatement> {
    let drop = |(name, table): (&str, &'static str)| Index::drop().name(name).table(Alias::new(table)).to_owned();
    // By the instant at which the lease ends, which is moved with each step of a mail.
    let leased = ("ix_deliveries_leased", "deliveries");
    // Whoever is next in line was found by sorting all who wait.
    let standing = ("ix_enrollments_cohort_id_standing", "enrollments");
    vec![drop(leased), drop(standing)]
}

fn tables() -> Vec<TableCreateStatement> {
    Vec::new()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // The lease stays the same from the claim to the end.
        Index::create()
            .name("ix_deliveries_in_hand")
            .table(Alias::new("deliveries"))
            .col(Alias::new("lease_token"))
            .and_where(Expr::col(Alias::new("state")).is_in(["claimed", "sending"]))
            .to_owned(),
        // In the order of the line.
        Index::create()
            .name("ix_enrollments_in_line")
            .table(Alias::new("enrollments"))
            .col(Alias::new("cohort_id"))
            .col(Alias::new("standing"))
            .col(Alias::new("asked_at"))
            .col(Alias::new("id"))
            .to_owned(),
        // Whoever asks for a place, or for their link, names an address and no practice.
        Index::create()
            .name("ix_participants_email_key")
            .table(Alias::new("participants"))
            .col(Alias::new("email_key"))
            .to_owned(),
    ]
}
