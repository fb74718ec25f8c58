//! What did calendars answer, and which answer counts?

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

pub use super::rows::calendar_answers::Model as CalendarAnswerRow;
use super::{
    Result,
    rows::calendar_answers::{Column, Entity},
};
use crate::domain::{
    ids::{InviteId, PracticeId},
    rsvp::{Act, Weight},
};

/// Once each. `false` when the same mail, or its copy, was here before.
pub async fn note(tx: &impl ConnectionTrait, row: CalendarAnswerRow) -> Result<bool> {
    let once = OnConflict::columns([Column::InviteId, Column::Digest]).do_nothing().to_owned();
    let new = Entity::insert(row.into_active_model()).on_conflict(once).exec_without_returning(tx).await?;
    Ok(new == 1)
}

/// The answer that counts so far.
pub async fn that_counts(db: &impl ConnectionTrait, invite: InviteId) -> Result<Option<CalendarAnswerRow>> {
    Ok(Entity::find()
        .filter(Column::InviteId.eq(invite))
        .filter(Column::Weight.eq(Weight::Counts))
        .order_by_desc(Column::Sequence)
        .order_by_desc(Column::StampedAt)
        .one(db)
        .await?)
}

/// What counted counts no more.
pub async fn overtake(tx: &impl ConnectionTrait, invite: InviteId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Weight, Expr::value(Weight::Overtaken))
        .filter(Column::InviteId.eq(invite))
        .filter(Column::Weight.eq(Weight::Counts))
        .exec(tx)
        .await?;
    Ok(())
}

/// The newest first.
pub async fn of_invites(db: &impl ConnectionTrait, invites: &[InviteId]) -> Result<Vec<CalendarAnswerRow>> {
    Ok(Entity::find()
        .filter(Column::InviteId.is_in(invites.iter().copied()))
        .order_by_desc(Column::MadeAt)
        .order_by_desc(Column::Id)
        .limit(200)
        .all(db)
        .await?)
}

/// Who wishes for another time, the newest first.
pub async fn counters_since(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    since: DateTime<Utc>,
) -> Result<Vec<CalendarAnswerRow>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::MadeAt.gt(since))
        .filter(Column::Act.eq(Act::Counter))
        .order_by_desc(Column::MadeAt)
        .limit(50)
        .all(db)
        .await?)
}
