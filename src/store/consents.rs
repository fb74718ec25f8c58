//! Who agreed to which wording?

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{
    Result,
    rows::{
        consents::{Column, Entity},
        enrollments,
    },
};
use crate::domain::{
    ids::{CohortId, EnrollmentId},
    program::Program,
};

/// The highest version of each kind that a person agreed to.
pub async fn versions_of(db: &impl ConnectionTrait, enrollment: EnrollmentId) -> Result<BTreeMap<String, i32>> {
    let rows: Vec<(String, i32)> = Entity::find()
        .select_only()
        .column(Column::Kind)
        .column(Column::Version)
        .filter(Column::EnrollmentId.eq(enrollment))
        .into_tuple()
        .all(db)
        .await?;
    let mut highest = BTreeMap::new();
    for (kind, version) in rows {
        let known = highest.entry(kind).or_insert(version);
        if *known < version {
            *known = version;
        }
    }
    Ok(highest)
}

/// Everybody in a cohort who has agreed to every text as it reads now.
pub async fn up_to_date(
    db: &impl ConnectionTrait,
    cohort: CohortId,
    program: &Program,
) -> Result<BTreeSet<EnrollmentId>> {
    let own = Query::select()
        .column(enrollments::Column::Id)
        .from(enrollments::Entity)
        .and_where(Expr::col(enrollments::Column::CohortId).eq(cohort))
        .to_owned();
    let mut everywhere: Option<BTreeSet<EnrollmentId>> = None;
    for (kind, document) in program.agreements() {
        let here: Vec<EnrollmentId> = Entity::find()
            .select_only()
            .column(Column::EnrollmentId)
            .filter(Column::EnrollmentId.in_subquery(own.clone()))
            .filter(Column::Kind.eq(kind))
            .filter(Column::Version.gte(document.number()))
            .into_tuple()
            .all(db)
            .await?;
        let here: BTreeSet<EnrollmentId> = here.into_iter().collect();
        everywhere = Some(everywhere.map_or_else(|| here.clone(), |before| &before & &here));
    }
    Ok(everywhere.unwrap_or_default())
}
