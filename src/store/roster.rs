//! How does a whole list of people come into a cohort, in a few statements?

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};

use super::{
    Result, insert_all,
    rows::{
        cohorts,
        enrollments::Model as Enrollment,
        journeys::{self, Model as Journey},
        participants::{self, Model as Participant},
        standing_changes::Model as StandingChange,
    },
};
use crate::domain::ids::{CohortId, ParticipantId, PracticeId, ProgramId};

/// Keys or ids a statement.
const CHUNK: usize = 1_000;

/// The people of a practice that have one of these addresses (`EmailAddress::key`).
pub async fn people_with_emails(
    db: &impl ConnectionTrait,
    practice: PracticeId,
    keys: &[String],
) -> Result<Vec<Participant>> {
    use participants::Column;
    let mut people = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        let these = participants::Entity::find()
            .filter(Column::PracticeId.eq(practice))
            .filter(Column::EmailKey.is_in(chunk.iter().map(String::as_str)));
        people.extend(these.all(db).await?);
    }
    Ok(people)
}

/// The ways that some of these people have through the program already.
pub async fn journeys_of(
    db: &impl ConnectionTrait,
    program: ProgramId,
    people: &[ParticipantId],
) -> Result<Vec<Journey>> {
    use journeys::Column;
    let mut found = Vec::new();
    for chunk in people.chunks(CHUNK) {
        let these = journeys::Entity::find()
            .filter(Column::ProgramId.eq(program))
            .filter(Column::ParticipantId.is_in(chunk.iter().copied()));
        found.extend(these.all(db).await?);
    }
    Ok(found)
}

/// New rows, each in the order of what it refers to.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    pub people: Vec<Participant>,
    pub journeys: Vec<Journey>,
    pub enrollments: Vec<Enrollment>,
    pub history: Vec<StandingChange>,
}

pub async fn bring_in(tx: &impl ConnectionTrait, brought: Brought) -> Result<()> {
    insert_all(tx, brought.people).await?;
    insert_all(tx, brought.journeys).await?;
    insert_all(tx, brought.enrollments).await?;
    insert_all(tx, brought.history).await
}

/// Counts this many seats if all of them are free: a conditional update, as for one.
pub async fn take_seats(tx: &impl ConnectionTrait, id: CohortId, count: i32) -> Result<bool> {
    use cohorts::Column;
    let taken = cohorts::Entity::update_many()
        .col_expr(Column::SeatsTaken, Expr::col(Column::SeatsTaken).add(count))
        .filter(Column::Id.eq(id))
        .filter(Expr::col(Column::SeatsTaken).add(count).lte(Expr::col(Column::Capacity)))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}
