//! Is there anything to do at all? One statement asks everything that a look would ask: mostly nothing is due.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QuerySelect, QueryTrait, Select, StatementBuilder,
    sea_query::{Alias, Expr, Query, SelectStatement},
};

use super::{
    Result, cohorts, couples, decisions, enrollments, holds, ledger,
    rows::{
        cohorts::Column as OfCohort, couples::Column as OfCouple, deliveries::Column as OfDelivery,
        enrollments::Column as OfEnrollment, timetable::Column as OfTimetable,
    },
    silences, timetable,
};
use crate::clock::Now;

/// Until when each thing counts as due.
#[derive(Debug, Clone, Copy)]
pub struct Until {
    pub now: Now,
    /// Pauses that end by themselves on this day or before.
    pub resume_on: NaiveDate,
    /// Cohorts that are decided about before this instant.
    pub decided_before: DateTime<Utc>,
}

/// What the planner would find something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct ForPlanner {
    pub timetable: bool,
    pub changes: bool,
    pub couples: bool,
    pub pauses: bool,
    pub holds: bool,
    pub reminders: bool,
    pub numbers: bool,
}

/// What a sender would find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForSender {
    /// Nothing goes out until somebody has looked.
    pub is_silent: bool,
    pub has_mail: bool,
}

pub async fn for_planner(db: &impl ConnectionTrait, until: Until) -> Result<ForPlanner> {
    let Until { now: Now { program, real }, resume_on, decided_before } = until;
    let questions = [
        ("timetable", any(timetable::all_due(program), OfTimetable::Id)),
        ("changes", any(cohorts::all_with_changes_to_tell(program), OfCohort::Id)),
        ("couples", any(couples::all_over(real), OfCouple::Id)),
        ("pauses", any(enrollments::all_to_resume(resume_on), OfEnrollment::Id)),
        ("holds", any(enrollments::all_with_hold_over(real), OfEnrollment::Id)),
        ("reminders", any(holds::all_not_reminded(real), OfEnrollment::Id)),
        ("numbers", any(decisions::all_numbers_due(decided_before), OfCohort::Id)),
    ];
    let mut query = Query::select();
    for (name, question) in questions {
        query.expr_as(Expr::exists(question), Alias::new(name));
    }
    let statement = StatementBuilder::build(&query, &db.get_database_backend());
    let found = ForPlanner::find_by_statement(statement).one(db).await?;
    Ok(found.expect("a question without a table is answered by one row"))
}

pub async fn for_sender(db: &impl ConnectionTrait, now: Now) -> Result<ForSender> {
    let mut query = Query::select();
    query.expr_as(silences::value(), Alias::new("silence"));
    query.expr_as(Expr::exists(any(ledger::all_sendable(now), OfDelivery::Id)), Alias::new("has_mail"));
    let statement = StatementBuilder::build(&query, &db.get_database_backend());
    let found = db.query_one_raw(statement).await?.expect("a question without a table is answered by one row");
    let silence: Option<String> = found.try_get("", "silence")?;
    Ok(ForSender {
        is_silent: silence.is_some_and(|text| silences::read(&text).is_some()),
        has_mail: found.try_get("", "has_mail")?,
    })
}

fn any<E: EntityTrait>(rows: Select<E>, id: impl ColumnTrait) -> SelectStatement {
    rows.select_only().column(id).into_query()
}
