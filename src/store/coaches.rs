//! Who signs in with a password?

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, sea_query::Expr};

pub use super::rows::coaches::Model as Coach;
use super::{
    Result, insert,
    rows::coaches::{Column, Entity},
};
use crate::domain::{
    email_address::EmailAddress,
    ids::{CoachId, PracticeId},
};

/// By address, across practices: an address signs in once.
pub async fn with_email(db: &impl ConnectionTrait, email: &EmailAddress) -> Result<Option<Coach>> {
    Ok(Entity::find().filter(Column::EmailKey.eq(email.key())).one(db).await?)
}

pub async fn find(db: &impl ConnectionTrait, id: CoachId) -> Result<Option<Coach>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

pub async fn with_feed(db: &impl ConnectionTrait, feed_hash: &str) -> Result<Option<Coach>> {
    Ok(Entity::find().filter(Column::FeedHash.eq(feed_hash)).one(db).await?)
}

pub async fn of_practice(db: &impl ConnectionTrait, practice: PracticeId) -> Result<Vec<Coach>> {
    Ok(Entity::find().filter(Column::PracticeId.eq(practice)).order_by_asc(Column::CreatedAt).all(db).await?)
}

pub async fn create(tx: &impl ConnectionTrait, coach: Coach) -> Result<()> {
    insert(tx, coach).await
}

/// A new password ends every sign-in made with the old one.
pub async fn set_password(tx: &impl ConnectionTrait, id: CoachId, password_hash: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(password_hash))
        .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// What an assistant may do besides: words with a space between.
pub async fn set_rights(tx: &impl ConnectionTrait, id: CoachId, rights: &str) -> Result<()> {
    Entity::update_many().col_expr(Column::Rights, Expr::value(rights)).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// The old feed's address stops working.
pub async fn rotate_feed(tx: &impl ConnectionTrait, id: CoachId, rotation: i32, feed_hash: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::FeedRotation, Expr::value(rotation))
        .col_expr(Column::FeedHash, Expr::value(feed_hash))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
