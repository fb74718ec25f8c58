//! Which email goes to whom, why, and what became of it? The only queue there is.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{CaseStatement, Expr, Func, OnConflict, SimpleExpr},
};
use uuid::Uuid;

pub use super::rows::deliveries::Model as Delivery;
use super::{
    ROWS_A_STATEMENT, Result, fills, fresh_ids,
    rows::deliveries::{Column, Entity},
};
use crate::domain::{
    delivery::{Occasion, State},
    ids::{CohortId, DeliveryId, EnrollmentId, ParticipantId, PracticeId},
};

mod backlog;
mod claiming;
mod daily;
mod doubt;
mod elsewhere;
mod held;
mod journeys;
mod lease;
mod pile;
mod queued;
mod release;
mod sending;
mod standstill;
mod tally;
mod texts;
mod together;

pub use backlog::{Backlog, Trouble, backlog, backlog_states, last_change, trouble};
pub(super) use claiming::all_sendable;
pub use claiming::{Claim, claim, take};
pub use daily::{Day, Reached, busy_at, postpone, reached_since, waiting_lessons};
pub use doubt::arrived;
pub use elsewhere::{address_to, addressed, open_invites_of, other_address, unclaim, welcomes_of};
pub use held::{hold_open, let_go, may_have_gone, skip_doubtful};
pub use journeys::{free_lesson, free_lessons, hand_over, lessons_of_journey, retime};
pub use lease::{AtWork, Lease, LeaseClock, Working};
pub use pile::start_sending;
pub use queued::{Queued, Recipient};
pub use release::{Manner, Release, release};
pub use sending::{
    Frozen, Kept, Over, Recorded, came_back, count_going_on, count_open, give_back, next_instant, record, settle, sweep,
};
pub use standstill::{Standstill, standstill};
pub use tally::{Tally, count_by_state, count_sent, count_to_each, lessons_of_cohort, states_of_cohort, tally_between};
pub use texts::forget_texts;
pub use together::{Begun, Claimed, Entry, Together, Written};

/// States from which a row goes on by itself.
const OPEN: [State; 5] = [State::Queued, State::Claimed, State::Sending, State::Deferred, State::Unknown];

/// With the word itself in the statement. There are indexes for single states: with a parameter in its place SQLite
/// makes a new plan whenever it is run, which costs more than the run.
fn state_is(state: State) -> SimpleExpr {
    Expr::cust(format!("deliveries.state = '{}'", state.as_str()))
}

/// Writes rows that are not there yet: what makes one unique is (subject, occasion, object, generation).
/// Returns how many were new.
pub async fn enqueue(tx: &impl ConnectionTrait, rows: Vec<Delivery>) -> Result<u64> {
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    let mut new = 0;
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(ROWS_A_STATEMENT).collect();
        new += Entity::insert_many(chunk).on_conflict(once()).exec_without_returning(tx).await?;
    }
    Ok(new)
}

fn once() -> OnConflict {
    OnConflict::columns([Column::SubjectId, Column::Occasion, Column::ObjectId, Column::Generation])
        .do_nothing()
        .to_owned()
}

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: DeliveryId) -> Result<Option<Delivery>> {
    Ok(Entity::find_by_id(id).filter(Column::PracticeId.eq(practice)).one(db).await?)
}

/// By id alone: for those who hold a secret that names it.
pub async fn holding(db: &impl ConnectionTrait, id: DeliveryId) -> Result<Option<Delivery>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// By a Message-ID of before, brackets included: a keyed hash of 32 characters, which has to be looked up.
pub async fn with_hashed_message_id(db: &impl ConnectionTrait, message_id: &str) -> Result<Option<Delivery>> {
    let hashed = Expr::cust("substr(message_id, 34, 1) = '@'");
    Ok(Entity::find().filter(Column::MessageId.eq(message_id)).filter(hashed).one(db).await?)
}

/// What a page of the outbox asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub cohort: Option<CohortId>,
    pub participant: Option<ParticipantId>,
    pub occasion: Option<Occasion>,
    pub states: Vec<State>,
    pub page: u64,
    pub page_size: u64,
}

/// The newest first, with the number of all that match.
pub async fn of_practice(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    filter: &Filter,
) -> Result<(Vec<Delivery>, u64)> {
    // Of one person there is little: with the practice as it stands, SQLite would go through all of its mail.
    let of_practice = match filter.participant {
        Some(_) => Func::coalesce([Expr::col(Column::PracticeId), Expr::col(Column::PracticeId)]).eq(practice),
        None => Column::PracticeId.eq(practice),
    };
    let mut wanted = Condition::all().add(of_practice);
    if let Some(cohort) = filter.cohort {
        wanted = wanted.add(Column::CohortId.eq(cohort));
    }
    if let Some(person) = filter.participant {
        wanted = wanted.add(Column::ParticipantId.eq(person));
    }
    if let Some(occasion) = filter.occasion {
        wanted = wanted.add(Column::Occasion.eq(occasion));
    }
    if !filter.states.is_empty() {
        wanted = wanted.add(Column::State.is_in(filter.states.iter().copied()));
    }
    let query = Entity::find().filter(wanted);
    let all = query.clone().count(db).await?;
    let rows = query
        .order_by_desc(Column::DueAt)
        .order_by_desc(Column::Id)
        .offset(filter.page * filter.page_size)
        .limit(filter.page_size)
        .all(db)
        .await?;
    Ok((rows, all))
}

/// How many mails of an occasion these people got, or are to get, since an instant of real time.
pub async fn count_to(
    db: &impl ConnectionTrait,
    people: &[ParticipantId],
    occasion: Occasion,
    since: DateTime<Utc>,
) -> Result<u64> {
    Ok(Entity::find()
        .filter(Column::ParticipantId.is_in(people.iter().copied()))
        .filter(Column::Occasion.eq(occasion))
        .filter(Column::NextTryAt.gt(since))
        .count(db)
        .await?)
}

/// Mail that did not arrive, or may not have, and may need a person.
pub const LOST: [State; 6] =
    [State::Missed, State::Failed, State::Bounced, State::Complained, State::Held, State::Unknown];

/// The states stand in the statement itself, in the order of the index: only then does the partial index answer.
fn is_lost() -> SimpleExpr {
    let words: Vec<String> = LOST.iter().map(|state| format!("'{}'", state.as_str())).collect();
    Expr::cust(format!("state IN ({})", words.join(", ")))
}

/// How many of a practice's mails were lost since an instant.
pub async fn count_lost(db: &impl ConnectionTrait, practice: PracticeId, since: DateTime<Utc>) -> Result<u64> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(is_lost())
        .filter(Column::ChangedAt.gt(since))
        .count(db)
        .await?)
}

/// The whole ledger in the order it was written: for the operator's report.
pub async fn everything(db: &impl ConnectionTrait) -> Result<Vec<Delivery>> {
    Ok(Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(db).await?)
}

/// The highest generation of an occasion about an object, for the next resend.
pub async fn last_generation(
    db: &impl ConnectionTrait,
    subject: Uuid,
    occasion: Occasion,
    object: Uuid,
) -> Result<Option<i32>> {
    let row = Entity::find()
        .filter(Column::SubjectId.eq(subject))
        .filter(Column::Occasion.eq(occasion))
        .filter(Column::ObjectId.eq(object))
        .order_by_desc(Column::Generation)
        .one(db)
        .await?;
    Ok(row.map(|row| row.generation))
}

/// Cancels what waits for a person in a cohort, but for what is already on the wire. Calendar mail is left:
/// what was not sent of it is dealt with one by one.
pub async fn cancel_waiting(
    tx: &impl ConnectionTrait,
    enrollment: EnrollmentId,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Canceled))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::EnrollmentId.eq(enrollment))
        .filter(Column::Occasion.ne(Occasion::Invite))
        .filter(Column::State.is_in([State::Queued, State::Deferred, State::Held]))
        .exec(tx)
        .await?;
    Ok(())
}

/// Cancels one row if it has not left; `true` when it had not.
pub async fn cancel(tx: &impl ConnectionTrait, id: DeliveryId, reason: &str, at: DateTime<Utc>) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Canceled))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([State::Queued, State::Deferred, State::Held]))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Cancels every row about one object that has not left; returns how many there were.
pub async fn cancel_about(
    tx: &impl ConnectionTrait,
    of: (Occasion, Uuid),
    reason: &str,
    at: DateTime<Utc>,
) -> Result<u64> {
    let outcome = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Canceled))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::Frozen, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::Occasion.eq(of.0))
        .filter(Column::ObjectId.eq(of.1))
        .filter(Column::State.is_in([State::Queued, State::Deferred, State::Held]))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected)
}

/// Rows of one object that still go on by themselves, such as the invites of one session.
pub async fn open_about(db: &impl ConnectionTrait, occasion: Occasion, object: Uuid) -> Result<Vec<Delivery>> {
    Ok(Entity::find()
        .filter(Column::ObjectId.eq(object))
        .filter(Column::Occasion.eq(occasion))
        .filter(Column::State.is_in(OPEN))
        .all(db)
        .await?)
}

/// The reason a row carries when a person decided to send it in spite of everything.
pub const SENT_ANYWAY: &str = "sent anyway";

/// What is in doubt is sent again to the byte; what came to its end is written anew.
fn stencil_in_doubt() -> SimpleExpr {
    let kept = CaseStatement::new().case(Column::State.eq(State::Unknown), Expr::col(Column::StencilId));
    kept.finally(Expr::value(None::<Uuid>)).into()
}

/// What went into the holes of its stencil; `None`: it has none, or they are forgotten. A release kept them in the
/// mail's own row.
pub async fn fills_of(db: &impl ConnectionTrait, row: &Delivery) -> Result<Option<String>> {
    Ok(match (row.stencil_id, &row.fills) {
        (None, _) => None,
        (Some(_), Some(fills)) => Some(fills.clone()),
        (Some(_), None) => fills::find(db, row.id).await?.map(|fill| fill.words),
    })
}

/// *Send anyway*, *try again*: a finished row without an email sent goes back into the queue.
pub async fn requeue(tx: &impl ConnectionTrait, id: DeliveryId, actor: &str, at: DateTime<Utc>) -> Result<bool> {
    let outcome = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::StencilId, stencil_in_doubt())
        .col_expr(Column::NextTryAt, Expr::value(at))
        .col_expr(Column::UsefulUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::Actor, Expr::value(actor))
        .col_expr(Column::Reason, Expr::value(SENT_ANYWAY))
        .col_expr(Column::ChangedAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([
            State::Missed,
            State::Failed,
            State::Bounced,
            State::Skipped,
            State::Held,
            State::Unknown,
        ]))
        .exec(tx)
        .await?;
    Ok(outcome.rows_affected == 1)
}

/// Every row of one occasion about one object, the first generation first.
pub async fn about(db: &impl ConnectionTrait, occasion: Occasion, object: Uuid) -> Result<Vec<Delivery>> {
    Ok(Entity::find()
        .filter(Column::ObjectId.eq(object))
        .filter(Column::Occasion.eq(occasion))
        .order_by_asc(Column::Generation)
        .all(db)
        .await?)
}

/// The address was corrected: what came back, or was not tried, goes to the new one, if it is still of use.
pub async fn requeue_for_new_address(tx: &impl ConnectionTrait, id: DeliveryId, at: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Queued))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::StencilId, stencil_in_doubt())
        .col_expr(Column::NextTryAt, Expr::value(at))
        .col_expr(Column::Reason, Expr::value("address corrected"))
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([State::Bounced, State::Skipped]))
        .exec(tx)
        .await?;
    Ok(())
}
