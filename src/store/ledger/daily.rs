//! Who had their lesson or announcement of the day, and what waits for another?

use std::ops::Range;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{super::rows::cohorts, Column, Delivery, Entity, OPEN, Result, sending::fenced};
use crate::{
    clock::Now,
    domain::{
        category::Category,
        delivery::{Occasion, State},
        ids::{CohortId, DeliveryId, EnrollmentId, ParticipantId, ProgramId},
    },
};

/// One day of one person, in one program.
#[derive(Debug, Clone)]
pub struct Day {
    pub person: ParticipantId,
    pub program: ProgramId,
    pub hours: Range<DateTime<Utc>>,
}

/// Whether another lesson or announcement than `this` reached the person that day, or may have. What a coach sent
/// again does not count.
pub async fn had_one_in(db: &impl ConnectionTrait, day: &Day, this: DeliveryId) -> Result<bool> {
    let (from, to) = (day.hours.start, day.hours.end);
    let sent =
        Condition::all().add(Column::State.eq(State::Sent)).add(Column::SentAt.gte(from)).add(Column::SentAt.lt(to));
    let perhaps = Condition::all()
        .add(Column::State.is_in([State::Sending, State::Unknown]))
        .add(Column::ChangedAt.gte(from))
        .add(Column::ChangedAt.lt(to));
    let found =
        of_day(day).filter(Column::Id.ne(this)).filter(Condition::any().add(sent).add(perhaps)).count(db).await?;
    Ok(found > 0)
}

/// Lessons and announcements of one program to one person, at any time; what a coach sent again does not count.
fn of_day(day: &Day) -> sea_orm::Select<Entity> {
    let mut of_program = Query::select();
    of_program
        .column(cohorts::Column::Id)
        .from(cohorts::Entity)
        .and_where(Expr::col(cohorts::Column::ProgramId).eq(day.program));
    Entity::find()
        .filter(Column::ParticipantId.eq(day.person))
        .filter(Column::Category.is_in([Category::Lesson, Category::Announcement]))
        .filter(Column::Generation.gte(0))
        .filter(Column::CohortId.in_subquery(of_program))
}

/// When lessons and announcements of those hours reached the person, or are still to.
pub async fn busy_at(db: &impl ConnectionTrait, day: &Day) -> Result<Vec<DateTime<Utc>>> {
    let comes = OPEN.into_iter().chain([State::Sent]);
    let rows = of_day(day)
        .filter(Column::State.is_in(comes))
        .filter(Column::DueAt.gte(day.hours.start))
        .filter(Column::DueAt.lt(day.hours.end))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.sent_at.unwrap_or(row.due_at)).collect())
}

/// Gives a claim back unspent: it is due at another instant.
pub async fn postpone(
    tx: &impl ConnectionTrait,
    row: &Delivery,
    turn: (DateTime<Utc>, Option<DateTime<Utc>>),
    reason: &str,
    now: Now,
) -> Result<bool> {
    let outcome = fenced(row, State::Claimed)
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::Tries, Expr::col(Column::Tries).sub(1))
        .col_expr(Column::DueAt, Expr::value(turn.0))
        .col_expr(Column::UsefulUntil, Expr::value(turn.1))
        .col_expr(Column::NextTryAt, Expr::value(now.real))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::ChangedAt, Expr::value(now.program))
        .col_expr(Column::LeaseToken, Expr::value(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Lessons that nobody has claimed yet, of one person in one cohort, the soonest first.
pub async fn waiting_lessons(db: &impl ConnectionTrait, of: (CohortId, EnrollmentId)) -> Result<Vec<Delivery>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(of.0))
        .filter(Column::EnrollmentId.eq(of.1))
        .filter(Column::Occasion.eq(Occasion::Lesson))
        .filter(Column::State.eq(State::Queued))
        .filter(Column::Generation.gte(0))
        .order_by_asc(Column::DueAt)
        .all(db)
        .await?)
}
