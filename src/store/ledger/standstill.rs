//! Which mail waits for something that time alone does not mend?

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, sea_query::Expr,
};

use super::{Column, Entity, Result};
use crate::domain::{delivery::A_PERSON_DECIDES, ids::PracticeId};

/// More than these are not read: it is enough to say that there are many.
const MOST: u64 = 500;

/// What waits.
#[derive(Debug, Clone, Default)]
pub struct Standstill {
    /// Why mail was put off, as the ledger has it: at most five hundred.
    pub reasons: Vec<String>,
    /// In doubt, until a person decides.
    pub doubtful: u64,
}

/// Of one practice, or of all. The states stand in the statement itself: only then does the partial index answer.
pub async fn standstill(db: &impl ConnectionTrait, practice: Option<PracticeId>) -> Result<Standstill> {
    let of = |state: &'static str| {
        let open =
            Condition::all().add(Expr::cust("state IN ('queued', 'deferred', 'unknown')")).add(Expr::cust(state));
        Entity::find().filter(match practice {
            Some(practice) => open.add(Column::PracticeId.eq(practice)),
            None => open,
        })
    };
    let deferred = of("state = 'deferred'").select_only().column(Column::Reason).limit(MOST);
    let reasons: Vec<Option<String>> = deferred.into_tuple().all(db).await?;
    let doubtful = of("state = 'unknown'").filter(Column::NextTryAt.gte(A_PERSON_DECIDES)).count(db).await?;
    Ok(Standstill { reasons: reasons.into_iter().flatten().collect(), doubtful })
}
