//! What goes along with somebody who goes on in another cohort?

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, Iden, QueryFilter,
    sea_query::{Expr, OnConflict, Query, SimpleExpr},
};

use super::{
    Result, fresh_id,
    rows::{check_ins, consents, intakes},
};
use crate::domain::ids::EnrollmentId;

/// What was agreed, what was answered when enrolling, and the check-ins. What the person said there already,
/// in an earlier time, stands.
pub async fn take_along(tx: &impl ConnectionTrait, from: EnrollmentId, to: EnrollmentId) -> Result<()> {
    copy_consents(tx, from, to).await?;
    copy_intake(tx, from, to).await?;
    check_ins_follow(tx, from, to).await
}

async fn copy_consents(tx: &impl ConnectionTrait, from: EnrollmentId, to: EnrollmentId) -> Result<()> {
    use consents::Column;
    let same = |column: Column| (column, Expr::col(column));
    let filled: Vec<(Column, SimpleExpr)> = vec![
        (Column::Id, fresh_id(tx)),
        (Column::EnrollmentId, Expr::value(to)),
        same(Column::PracticeId),
        same(Column::Kind),
        same(Column::Version),
        same(Column::Wording),
        same(Column::AgreedAt),
    ];
    let once = OnConflict::columns([Column::EnrollmentId, Column::Kind, Column::Version]).do_nothing().to_owned();
    copy(tx, (consents::Entity, Column::EnrollmentId, from), filled, once).await
}

async fn copy_intake(tx: &impl ConnectionTrait, from: EnrollmentId, to: EnrollmentId) -> Result<()> {
    use intakes::Column;
    let same = |column: Column| (column, Expr::col(column));
    let filled: Vec<(Column, SimpleExpr)> = vec![
        (Column::Id, fresh_id(tx)),
        (Column::EnrollmentId, Expr::value(to)),
        same(Column::PracticeId),
        same(Column::Answers),
        same(Column::MadeAt),
        same(Column::ChangedAt),
    ];
    let once = OnConflict::columns([Column::EnrollmentId]).do_nothing().to_owned();
    copy(tx, (intakes::Entity, Column::EnrollmentId, from), filled, once).await
}

async fn copy<E, C>(
    tx: &impl ConnectionTrait,
    (table, owner, from): (E, C, EnrollmentId),
    filled: Vec<(C, SimpleExpr)>,
    once: OnConflict,
) -> Result<()>
where
    E: EntityTrait,
    C: ColumnTrait + Iden,
{
    let (columns, values): (Vec<C>, Vec<SimpleExpr>) = filled.into_iter().unzip();
    let mut rows = Query::select();
    rows.exprs(values).from(table).and_where(Expr::col(owner).eq(from));
    let mut insert = Query::insert();
    insert.into_table(table).columns(columns).on_conflict(once);
    insert.select_from(rows.take()).expect("as many values as columns");
    tx.execute(&insert).await?;
    Ok(())
}

async fn check_ins_follow(tx: &impl ConnectionTrait, from: EnrollmentId, to: EnrollmentId) -> Result<()> {
    use check_ins::Column;
    let there = Query::select()
        .column(Column::LessonId)
        .from(check_ins::Entity)
        .and_where(Column::EnrollmentId.eq(to))
        .to_owned();
    check_ins::Entity::update_many()
        .col_expr(Column::EnrollmentId, Expr::value(to))
        .filter(Column::EnrollmentId.eq(from))
        .filter(Column::LessonId.not_in_subquery(there))
        .exec(tx)
        .await?;
    Ok(())
}
