//! What decides when things happen in these cohorts? Read for all of them together, and no more of a row than that.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
    sea_query::{Expr, ExprTrait},
};

use super::{
    Result,
    enrollments::Enrollment,
    rows::{cohort_lessons, enrollments, participants, sessions, timetable, weeks},
    timetable::TimetableRow,
};
use crate::domain::{
    cohort::Timing,
    enrollment::Standing,
    ids::{CohortId, SessionId},
    session::SessionState,
    week::{Kind, Week},
    zone::Zone,
};

/// A session, as far as a plan looks.
#[derive(Debug, Clone, FromQueryResult)]
pub struct PlannedSession {
    pub cohort_id: CohortId,
    pub id: SessionId,
    /// 0: added besides those of the weeks.
    pub week: i32,
    pub version: i32,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub state: SessionState,
}

/// What is in their timetables, by time.
pub async fn timetables(db: &impl ConnectionTrait, of: &[CohortId]) -> Result<Vec<TimetableRow>> {
    use timetable::Column;
    Ok(timetable::Entity::find()
        .filter(Column::CohortId.is_in(of.iter().copied()))
        .order_by_asc(Column::DueAt)
        .all(db)
        .await?)
}

/// Canceled ones too, by time.
pub async fn sessions(db: &impl ConnectionTrait, of: &[CohortId]) -> Result<Vec<PlannedSession>> {
    use sessions::Column;
    let columns =
        [Column::CohortId, Column::Id, Column::Week, Column::Version, Column::StartsAt, Column::EndsAt, Column::State];
    Ok(sessions::Entity::find()
        .select_only()
        .columns(columns)
        .filter(Column::CohortId.is_in(of.iter().copied()))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Ordinal)
        .into_model()
        .all(db)
        .await?)
}

/// By number.
pub async fn weeks(db: &impl ConnectionTrait, of: &[CohortId]) -> Result<Vec<(CohortId, Week)>> {
    use weeks::Column;
    let rows: Vec<(CohortId, i32, NaiveDate, Kind)> = weeks::Entity::find()
        .select_only()
        .columns([Column::CohortId, Column::Number, Column::FirstDay, Column::Kind])
        .filter(Column::CohortId.is_in(of.iter().copied()))
        .order_by_asc(Column::Number)
        .into_tuple()
        .all(db)
        .await?;
    let week = |(cohort, number, first_day, kind): (_, i32, _, _)| {
        (cohort, Week { number: number.try_into().unwrap_or_default(), first_day, kind })
    };
    Ok(rows.into_iter().map(week).collect())
}

/// At which positions there is a lesson that the rule times. An index answers: beside them lie whole lessons.
pub async fn ruled_positions(db: &impl ConnectionTrait, of: &[CohortId]) -> Result<Vec<(CohortId, i32)>> {
    use cohort_lessons::Column;
    Ok(cohort_lessons::Entity::find()
        .select_only()
        .columns([Column::CohortId, Column::Position])
        .filter(Column::CohortId.is_in(of.iter().copied()))
        .filter(Column::Timing.eq(Timing::Rule))
        .distinct()
        .into_tuple()
        .all(db)
        .await?)
}

/// By which clocks those live who hold a seat, each clock of a cohort once.
pub async fn zones(db: &impl ConnectionTrait, of: &[CohortId]) -> Result<Vec<(CohortId, Zone)>> {
    use enrollments::Column;
    let people = participants::Entity;
    let holding = Standing::ALL.iter().copied().filter(|standing| standing.holds_seat());
    let same_person =
        Expr::col((people, participants::Column::Id)).equals((enrollments::Entity, Column::ParticipantId));
    let same_practice =
        Expr::col((people, participants::Column::PracticeId)).equals((enrollments::Entity, Column::PracticeId));
    let mut query = enrollments::Entity::find()
        .select_only()
        .column(Column::CohortId)
        .column_as(Expr::col((people, participants::Column::Zone)), "zone")
        .filter(Column::CohortId.is_in(of.iter().copied()))
        .filter(Column::Standing.is_in(holding))
        .distinct();
    QueryTrait::query(&mut query).join(JoinType::InnerJoin, people, same_person.and(same_practice));
    Ok(query.into_tuple().all(db).await?)
}

/// Those who take part and whose lessons come later by days of their own, in the order in which they came.
pub async fn shifted(db: &impl ConnectionTrait, of: &[CohortId]) -> Result<Vec<Enrollment>> {
    use enrollments::Column;
    let mut people = enrollments::Entity::find()
        .filter(Column::CohortId.is_in(of.iter().copied()))
        // In the statement itself: only then does the partial index answer.
        .filter(Expr::cust("shift_days > 0"))
        .filter(Column::Standing.eq(Standing::Enrolled))
        .all(db)
        .await?;
    // There are few; asked to sort, the database would go through all who take part.
    people.sort_by_key(|person| (person.asked_at, person.id));
    Ok(people)
}

/// Every cohort with a session or anything else that is still to come, whosever it is. Reads whole tables.
pub async fn with_something_to_come(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<CohortId>> {
    let meeting = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::CohortId)
        .filter(sessions::Column::StartsAt.gt(now))
        .distinct();
    let waiting = timetable::Entity::find()
        .select_only()
        .column(timetable::Column::CohortId)
        .filter(timetable::Column::ReleasedAt.is_null())
        .filter(timetable::Column::DueAt.gt(now))
        .distinct();
    let mut all: BTreeSet<CohortId> = meeting.into_tuple().all(db).await?.into_iter().collect();
    all.extend(waiting.into_tuple::<CohortId>().all(db).await?);
    Ok(all.into_iter().collect())
}
