//! Who asked whom to come along?

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

pub use super::rows::couples::Model as Couple;
use super::{
    Result, insert, insert_all,
    rows::{
        couples::{Column, Entity},
        enrollments, participants,
    },
};
use crate::domain::{
    couple::CoupleState,
    enrollment::Standing,
    ids::{CohortId, EnrollmentId, ParticipantId, PracticeId},
};

pub async fn create(tx: &impl ConnectionTrait, couple: Couple) -> Result<()> {
    insert(tx, couple).await
}

pub async fn create_all(tx: &impl ConnectionTrait, couples: Vec<Couple>) -> Result<()> {
    insert_all(tx, couples).await
}

/// Writes the couple as it now is. The caller holds the cohort's lock.
pub async fn save(tx: &impl ConnectionTrait, couple: Couple) -> Result<()> {
    couple.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: Uuid) -> Result<Option<Couple>> {
    Ok(Entity::find_by_id(id).filter(Column::PracticeId.eq(practice)).one(db).await?)
}

/// By id alone: for those who hold a signed link that names it, and for the worker.
pub async fn holding(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Couple>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// What this enrollment asked for and nobody has ended.
pub async fn of_inviter(db: &impl ConnectionTrait, inviter: EnrollmentId) -> Result<Option<Couple>> {
    Ok(Entity::find()
        .filter(Column::InviterId.eq(inviter))
        .filter(Column::State.is_not_in([CoupleState::Alone, CoupleState::Canceled]))
        .order_by_desc(Column::CreatedAt)
        .one(db)
        .await?)
}

/// Those that are not ended and have this enrollment on either side.
pub async fn of_enrollment(db: &impl ConnectionTrait, enrollment: EnrollmentId) -> Result<Vec<Couple>> {
    let either = Condition::any().add(Column::InviterId.eq(enrollment)).add(Column::PartnerId.eq(enrollment));
    Ok(Entity::find()
        .filter(either)
        .filter(Column::State.is_not_in([CoupleState::Alone, CoupleState::Canceled]))
        .order_by_asc(Column::CreatedAt)
        .all(db)
        .await?)
}

/// Those that are not ended.
pub async fn of_cohort(db: &impl ConnectionTrait, cohort: CohortId) -> Result<Vec<Couple>> {
    Ok(Entity::find()
        .filter(Column::CohortId.eq(cohort))
        .filter(Column::State.is_not_in([CoupleState::Alone, CoupleState::Canceled]))
        .order_by_asc(Column::CreatedAt)
        .all(db)
        .await?)
}

/// Every time this person was asked, in any cohort.
pub async fn of_person_asked(db: &impl ConnectionTrait, person: ParticipantId) -> Result<Vec<Couple>> {
    Ok(Entity::find().filter(Column::PersonId.eq(person)).order_by_asc(Column::CreatedAt).all(db).await?)
}

/// Partners whose time is over, the oldest first. `now` is real time.
pub async fn over(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Couple>> {
    Ok(all_over(now).order_by_asc(Column::RespondBy).limit(200).all(db).await?)
}

pub(super) fn all_over(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::RespondBy.lte(now))
        .filter(Column::State.is_in([CoupleState::Asked, CoupleState::Waiting]))
}

/// Couples that wait for two places, in the order of the line, with the inviter and the partner if there is one.
pub async fn in_line(
    db: &impl ConnectionTrait,
    cohort: CohortId,
) -> Result<Vec<(Couple, enrollments::Model, Option<enrollments::Model>)>> {
    let couples = Entity::find().filter(Column::CohortId.eq(cohort)).filter(Column::InLine.eq(1)).all(db).await?;
    let mut pairs = Vec::new();
    for couple in couples {
        let waits = |row: &enrollments::Model| row.standing == Standing::Waitlisted;
        let inviter = enrollments::Entity::find_by_id(couple.inviter_id).one(db).await?;
        let partner = match couple.partner_id {
            Some(id) => enrollments::Entity::find_by_id(id).one(db).await?,
            None => None,
        };
        // Whoever has left the line takes nobody out of it: the other waits for one place.
        let both = partner.as_ref().is_none_or(waits);
        if let Some(inviter) = inviter.filter(|inviter| waits(inviter) && both) {
            pairs.push((couple, inviter, partner));
        }
    }
    pairs.sort_by_key(|(_, inviter, _)| (inviter.asked_at, inviter.id));
    Ok(pairs)
}

/// Everybody whom one place does not help.
pub async fn waiting_for_two(db: &impl ConnectionTrait, cohort: CohortId) -> Result<BTreeSet<EnrollmentId>> {
    let pairs = in_line(db, cohort).await?;
    Ok(pairs
        .into_iter()
        .flat_map(|(_, inviter, partner)| [Some(inviter.id), partner.map(|row| row.id)])
        .flatten()
        .collect())
}

/// People who were asked and never answered, once their time is long over: nothing else is known of them.
pub async fn forget_asked(tx: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    let done = Entity::find()
        .filter(Column::PersonId.is_not_null())
        .filter(Column::PartnerId.is_null())
        .filter(Column::State.is_not_in([CoupleState::Asked, CoupleState::Waiting]))
        .filter(Column::ChangedAt.lt(before))
        .limit(200)
        .all(tx)
        .await?;
    for couple in done {
        let Some(person) = couple.person_id else { continue };
        let is_asked = of_person_asked(tx, person).await?.iter().any(|other| other.state.is_open());
        let places = enrollments::Entity::find().filter(enrollments::Column::ParticipantId.eq(person)).one(tx).await?;
        if is_asked || places.is_some() {
            continue;
        }
        participants::Entity::delete_many()
            .filter(participants::Column::Id.eq(person))
            .filter(participants::Column::ConfirmedAt.is_null())
            .exec(tx)
            .await?;
        save(tx, Couple { person_id: None, ..couple }).await?;
    }
    Ok(())
}
