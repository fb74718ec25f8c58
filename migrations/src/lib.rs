//! What does the database look like, and how did it come to?
//!
//! One step a file, the same code for SQLite and PostgreSQL. Every table carries the practice it belongs
//! to, from the first step on.

use sea_orm_migration::prelude::*;

mod columns;
mod m0001_people;
mod m0002_programs;
mod m0003_cohorts;
mod m0004_enrollments;
mod m0005_ledger;

#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Step),
            Box::new(m0002_programs::Step),
            Box::new(m0003_cohorts::Step),
            Box::new(m0004_enrollments::Step),
            Box::new(m0005_ledger::Step),
        ]
    }
}
