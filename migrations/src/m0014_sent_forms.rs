//! A column that forms had in the tables of a few early days, before any was counted. Nothing ever wrote it, and it may
//! not be empty: where it is still there, no form could be kept.

use sea_orm_migration::prelude::*;

#[derive(Debug)]
pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0014_sent_forms"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.has_column("sent_forms", "address").await? {
            let table = Alias::new("sent_forms");
            manager.alter_table(Table::alter().table(table).drop_column(Alias::new("address")).to_owned()).await?;
        }
        Ok(())
    }
}
