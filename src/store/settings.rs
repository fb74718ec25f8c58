//! What else must be remembered, by name?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{OnConflict, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Result,
    rows::settings::{Column, Entity, Model},
};
use crate::domain::ids::PracticeId;

pub async fn get(db: &impl ConnectionTrait, practice: PracticeId, name: &str) -> Result<Option<String>> {
    let row = named(practice, name).one(db).await?;
    Ok(row.map(|row| row.value))
}

/// As a value inside of another question: null where nothing is set.
pub(super) fn value(practice: PracticeId, name: &str) -> SimpleExpr {
    named(practice, name).select_only().column(Column::Value).into_query().into()
}

fn named(practice: PracticeId, name: &str) -> Select<Entity> {
    Entity::find().filter(Column::PracticeId.eq(practice)).filter(Column::Name.eq(name))
}

/// Sets a value; `id` is used only when the name is new.
pub async fn set(
    tx: &impl ConnectionTrait,
    id: Uuid,
    scope: (PracticeId, &str),
    value: &str,
    changed_at: DateTime<Utc>,
) -> Result<()> {
    use sea_orm::IntoActiveModel;
    let (practice_id, name) = scope;
    let row = Model { id, practice_id, name: name.to_owned(), value: value.to_owned(), changed_at };
    Entity::insert(row.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::PracticeId, Column::Name])
                .update_columns([Column::Value, Column::ChangedAt])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
