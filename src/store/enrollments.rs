//! Where does each person stand in each cohort?

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
    sea_query::{Expr, OnConflict, Query, SimpleExpr},
};

pub use super::rows::{
    consents::Model as Consent, enrollments::Model as Enrollment, journeys::Model as Journey,
    standing_changes::Model as StandingChange,
};
use super::{
    Result, insert, insert_all,
    rows::{
        consents,
        enrollments::{Column, Entity},
        journeys, standing_changes,
    },
};
use crate::domain::{
    enrollment::Standing,
    ids::{CohortId, EnrollmentId, JourneyId, ParticipantId, PracticeId, ProgramId},
};

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: EnrollmentId) -> Result<Option<Enrollment>> {
    Ok(Entity::find_by_id(id).filter(Column::PracticeId.eq(practice)).one(db).await?)
}

/// By id alone: for those who hold a signed link that names it, and for the worker.
pub async fn holding(db: &impl ConnectionTrait, id: EnrollmentId) -> Result<Option<Enrollment>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Several at once; who is not of this practice is not among them.
pub async fn with_ids(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    ids: &[EnrollmentId],
) -> Result<Vec<Enrollment>> {
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(1_000) {
        rows.extend(Entity::find().filter(Column::Id.is_in(chunk.iter().copied())).all(db).await?);
    }
    rows.retain(|place: &Enrollment| place.practice_id == practice);
    Ok(rows)
}

pub async fn of_person_in(
    db: &impl ConnectionTrait,
    cohort: CohortId,
    person: ParticipantId,
) -> Result<Option<Enrollment>> {
    Ok(Entity::find().filter(Column::CohortId.eq(cohort)).filter(Column::ParticipantId.eq(person)).one(db).await?)
}

/// In the order in which the forms were sent.
pub async fn of_cohort(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<Enrollment>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .order_by_asc(Column::AskedAt)
        .order_by_asc(Column::Id)
        .all(db)
        .await?)
}

pub async fn of_participant(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    person: ParticipantId,
) -> Result<Vec<Enrollment>> {
    Ok(Entity::find()
        .filter(Column::PracticeId.eq(practice))
        .filter(Column::ParticipantId.eq(person))
        .order_by_desc(Column::AskedAt)
        .all(db)
        .await?)
}

pub async fn create(tx: &impl ConnectionTrait, enrollment: Enrollment) -> Result<()> {
    let now = enrollment.clone();
    insert(tx, enrollment).await?;
    remember(tx, "", &now).await
}

/// The same for many.
pub async fn begin_all(tx: &impl ConnectionTrait, enrollments: Vec<Enrollment>) -> Result<()> {
    let changes: Vec<_> = enrollments.iter().map(|enrollment| ("", enrollment.clone())).collect();
    insert_all(tx, enrollments).await?;
    remember_all(tx, &changes).await
}

pub async fn create_all(tx: &impl ConnectionTrait, enrollments: Vec<Enrollment>) -> Result<()> {
    insert_all(tx, enrollments).await
}

/// Writes the enrollment as it now is, if it still stood at `before`: `false` when somebody was faster. Another
/// state is written down with its actor, reason and time.
pub async fn save(tx: &impl ConnectionTrait, before: Standing, enrollment: Enrollment) -> Result<bool> {
    use sea_orm::ActiveModelTrait;
    let now = enrollment.clone();
    let outcome = Entity::update_many()
        .set(enrollment.into_active_model().reset_all())
        .filter(Column::Id.eq(now.id))
        .filter(Column::Standing.eq(before))
        .exec(tx)
        .await?;
    let saved = outcome.rows_affected == 1;
    if saved && before != now.standing {
        remember(tx, before.as_str(), &now).await?;
    }
    Ok(saved)
}

async fn remember(tx: &impl ConnectionTrait, was: &'static str, now: &Enrollment) -> Result<()> {
    remember_all(tx, &[(was, now.clone())]).await
}

/// At most as many as one statement takes.
async fn remember_all(tx: &impl ConnectionTrait, changes: &[(&'static str, Enrollment)]) -> Result<()> {
    use standing_changes::Column as To;
    let columns = [To::Id, To::PracticeId, To::EnrollmentId, To::Was, To::Became, To::Actor, To::Reason, To::MadeAt];
    let mut all = Query::insert();
    all.into_table(standing_changes::Entity).columns(columns);
    for (was, now) in changes {
        let values: [SimpleExpr; 8] = [
            super::fresh_id(tx),
            Expr::value(now.practice_id),
            Expr::value(now.id),
            Expr::value(*was),
            Expr::value(now.standing.as_str()),
            Expr::value(now.actor.as_str()),
            Expr::value(now.reason.as_str()),
            Expr::value(now.changed_at),
        ];
        all.values(values).expect("as many values as columns");
    }
    tx.execute(&all).await?;
    Ok(())
}

/// Every state a person had in a cohort, the first first: who changed it, when and why.
pub async fn history_of(db: &impl ConnectionTrait, enrollment: EnrollmentId) -> Result<Vec<StandingChange>> {
    use standing_changes::Column;
    let mut changes = standing_changes::Entity::find()
        .filter(Column::EnrollmentId.eq(enrollment))
        .order_by_asc(Column::MadeAt)
        .all(db)
        .await?;
    chain(&mut changes);
    Ok(changes)
}

/// Two changes in one instant are told apart by what they join on to.
fn chain(changes: &mut [StandingChange]) {
    for index in 1..changes.len() {
        let was = changes[index - 1].became.clone();
        if let Some(next) = (index..changes.len()).find(|&next| changes[next].was == was) {
            changes[index..=next].rotate_right(1);
        }
    }
}

/// The first in line whom one place helps: two who wait for two let it pass.
pub async fn first_waiting(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Option<Enrollment>> {
    let for_two = super::couples::waiting_for_two(db, cohort).await?;
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::Standing.eq(Standing::Waitlisted))
        .filter(Column::Id.is_not_in(for_two))
        .order_by_asc(Column::AskedAt)
        .order_by_asc(Column::Id)
        .one(db)
        .await?)
}

pub async fn count_in(db: &impl ConnectionTrait, cohort: CohortId, standing: Standing) -> Result<u64> {
    Ok(Entity::find().filter(Column::CohortId.eq(cohort)).filter(Column::Standing.eq(standing)).count(db).await?)
}

/// How many stand where, in each of a practice's cohorts.
pub async fn count_by_standing(
    db: &impl ConnectionTrait,
    practice: PracticeId,
) -> Result<Vec<(CohortId, Standing, u64)>> {
    let rows: Vec<(CohortId, Standing, i64)> = Entity::find()
        .select_only()
        .column(Column::CohortId)
        .column(Column::Standing)
        .column_as(Column::Id.count(), "number")
        .filter(Column::PracticeId.eq(practice))
        .group_by(Column::CohortId)
        .group_by(Column::Standing)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(cohort, standing, count)| (cohort, standing, u64::try_from(count).unwrap_or_default()))
        .collect())
}

/// Holds that ran out, oldest first. `now` is real time.
pub async fn with_hold_over(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Enrollment>> {
    Ok(all_with_hold_over(now).order_by_asc(Column::HoldUntil).limit(200).all(db).await?)
}

pub(super) fn all_with_hold_over(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find().filter(Column::HoldUntil.lte(now)).filter(Column::Standing.is_in([
        Standing::Pending,
        Standing::Offered,
        Standing::Accepted,
    ]))
}

/// Pauses that end by themselves on this day or before, the first first.
pub async fn to_resume(db: &impl ConnectionTrait, day: NaiveDate) -> Result<Vec<Enrollment>> {
    Ok(all_to_resume(day).order_by_asc(Column::ResumeOn).limit(200).all(db).await?)
}

pub(super) fn all_to_resume(day: NaiveDate) -> Select<Entity> {
    Entity::find().filter(Column::ResumeOn.lte(day)).filter(Column::Standing.eq(Standing::Paused))
}

/// The day on which the next pause ends by itself.
pub async fn first_to_resume(db: &impl ConnectionTrait) -> Result<Option<NaiveDate>> {
    let first = Entity::find()
        .filter(Column::ResumeOn.is_not_null())
        .filter(Column::Standing.eq(Standing::Paused))
        .order_by_asc(Column::ResumeOn)
        .one(db)
        .await?;
    Ok(first.and_then(|paused| paused.resume_on))
}

/// A person's way through a program, made when it is the first time. `fresh` is used only then.
pub async fn journey(tx: &impl ConnectionTrait, fresh: Journey) -> Result<JourneyId> {
    use journeys::Column;
    let (person, program) = (fresh.participant_id, fresh.program_id);
    journeys::Entity::insert(fresh.into_active_model())
        .on_conflict(OnConflict::columns([Column::ParticipantId, Column::ProgramId]).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let row = journey_of(tx, person, program).await?;
    Ok(row.expect("inserted or there before").id)
}

pub async fn journey_of(
    db: &impl ConnectionTrait,
    person: ParticipantId,
    program: ProgramId,
) -> Result<Option<Journey>> {
    use journeys::Column;
    Ok(journeys::Entity::find()
        .filter(Column::ParticipantId.eq(person))
        .filter(Column::ProgramId.eq(program))
        .one(db)
        .await?)
}

pub async fn create_journeys(tx: &impl ConnectionTrait, rows: Vec<Journey>) -> Result<()> {
    insert_all(tx, rows).await
}

/// What was agreed, word for word; agreeing to the same version again changes nothing.
pub async fn consent(tx: &impl ConnectionTrait, consent: Consent) -> Result<()> {
    consent_all(tx, vec![consent]).await
}

/// The same for many things, or many people.
pub async fn consent_all(tx: &impl ConnectionTrait, consents: Vec<Consent>) -> Result<()> {
    use consents::Column;
    if consents.is_empty() {
        return Ok(());
    }
    let once = OnConflict::columns([Column::EnrollmentId, Column::Kind, Column::Version]).do_nothing().to_owned();
    let rows = consents.into_iter().map(IntoActiveModel::into_active_model);
    consents::Entity::insert_many(rows).on_conflict(once).exec_without_returning(tx).await?;
    Ok(())
}

/// Forms that nobody confirmed, once their time is over: the enrollment goes, and the person with it if
/// nothing else is known of them.
pub async fn forget_lapsed(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    use super::rows::participants;
    let lapsed = Entity::find()
        .filter(Column::Standing.eq(Standing::Lapsed))
        .filter(Column::AskedAt.lt(before))
        // Who was accepted and did not come lapsed long after the form.
        .filter(Column::ChangedAt.lt(before))
        .limit(200)
        .all(tx)
        .await?;
    for enrollment in lapsed {
        Entity::delete_by_id(enrollment.id).exec(tx).await?;
        let others = Entity::find().filter(Column::ParticipantId.eq(enrollment.participant_id)).count(tx).await?;
        if others == 0 {
            participants::Entity::delete_many()
                .filter(participants::Column::Id.eq(enrollment.participant_id))
                .filter(participants::Column::ConfirmedAt.is_null())
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// What a person agreed to when they enrolled, the first first.
pub async fn consents_of(db: &impl ConnectionTrait, enrollment: EnrollmentId) -> Result<Vec<Consent>> {
    use consents::Column;
    Ok(consents::Entity::find()
        .filter(Column::EnrollmentId.eq(enrollment))
        .order_by_asc(Column::AgreedAt)
        .order_by_asc(Column::Kind)
        .all(db)
        .await?)
}
