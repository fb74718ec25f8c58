//! Who had their lesson or announcement of the day, and what waits for another?

use std::ops::Range;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{super::rows::cohorts, Column, Delivery, Entity, OPEN, Result, sending::fenced, state_is};
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

/// A lesson or an announcement that reached somebody, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub id: DeliveryId,
    pub person: ParticipantId,
    pub program: ProgramId,
    pub at: DateTime<Utc>,
}

/// Of a delivery and its cohort: id, person, program, sent at, changed at.
type Row = (DeliveryId, ParticipantId, ProgramId, Option<DateTime<Utc>>, DateTime<Utc>);

/// Lessons and announcements that reached these people since an instant, or may have. What a coach sent again does
/// not count.
pub async fn reached_since(
    db: &impl ConnectionTrait,
    people: &[ParticipantId],
    since: DateTime<Utc>,
) -> Result<Vec<Reached>> {
    let sent = Condition::all().add(state_is(State::Sent)).add(Column::SentAt.gte(since));
    let perhaps = Condition::any().add(state_is(State::Sending)).add(state_is(State::Unknown));
    let perhaps = Condition::all().add(perhaps).add(Column::ChangedAt.gte(since));
    let of_cohort: RelationDef =
        Entity::belongs_to(cohorts::Entity).from(Column::CohortId).to(cohorts::Column::Id).into();
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::ParticipantId])
        .column(cohorts::Column::ProgramId)
        .columns([Column::SentAt, Column::ChangedAt])
        .join(JoinType::InnerJoin, of_cohort)
        .filter(Column::ParticipantId.is_in(people.iter().copied()))
        .filter(Column::Category.is_in([Category::Lesson, Category::Announcement]))
        .filter(Column::Generation.gte(0))
        .filter(Condition::any().add(sent).add(perhaps))
        .into_tuple()
        .all(db)
        .await?;
    let reached = |(id, person, program, sent_at, changed_at): (_, _, _, Option<_>, _)| Reached {
        id,
        person,
        program,
        at: sent_at.unwrap_or(changed_at),
    };
    Ok(rows.into_iter().map(reached).collect())
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
