//! Who is a person to a practice?

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::Expr,
};

pub use super::rows::participants::Model as Participant;
use super::{
    Result, insert, insert_all,
    rows::participants::{Column, Entity},
};
use crate::domain::{
    email_address::EmailAddress,
    ids::{ParticipantId, PracticeId},
};

pub async fn find(db: &impl ConnectionTrait, practice: PracticeId, id: ParticipantId) -> Result<Option<Participant>> {
    Ok(Entity::find_by_id(id).filter(Column::PracticeId.eq(practice)).one(db).await?)
}

/// By id alone: for those who hold a secret that names the person.
pub async fn holding(db: &impl ConnectionTrait, id: ParticipantId) -> Result<Option<Participant>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

pub async fn with_email(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    email: &EmailAddress,
) -> Result<Option<Participant>> {
    Ok(Entity::find().filter(Column::PracticeId.eq(practice)).filter(Column::EmailKey.eq(email.key())).one(db).await?)
}

/// The same address in every practice: for *find my link*, which does not ask for a practice.
pub async fn everywhere_with_email(db: &impl ConnectionTrait, email: &EmailAddress) -> Result<Vec<Participant>> {
    Ok(Entity::find().filter(Column::EmailKey.eq(email.key())).limit(20).all(db).await?)
}

/// The same for many addresses, by their keys.
pub async fn everywhere_with_keys(db: &impl ConnectionTrait, keys: &[String]) -> Result<Vec<Participant>> {
    Ok(Entity::find().filter(Column::EmailKey.is_in(keys)).all(db).await?)
}

/// Several at once; who is not of this practice is not among them. Asked for by their ids alone: with the practice
/// beside them, SQLite goes through everybody of the practice.
pub async fn with_ids(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    ids: &[ParticipantId],
) -> Result<Vec<Participant>> {
    let mut people = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(1_000) {
        people.extend(Entity::find().filter(Column::Id.is_in(chunk.iter().copied())).all(db).await?);
    }
    people.retain(|person| person.practice_id == practice);
    Ok(people)
}

pub async fn create(tx: &impl ConnectionTrait, participant: Participant) -> Result<()> {
    insert(tx, participant).await
}

pub async fn create_all(tx: &impl ConnectionTrait, participants: Vec<Participant>) -> Result<()> {
    insert_all(tx, participants).await
}

/// Writes the person as they now are.
pub async fn save(tx: &impl ConnectionTrait, participant: Participant) -> Result<()> {
    participant.into_active_model().reset_all().update(tx).await?;
    Ok(())
}

pub async fn mark_confirmed(tx: &impl ConnectionTrait, id: ParticipantId, at: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::ConfirmedAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::ConfirmedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// What the mail server said of the mailbox; `None` clears the badge.
pub async fn set_mail_problem(tx: &impl ConnectionTrait, id: ParticipantId, problem: Option<String>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::MailProblem, Expr::value(problem))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
