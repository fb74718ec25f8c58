//! How often was something tried, by a hash of whom?

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    Result, insert, insert_all,
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

/// How many tries there were, and when the first was, by the hash of who tried.
pub type Tries = HashMap<String, (u64, DateTime<Utc>)>;

/// The same for many in one question, each by its hash.
pub async fn tries_since(
    db: &impl ConnectionTrait,
    bucket: &'static str,
    subjects: &[&str],
    since: DateTime<Utc>,
) -> Result<Tries> {
    let rows: Vec<(String, i64, DateTime<Utc>)> = Entity::find()
        .select_only()
        .column(Column::SubjectHash)
        .column_as(Column::Id.count(), "tries")
        .column_as(Column::MadeAt.min(), "first_at")
        .filter(Column::Bucket.eq(bucket))
        .filter(Column::SubjectHash.is_in(subjects.iter().copied()))
        .filter(Column::MadeAt.gt(since))
        .group_by(Column::SubjectHash)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(subject, tries, first)| (subject, (u64::try_from(tries).unwrap_or(0), first))).collect())
}

pub async fn note_all(tx: &impl ConnectionTrait, tries: Vec<(Uuid, Bucket<'_>)>, made_at: DateTime<Utc>) -> Result<()> {
    let row = |(id, bucket): (Uuid, Bucket<'_>)| Model {
        id,
        practice_id: PracticeId(Uuid::nil()),
        bucket: bucket.name.to_owned(),
        subject_hash: bucket.subject_hash.to_owned(),
        made_at,
    };
    insert_all(tx, tries.into_iter().map(row).collect()).await
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
