//! Which browsers are signed in, and which one-time links and codes are out?

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

pub use super::rows::{logins::Model as Login, sign_ins::Model as SignIn};
use super::{
    Result, insert,
    rows::{logins, sign_ins},
};
use crate::domain::{ids::LoginId, people::Who};

pub async fn with_token(db: &impl ConnectionTrait, token_hash: &str, now: DateTime<Utc>) -> Result<Option<Login>> {
    use logins::{Column, Entity};
    Ok(Entity::find().filter(Column::TokenHash.eq(token_hash)).filter(Column::ExpiresAt.gt(now)).one(db).await?)
}

/// Where a person is signed in, for their own copy of what we hold.
pub async fn of_person(db: &impl ConnectionTrait, who: Who, person: Uuid) -> Result<Vec<Login>> {
    use logins::{Column, Entity};
    Ok(Entity::find().filter(Column::Who.eq(who)).filter(Column::PersonId.eq(person)).all(db).await?)
}

pub async fn create(tx: &impl ConnectionTrait, login: Login) -> Result<()> {
    insert(tx, login).await
}

pub async fn mark_seen(
    tx: &impl ConnectionTrait,
    id: LoginId,
    seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    use logins::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::SeenAt, Expr::value(seen_at))
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn end(tx: &impl ConnectionTrait, id: LoginId) -> Result<()> {
    logins::Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Everywhere: after leaving, a new password, a new address.
pub async fn end_all_of(tx: &impl ConnectionTrait, who: Who, person: Uuid) -> Result<()> {
    logins::Entity::delete_many()
        .filter(logins::Column::Who.eq(who))
        .filter(logins::Column::PersonId.eq(person))
        .exec(tx)
        .await?;
    end_sign_ins_of(tx, person).await
}

/// A newer sign-in mail kills the older one.
pub async fn create_sign_in(tx: &impl ConnectionTrait, sign_in: SignIn) -> Result<()> {
    sign_ins::Entity::delete_many()
        .filter(sign_ins::Column::PersonId.eq(sign_in.person_id))
        .filter(sign_ins::Column::Purpose.eq(sign_in.purpose.clone()))
        .exec(tx)
        .await?;
    insert(tx, sign_in).await
}

/// A sign-in that can still be used.
pub async fn sign_in_with_token(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<SignIn>> {
    use sign_ins::{Column, Entity};
    Ok(Entity::find()
        .filter(Column::TokenHash.eq(token_hash))
        .filter(Column::SpentAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .one(db)
        .await?)
}

/// The sign-ins that this browser asked for and that can still be used.
pub async fn sign_ins_of_browser(
    db: &impl ConnectionTrait,
    browser_hash: &str,
    now: DateTime<Utc>,
) -> Result<Vec<SignIn>> {
    use sign_ins::{Column, Entity};
    Ok(Entity::find()
        .filter(Column::BrowserHash.eq(browser_hash))
        .filter(Column::SpentAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .all(db)
        .await?)
}

/// Spends it; `false` when somebody was faster.
pub async fn spend_sign_in(tx: &impl ConnectionTrait, id: Uuid, at: DateTime<Utc>) -> Result<bool> {
    use sign_ins::{Column, Entity};
    let outcome = Entity::update_many()
        .col_expr(Column::SpentAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::SpentAt.is_null())
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

pub async fn count_wrong_code(tx: &impl ConnectionTrait, browser_hash: &str) -> Result<()> {
    use sign_ins::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::WrongCodes, Expr::col(Column::WrongCodes).add(1))
        .filter(Column::BrowserHash.eq(browser_hash))
        .exec(tx)
        .await?;
    Ok(())
}

async fn end_sign_ins_of(tx: &impl ConnectionTrait, person: Uuid) -> Result<()> {
    sign_ins::Entity::delete_many().filter(sign_ins::Column::PersonId.eq(person)).exec(tx).await?;
    Ok(())
}

/// Forgets what ran out: nothing here outlives its use.
pub async fn sweep(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    logins::Entity::delete_many().filter(logins::Column::ExpiresAt.lt(before)).exec(tx).await?;
    let spent = Condition::any().add(sign_ins::Column::ExpiresAt.lt(before)).add(sign_ins::Column::SpentAt.lt(before));
    sign_ins::Entity::delete_many().filter(spent).exec(tx).await?;
    Ok(())
}
