//! How does one row of the timetable become an email for everyone it concerns? In one statement.

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, Order, Query, SimpleExpr},
};
use uuid::Uuid;

use super::{
    super::rows::{deliveries, enrollments, participants},
    Result, fresh_ids, once,
};
use crate::{
    clock::Now,
    domain::{
        delivery::{Occasion, State},
        enrollment::Standing,
        ids::{CohortId, CohortLessonId},
    },
};

/// One occasion for a whole cohort, or for those of a track or a zone.
#[derive(Debug, Clone)]
pub struct Release {
    pub cohort: CohortId,
    pub occasion: Occasion,
    /// The lesson or the session.
    pub object: Uuid,
    pub generation: i32,
    /// Empty: everybody.
    pub track: String,
    /// Empty: everybody.
    pub zone: String,
    pub due_at: DateTime<Utc>,
    pub useful_until: DateTime<Utc>,
    pub manner: Manner,
}

/// As a mail of its own, or with another.
#[derive(Debug, Clone)]
pub enum Manner {
    /// As a mail of its own, which carries these others of the cohort's lessons along.
    Alone { also: Vec<CohortLessonId> },
    /// For those who are about to get the lesson `with`: this one is named in the same mail.
    Along { with: Uuid, reason: String },
}

impl Manner {
    /// State, reason and params of each row.
    fn written(&self) -> (State, Option<String>, String) {
        match self {
            Manner::Alone { also } if also.is_empty() => (State::Queued, None, "{}".to_owned()),
            Manner::Alone { also } => (State::Queued, None, serde_json::json!({ "also": also }).to_string()),
            Manner::Along { reason, .. } => (State::Skipped, Some(reason.clone()), "{}".to_owned()),
        }
    }
}

/// Writes a delivery for everyone who is enrolled and has none yet. Returns how many were new.
///
/// A lesson belongs to the journey, so that no transfer repeats it; a reminder to the enrollment.
pub async fn release(tx: &impl ConnectionTrait, release: &Release, now: Now) -> Result<u64> {
    use deliveries::Column as To;
    let enrolled = |column: enrollments::Column| Expr::col((enrollments::Entity, column));
    let subject = match release.occasion {
        Occasion::Lesson => enrolled(enrollments::Column::JourneyId),
        _ => enrolled(enrollments::Column::Id),
    };
    let (state, reason, params) = release.manner.written();
    let filled: Vec<(To, SimpleExpr)> = vec![
        (To::Id, fresh_ids(tx, now.real, release.cohort.0)),
        (To::PracticeId, enrolled(enrollments::Column::PracticeId)),
        (To::Occasion, Expr::value(release.occasion)),
        (To::Category, Expr::value(release.occasion.category())),
        (To::State, Expr::value(state)),
        (To::SubjectId, subject.clone()),
        (To::ObjectId, Expr::value(release.object)),
        (To::Generation, Expr::value(release.generation)),
        (To::Tries, Expr::value(0)),
        (To::Priority, Expr::value(release.occasion.priority())),
        (To::ParticipantId, enrolled(enrollments::Column::ParticipantId)),
        (To::EnrollmentId, enrolled(enrollments::Column::Id)),
        (To::CohortId, enrolled(enrollments::Column::CohortId)),
        (To::DueAt, Expr::value(release.due_at)),
        (To::NextTryAt, Expr::value(now.real)),
        (To::CreatedAt, Expr::value(now.program)),
        (To::ChangedAt, Expr::value(now.program)),
        (To::UsefulUntil, Expr::value(release.useful_until)),
        (To::Params, Expr::value(params)),
        (To::Reason, Expr::value(reason)),
    ];
    let (columns, values): (Vec<To>, Vec<SimpleExpr>) = filled.into_iter().unzip();
    let mut people = Query::select();
    people
        .exprs(values)
        .from(enrollments::Entity)
        .and_where(enrolled(enrollments::Column::CohortId).eq(release.cohort))
        .and_where(enrolled(enrollments::Column::Standing).eq(Standing::Enrolled));
    if release.occasion == Occasion::Lesson {
        // Who paused and goes on later by so many days has rows of their own.
        people.and_where(enrolled(enrollments::Column::ShiftDays).eq(0));
    }
    if !release.track.is_empty() {
        people.and_where(enrolled(enrollments::Column::Track).eq(release.track.as_str()));
    }
    if !release.zone.is_empty() {
        let same_person = Expr::col((participants::Entity, participants::Column::Id))
            .equals((enrollments::Entity, enrollments::Column::ParticipantId));
        people
            .inner_join(participants::Entity, same_person)
            .and_where(Expr::col((participants::Entity, participants::Column::Zone)).eq(release.zone.as_str()));
    }
    if let Manner::Along { with, .. } = release.manner {
        people.and_where(has_none(release.occasion, subject, with));
    }
    // In the order in which they are claimed: those that leave together lie together.
    people.order_by_expr(Expr::cust("1"), Order::Asc);
    let mut insert = Query::insert();
    insert.into_table(Alias::new("deliveries")).columns(columns).on_conflict(once());
    insert.select_from(people.take()).expect("as many values as columns");
    Ok(tx.execute(&insert).await?.rows_affected())
}

/// Nothing was written yet of this object, for whoever the rows are about.
fn has_none(occasion: Occasion, subject: SimpleExpr, object: Uuid) -> SimpleExpr {
    use deliveries::Column as To;
    let known = |column: To| Expr::col((deliveries::Entity, column));
    let mut has_it = Query::select();
    has_it
        .expr(Expr::val(1))
        .from(deliveries::Entity)
        .and_where(known(To::SubjectId).eq(subject))
        .and_where(known(To::Occasion).eq(occasion))
        .and_where(known(To::ObjectId).eq(object));
    Expr::exists(has_it).not()
}
