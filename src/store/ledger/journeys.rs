//! Which lessons has a person had on their way through a program, and which may still come another way?
//!
//! A lesson's key is (journey, lesson, generation 0), so that no cohort sends it twice. What never left gives
//! its key back by raising its generation; the row stays, canceled, with the reason.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use super::{
    super::rows::deliveries::{Column, Entity},
    Delivery, Result, last_generation,
};
use crate::domain::{
    delivery::{Occasion, State},
    ids::{CohortId, DeliveryId, EnrollmentId, JourneyId},
    reach::{Reach, reach},
};

/// States in which a row may have reached the person: nothing takes it back.
const SETTLED: [State; 4] = [State::Sent, State::Sending, State::Unknown, State::Complained];

/// The rows that hold the keys of a journey's lessons.
pub async fn lessons_of_journey(db: &impl ConnectionTrait, journey: JourneyId) -> Result<Vec<Delivery>> {
    Ok(of_journey(db, journey, Occasion::Lesson).await?.into_iter().filter(|row| row.generation == 0).collect())
}

async fn of_journey(db: &impl ConnectionTrait, journey: JourneyId, occasion: Occasion) -> Result<Vec<Delivery>> {
    Ok(Entity::find()
        .filter(Column::SubjectId.eq(journey.0))
        .filter(Column::Occasion.eq(occasion))
        .order_by_asc(Column::CreatedAt)
        .all(db)
        .await?)
}

/// Frees the keys of all lessons that never left, and cancels what still waits of them: from here on they come
/// another way. What was sent, or may have been, keeps its key for good. The caller holds the cohort's lock.
pub async fn free_lessons(
    tx: &impl ConnectionTrait,
    journey: JourneyId,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let mut arrived: HashMap<DeliveryId, bool> = HashMap::new();
    for mail in of_journey(tx, journey, Occasion::CatchUp).await? {
        let is_settled = SETTLED.contains(&mail.state) || !withdraw(tx, &mail, mail.generation, (reason, at)).await?;
        arrived.insert(mail.id, is_settled);
    }
    for row in lessons_of_journey(tx, journey).await? {
        let is_free = match reach(row.state, row.reason.as_deref()) {
            Reach::Settled => false,
            Reach::WithCatchUp => carried_by(&row).is_some_and(|mail| arrived.get(&mail) != Some(&true)),
            Reach::Free => true,
        };
        if is_free {
            free_lesson(tx, &row, reason, at).await?;
        }
    }
    Ok(())
}

/// Frees the key of one lesson, unless it went on the wire this moment.
pub async fn free_lesson(tx: &impl ConnectionTrait, row: &Delivery, reason: &str, at: DateTime<Utc>) -> Result<()> {
    let highest = last_generation(tx, row.subject_id, Occasion::Lesson, row.object_id).await?;
    withdraw(tx, row, highest.unwrap_or_default() + 1, (reason, at)).await?;
    Ok(())
}

/// Another time for what nobody has claimed yet; `false` when somebody has.
pub async fn retime(
    tx: &impl ConnectionTrait,
    id: DeliveryId,
    due_at: DateTime<Utc>,
    useful_until: Option<DateTime<Utc>>,
) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(due_at))
        .col_expr(Column::UsefulUntil, Expr::value(useful_until))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(State::Queued))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// The catch-up mail that carried a lesson; what was written before mails were named came for sure.
fn carried_by(row: &Delivery) -> Option<DeliveryId> {
    let params: serde_json::Value = serde_json::from_str(&row.params).ok()?;
    serde_json::from_value(params["catch_up"].clone()).ok()
}

/// `false`: it went on the wire this moment.
async fn withdraw(
    tx: &impl ConnectionTrait,
    row: &Delivery,
    generation: i32,
    (reason, at): (&str, DateTime<Utc>),
) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Canceled))
        .col_expr(Column::Generation, Expr::value(generation))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.is_not_in(SETTLED))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Lessons on the wire go along with the person who goes on in another cohort: should they have to be tried
/// again, they are not refused.
pub async fn hand_over(tx: &impl ConnectionTrait, from: EnrollmentId, to: (EnrollmentId, CohortId)) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::EnrollmentId, Expr::value(to.0))
        .col_expr(Column::CohortId, Expr::value(to.1))
        .filter(Column::EnrollmentId.eq(from))
        .filter(Column::Occasion.is_in([Occasion::Lesson, Occasion::CatchUp]))
        .filter(Column::State.is_in([State::Sending, State::Unknown]))
        .exec(tx)
        .await?;
    Ok(())
}
