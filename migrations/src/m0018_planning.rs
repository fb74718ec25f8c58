//! Many cohorts are planned together: what a plan is made of is found beside whole lessons and all who take part.

use sea_orm_migration::prelude::*;

crate::step!("m0018_planning");

fn tables() -> Vec<TableCreateStatement> {
    Vec::new()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // All that a plan asks about lessons, without their text.
        Index::create()
            .name("ix_cohort_lessons_timed")
            .table(Alias::new("cohort_lessons"))
            .col(Alias::new("cohort_id"))
            .col(Alias::new("timing"))
            .col(Alias::new("position"))
            .to_owned(),
        // The few whose lessons come later by days of their own.
        Index::create()
            .name("ix_enrollments_shifted")
            .table(Alias::new("enrollments"))
            .col(Alias::new("cohort_id"))
            .col(Alias::new("standing"))
            .and_where(Expr::col(Alias::new("shift_days")).gt(0))
            .to_owned(),
    ]
}
