//! When is it taught, to how many, and is there a seat?

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};

pub use super::rows::{cohort_lessons::Model as CohortLesson, cohorts::Model as Cohort, weeks::Model as WeekRow};
use super::{
    Result, insert, insert_all,
    rows::{
        cohort_lessons,
        cohorts::{Column, Entity},
        enrollments, weeks,
    },
};
use crate::domain::{
    cohort::Timing,
    enrollment::Standing,
    ids::{CohortId, LessonId, PracticeId, ProgramId},
    people::CohortState,
};

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: CohortId) -> Result<Option<Cohort>> {
    Ok(Entity::find_by_id(id).filter(Column::PracticeId.eq(practice)).one(db).await?)
}

/// By id alone: for the public page, which knows no practice, and for the worker.
pub async fn anywhere(db: &impl ConnectionTrait, id: CohortId) -> Result<Option<Cohort>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

pub async fn of_practice(db: &impl ConnectionTrait, practice: PracticeId) -> Result<Vec<Cohort>> {
    Ok(Entity::find().filter(Column::PracticeId.eq(practice)).order_by_asc(Column::StartsOn).all(db).await?)
}

/// Those a stranger may see, the soonest first.
pub async fn open_of_program(db: &impl ConnectionTrait, program: ProgramId) -> Result<Vec<Cohort>> {
    Ok(Entity::find()
        .filter(Column::ProgramId.eq(program))
        .filter(Column::State.eq(CohortState::Open))
        .order_by_asc(Column::StartsOn)
        .all(db)
        .await?)
}

pub async fn create(tx: &impl ConnectionTrait, cohort: Cohort) -> Result<()> {
    insert(tx, cohort).await
}

/// Writes the cohort as it now is, but never its seats: those change one at a time, below.
pub async fn save(tx: &impl ConnectionTrait, cohort: Cohort) -> Result<()> {
    let mut row = cohort.into_active_model().reset_all();
    row.seats_taken = sea_orm::ActiveValue::NotSet;
    row.update(tx).await?;
    Ok(())
}

/// Locks the cohort's row until the transaction ends, and counts its version up: whoever releases, enrolls,
/// pauses or changes the schedule does this first, so that none of them misses the other.
pub async fn lock(tx: &impl ConnectionTrait, id: CohortId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The same for many, each as it is then. In one order, so that two who do this never wait for each other.
pub async fn lock_all(tx: &impl ConnectionTrait, ids: &[CohortId]) -> Result<Vec<Cohort>> {
    let theirs = || Column::Id.is_in(ids.iter().copied());
    let in_order = Entity::find().select_only().column(Column::Id).filter(theirs()).order_by_asc(Column::Id);
    in_order.lock_exclusive().into_tuple::<CohortId>().all(tx).await?;
    Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(theirs())
        .exec(tx)
        .await?;
    Ok(Entity::find().filter(theirs()).order_by_asc(Column::Id).all(tx).await?)
}

/// The same, and the cohort as it is from then on.
pub async fn lock_and_read(tx: &impl ConnectionTrait, id: CohortId) -> Result<Cohort> {
    let locked = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id))
        .exec_with_returning(tx)
        .await?;
    Ok(locked.into_iter().next().ok_or_else(|| DbErr::RecordNotFound(id.to_string()))?)
}

/// Takes as many seats as are free, at most `wanted`: as if each were taken by itself. Returns their numbers, the
/// lowest first. The caller holds the cohort's lock.
pub async fn take_seats(tx: &impl ConnectionTrait, id: CohortId, wanted: usize) -> Result<Vec<i32>> {
    let wanted = i32::try_from(wanted).unwrap_or(i32::MAX);
    let seats = free_seats(tx, id).await?.clamp(0, wanted);
    if seats == 0 {
        return Ok(Vec::new());
    }
    let taken = Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).add(seats))
        .filter(Column::Id.eq(id))
        .filter(Expr::col(Column::SeatsTaken).add(seats).lte(Expr::col(Column::Capacity)))
        .exec(tx)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(Vec::new());
    }
    let given = seat_numbers(tx, id).await?;
    let free = (1..).filter(|number| given.binary_search(number).is_err());
    Ok(free.take(usize::try_from(seats).unwrap_or_default()).collect())
}

/// Takes a seat if one is free: a conditional update, so that no two callers can both have the last one.
/// Returns its number, the lowest free, from 1.
pub async fn take_seat(tx: &impl ConnectionTrait, id: CohortId) -> Result<Option<i32>> {
    let taken = Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).add(1))
        .filter(Column::Id.eq(id))
        .filter(Expr::col(Column::SeatsTaken).lt(Expr::col(Column::Capacity)))
        .exec(tx)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    next_seat_number(tx, id).await.map(Some)
}

/// A coach puts somebody in by name, full or not.
pub async fn take_seat_over_capacity(tx: &impl ConnectionTrait, id: CohortId) -> Result<i32> {
    Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).add(1))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    next_seat_number(tx, id).await
}

/// The lowest number nobody has, for a seat that is counted already.
pub async fn free_seat_number(tx: &impl ConnectionTrait, id: CohortId) -> Result<i32> {
    next_seat_number(tx, id).await
}

/// How many more could be taken.
pub async fn free_seats(tx: &impl ConnectionTrait, id: CohortId) -> Result<i32> {
    Ok(anywhere(tx, id).await?.map_or(0, |cohort| cohort.capacity - cohort.seats_taken))
}

async fn next_seat_number(tx: &impl ConnectionTrait, id: CohortId) -> Result<i32> {
    let taken = seat_numbers(tx, id).await?;
    Ok((1..)
        .zip(taken.iter().copied().chain([i32::MAX]))
        .find(|(free, taken)| free != taken)
        .map_or(1, |(free, _)| free))
}

/// Those that somebody has, the lowest first.
async fn seat_numbers(tx: &impl ConnectionTrait, id: CohortId) -> Result<Vec<i32>> {
    let mut taken: Vec<i32> = enrollments::Entity::find()
        .select_only()
        .column(enrollments::Column::Seat)
        .filter(enrollments::Column::CohortId.eq(id))
        .filter(enrollments::Column::Seat.is_not_null())
        .into_tuple()
        .all(tx)
        .await?;
    taken.sort_unstable();
    Ok(taken)
}

/// Counts seats that were filled in one go.
pub async fn count_seats(tx: &impl ConnectionTrait, id: CohortId, more: i32) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).add(more))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn give_seat_back(tx: &impl ConnectionTrait, id: CohortId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).sub(1))
        .filter(Column::Id.eq(id))
        .filter(Column::SeatsTaken.gt(0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Seats that confirmed people have: what the public page may tell.
pub async fn confirmed_seats(db: &impl ConnectionTrait, id: CohortId) -> Result<u64> {
    Ok(enrollments::Entity::find()
        .filter(enrollments::Column::CohortId.eq(id))
        .filter(enrollments::Column::Standing.is_in([Standing::Enrolled, Standing::Paused]))
        .count(db)
        .await?)
}

/// People and calendars hear of the change at this instant of program time; the sooner wins.
pub async fn tell_changes_at(tx: &impl ConnectionTrait, id: CohortId, at: Option<DateTime<Utc>>) -> Result<()> {
    Entity::update_many().col_expr(Column::TellChangesAt, Expr::value(at)).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Cohorts whose changes are due to be told.
pub async fn with_changes_to_tell(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Cohort>> {
    Ok(all_with_changes_to_tell(now).order_by_asc(Column::TellChangesAt).limit(50).all(db).await?)
}

pub(super) fn all_with_changes_to_tell(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find().filter(Column::TellChangesAt.lte(now))
}

pub async fn next_telling(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>> {
    let next =
        Entity::find().filter(Column::TellChangesAt.is_not_null()).order_by_asc(Column::TellChangesAt).one(db).await?;
    Ok(next.and_then(|cohort| cohort.tell_changes_at))
}

pub async fn weeks_of(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<WeekRow>> {
    Ok(weeks::Entity::find()
        .filter(weeks::Column::CohortId.eq(cohort))
        .order_by_asc(weeks::Column::Number)
        .all(db)
        .await?)
}

/// All weeks anew.
pub async fn set_weeks(tx: &impl ConnectionTrait, cohort: CohortId, rows: Vec<WeekRow>) -> Result<()> {
    weeks::Entity::delete_many().filter(weeks::Column::CohortId.eq(cohort)).exec(tx).await?;
    insert_all(tx, rows).await
}

/// By position, then track; without those taken out.
pub async fn lessons_of(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<CohortLesson>> {
    Ok(in_order(cohort).all(db).await?)
}

/// The first of them.
pub async fn first_lesson_of(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Option<CohortLesson>> {
    Ok(in_order(cohort).one(db).await?)
}

fn in_order(cohort: CohortId) -> Select<cohort_lessons::Entity> {
    use cohort_lessons::Column;
    cohort_lessons::Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::Timing.ne(Timing::Removed))
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Track)
        .order_by_asc(Column::Id)
}

/// The cohort's copy of one lesson, unless it was taken out.
pub async fn lesson_in(
    db: &impl ConnectionTrait,
    (cohort, lesson): (CohortId, LessonId),
) -> Result<Option<CohortLesson>> {
    use cohort_lessons::Column;
    Ok(cohort_lessons::Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::LessonId.eq(lesson))
        .filter(Column::Timing.ne(Timing::Removed))
        .order_by_asc(Column::Position)
        .one(db)
        .await?)
}

pub async fn create_lessons(tx: &impl ConnectionTrait, rows: Vec<CohortLesson>) -> Result<()> {
    insert_all(tx, rows).await
}

pub async fn save_lesson(tx: &impl ConnectionTrait, lesson: CohortLesson) -> Result<()> {
    lesson.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// Those of one program, whatever their state, the soonest first.
pub async fn of_program(db: &impl ConnectionTrait, practice: PracticeId, program: ProgramId) -> Result<Vec<Cohort>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::ProgramId.eq(program))
        .order_by_asc(Column::StartsOn)
        .all(db)
        .await?)
}
