//! What does the database look like, and how did it come to?
//!
//! One step a file, the same code for SQLite and PostgreSQL. Every table carries the practice it belongs
//! to, from the first step on.

use std::collections::BTreeSet;

use sea_orm_migration::{IntoSchemaManagerConnection, prelude::*};

/// One step: its name, the columns that it adds, the indexes that it drops, and the tables and indexes that its
/// file makes, in one transaction.
macro_rules! step {
    ($name:literal) => {
        crate::step!($name, no_changes);

        fn no_changes() -> Vec<TableAlterStatement> {
            Vec::new()
        }
    };
    ($name:literal, $changes:ident) => {
        crate::step!($name, $changes, nothing_dropped);

        fn nothing_dropped() -> Vec<IndexDropStatement> {
            Vec::new()
        }
    };
    ($name:literal, $changes:ident, $dropped:ident) => {
        #[derive(Debug)]
        pub(crate) struct Step;

        impl MigrationName for Step {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl MigrationTrait for Step {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                for change in $changes() {
                    manager.alter_table(change).await?;
                }
                for index in $dropped() {
                    manager.drop_index(index).await?;
                }
                for table in tables() {
                    manager.create_table(table).await?;
                }
                for index in indexes() {
                    manager.create_index(index).await?;
                }
                Ok(())
            }
        }
    };
}
pub(crate) use step;

mod columns;
mod m0001_people;
mod m0002_programs;
mod m0003_cohorts;
mod m0004_enrollments;
mod m0005_ledger;
mod m0006_check_ins;
mod m0007_whole_life;
mod m0008_mail_in;
mod m0009_announcements;
mod m0010_turns;
mod m0011_what_is_due;
mod m0012_streams;
mod m0013_stencils;
mod m0014_sent_forms;
mod m0015_lean_ledger;
mod m0016_first_row;
mod m0017_named_by_id;

#[derive(Debug)]
struct Migrator;

/// Takes every step that was not taken yet, in order. Returns the steps that a newer version took: where versions run
/// side by side, the older one may start again beside the newer. Every step is one that the version before can live
/// with, so it leaves them alone; but where some of its own are missing, the tables are of another line.
pub async fn up<'c, C>(connection: C) -> Result<Vec<String>, DbErr>
where
    C: IntoSchemaManagerConnection<'c> + Copy,
{
    let manager = SchemaManager::new(connection);
    let taken = Migrator::get_migration_models(manager.get_connection()).await?;
    let taken: BTreeSet<String> = taken.into_iter().map(|step| step.version).collect();
    let own: BTreeSet<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    if taken.is_superset(&own) {
        return Ok(taken.difference(&own).cloned().collect());
    }
    Migrator::up(connection, None).await?;
    Ok(Vec::new())
}

/// Takes the first so many steps that were not taken yet: how an earlier release left a database.
pub async fn up_some<'c>(connection: impl IntoSchemaManagerConnection<'c>, steps: u32) -> Result<(), DbErr> {
    Migrator::up(connection, Some(steps)).await
}

/// How many steps there are.
#[must_use]
pub fn steps() -> usize {
    Migrator::migrations().len()
}

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Step),
            Box::new(m0002_programs::Step),
            Box::new(m0003_cohorts::Step),
            Box::new(m0004_enrollments::Step),
            Box::new(m0005_ledger::Step),
            Box::new(m0006_check_ins::Step),
            Box::new(m0007_whole_life::Step),
            Box::new(m0008_mail_in::Step),
            Box::new(m0009_announcements::Step),
            Box::new(m0010_turns::Step),
            Box::new(m0011_what_is_due::Step),
            Box::new(m0012_streams::Step),
            Box::new(m0013_stencils::Step),
            Box::new(m0014_sent_forms::Step),
            Box::new(m0015_lean_ledger::Step),
            Box::new(m0016_first_row::Step),
            Box::new(m0017_named_by_id::Step),
        ]
    }
}
