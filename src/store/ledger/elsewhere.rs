//! Which mail goes to another address than the one its person has now?

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{
    super::rows::deliveries::{Column, Entity},
    Delivery, OPEN, Result,
};
use crate::domain::{
    delivery::{Occasion, State},
    email_address::EmailAddress,
    ids::{CohortId, DeliveryId, ParticipantId},
};

/// The name of the address in a row's params.
const TO: &str = "to";

/// The address a row was written for, where that is not the person's own of today: the old one hears that it is the
/// old one and clears its calendar, a new one is asked whether it is right.
#[must_use]
pub fn other_address(row: &Delivery) -> Option<EmailAddress> {
    let params: serde_json::Value = serde_json::from_str(&row.params).ok()?;
    serde_json::from_value(params.get(TO)?.clone()).ok()
}

/// The same params, for this address.
#[must_use]
pub fn addressed(mut params: serde_json::Value, to: &EmailAddress) -> serde_json::Value {
    params[TO] = serde_json::json!(to);
    params
}

/// A person's calendar mail that has not come to an end.
pub async fn open_invites_of(db: &impl ConnectionTrait, person: ParticipantId) -> Result<Vec<Delivery>> {
    Ok(Entity::find()
        .filter(Column::ParticipantId.eq(person))
        .filter(Column::Occasion.eq(Occasion::Invite))
        .filter(Column::State.is_in(OPEN))
        .all(db)
        .await?)
}

/// The Message-IDs of the mails that welcomed these people to a cohort, which later ones answer; the newest first.
/// Asked for by the people alone: an index on the practice or the cohort would lead through everybody's mail.
pub async fn welcomes_of(
    db: &impl ConnectionTrait,
    people: &[ParticipantId],
) -> Result<Vec<(ParticipantId, CohortId, Option<String>)>> {
    let rows: Vec<(ParticipantId, Option<CohortId>, Option<String>)> = Entity::find()
        .select_only()
        .columns([Column::ParticipantId, Column::CohortId, Column::MessageId])
        .filter(Column::ParticipantId.is_in(people.iter().copied()))
        .filter(Column::Occasion.eq(Occasion::Welcome))
        .order_by_desc(Column::DueAt)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(person, cohort, id)| Some((person, cohort?, id))).collect())
}

/// Takes back what a sender has claimed and not begun: its first write finds the lease gone, and nothing leaves.
pub async fn unclaim(tx: &impl ConnectionTrait, id: DeliveryId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(State::Claimed))
        .exec(tx)
        .await?;
    Ok(())
}

/// Should it be tried again, it is for this address still.
pub async fn address_to(tx: &impl ConnectionTrait, row: &Delivery, to: &EmailAddress) -> Result<()> {
    let params = addressed(serde_json::from_str(&row.params).unwrap_or_default(), to);
    Entity::update_many()
        .col_expr(Column::Params, Expr::value(params.to_string()))
        .filter(Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}
