//! Which practice is it?

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

pub use super::rows::practices::Model as Practice;
use super::{
    Result, insert,
    rows::practices::{Column, Entity},
};
use crate::domain::ids::PracticeId;

pub async fn find(db: &impl ConnectionTrait, id: PracticeId) -> Result<Option<Practice>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Every practice on this installation, oldest first: for the operator's commands and the worker.
pub async fn on_this_installation(db: &impl ConnectionTrait) -> Result<Vec<Practice>> {
    Ok(Entity::find().order_by_asc(Column::CreatedAt).all(db).await?)
}

pub async fn create(tx: &impl ConnectionTrait, practice: Practice) -> Result<()> {
    insert(tx, practice).await
}

/// Writes the practice as it now is.
pub async fn save(tx: &impl ConnectionTrait, practice: Practice) -> Result<()> {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    practice.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// A test mail arrived: sending from this address works.
pub async fn mark_mail_tested(tx: &impl ConnectionTrait, id: PracticeId, at: DateTime<Utc>) -> Result<()> {
    Entity::update_many().col_expr(Column::MailTestedAt, Expr::value(at)).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}
