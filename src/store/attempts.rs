//! How often was something tried, by a hash of whom?

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    Result, insert,
    rows::attempts::{Column, Entity, Model},
};
use crate::domain::ids::PracticeId;

/// What is counted, and for whom: never the address itself, only its keyed hash.
#[derive(Debug, Clone, Copy)]
pub struct Bucket<'a> {
    pub name: &'static str,
    pub subject_hash: &'a str,
}

pub async fn count_since(db: &impl ConnectionTrait, bucket: Bucket<'_>, since: DateTime<Utc>) -> Result<u64> {
    Ok(Entity::find()
        .filter(Column::Bucket.eq(bucket.name))
        .filter(Column::SubjectHash.eq(bucket.subject_hash))
        .filter(Column::MadeAt.gt(since))
        .count(db)
        .await?)
}

/// The first try since then: when it is far enough back, another one is allowed.
pub async fn first_since(
    db: &impl ConnectionTrait,
    bucket: Bucket<'_>,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let first = Entity::find()
        .filter(Column::Bucket.eq(bucket.name))
        .filter(Column::SubjectHash.eq(bucket.subject_hash))
        .filter(Column::MadeAt.gt(since))
        .order_by_asc(Column::MadeAt)
        .one(db)
        .await?;
    Ok(first.map(|attempt| attempt.made_at))
}

pub async fn note(tx: &impl ConnectionTrait, id: Uuid, bucket: Bucket<'_>, made_at: DateTime<Utc>) -> Result<()> {
    let practice_id = PracticeId(Uuid::nil());
    let (bucket, subject_hash) = (bucket.name.to_owned(), bucket.subject_hash.to_owned());
    insert(tx, Model { id, practice_id, bucket, subject_hash, made_at }).await
}

pub async fn sweep(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::MadeAt.lt(before)).exec(tx).await?;
    Ok(())
}
