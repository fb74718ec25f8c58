//! Whose calendar asks, and what is it to hold? One question to the database: calendars ask all day long.

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DbErr, QueryResult,
    sea_query::{Condition, Expr, ExprTrait, Order, Query, SelectStatement},
};

use super::{
    Result,
    rows::{
        enrollments,
        invites::{self, Column as Asked},
        participants::{self, Column},
    },
};
use crate::domain::{
    discretion::Discretion,
    enrollment::{CalendarChoice, Standing},
    ids::{CohortId, EnrollmentId, ParticipantId, PracticeId, SessionId},
};

/// A person as their calendar knows them.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    pub person: ParticipantId,
    pub practice: PracticeId,
    pub discretion: Option<Discretion>,
    pub created_at: DateTime<Utc>,
    /// The one they asked for last comes first.
    pub places: Vec<Place>,
}

/// One of their places.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub id: EnrollmentId,
    pub cohort: CohortId,
    pub standing: Standing,
    pub calendar: CalendarChoice,
    pub changed_at: DateTime<Utc>,
    pub left_at: Option<DateTime<Utc>>,
    /// What the calendar was told, the newest generation last; of a place whose dates come by another way, nothing.
    pub told: Vec<Told>,
}

/// How a session stands in the calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub session: SessionId,
    pub uid: String,
    pub sequence: i32,
    pub stamped_at: Option<DateTime<Utc>>,
}

impl From<&invites::Model> for Told {
    fn from(invite: &invites::Model) -> Self {
        Self {
            session: invite.session_id,
            uid: invite.uid.clone(),
            sequence: invite.sequence,
            stamped_at: invite.stamped_at,
        }
    }
}

/// By the hash of the secret part of the address; `None`: nobody has it.
pub async fn with_feed(db: &impl ConnectionTrait, feed_hash: &str) -> Result<Option<Subscriber>> {
    let mut subscriber = None;
    for row in db.query_all(&question(feed_hash)).await? {
        match &mut subscriber {
            None => subscriber = Some(first(&row)?),
            Some(subscriber) => add(subscriber, &row)?,
        }
    }
    Ok(subscriber)
}

/// One line an entry of the calendar, and one for a place or a person that has none.
fn question(feed_hash: &str) -> SelectStatement {
    use enrollments::Column as Of;
    let told = Condition::all()
        .add(Expr::col((invites::Entity, invites::Column::EnrollmentId)).equals((enrollments::Entity, Of::Id)))
        .add(Expr::col((enrollments::Entity, Of::Calendar)).eq(CalendarChoice::Feed));
    let held = Condition::all()
        .add(Expr::col((enrollments::Entity, Of::ParticipantId)).equals((participants::Entity, Column::Id)))
        .add(Expr::col((enrollments::Entity, Of::PracticeId)).equals((participants::Entity, Column::PracticeId)));
    Query::select()
        .columns([Column::Id, Column::PracticeId, Column::Discretion, Column::CreatedAt].map(of_person))
        .columns([Of::Id, Of::CohortId, Of::Standing, Of::Calendar, Of::ChangedAt, Of::LeftAt].map(of_place))
        .columns([Asked::SessionId, Asked::Uid, Asked::Sequence, Asked::StampedAt].map(|one| (invites::Entity, one)))
        .from(participants::Entity)
        .left_join(enrollments::Entity, held)
        .left_join(invites::Entity, told)
        .and_where(Expr::col(of_person(Column::FeedHash)).eq(feed_hash))
        .order_by(of_place(Of::AskedAt), Order::Desc)
        .order_by(of_place(Of::Id), Order::Asc)
        .order_by((invites::Entity, Asked::Generation), Order::Asc)
        .to_owned()
}

fn of_person(column: Column) -> (participants::Entity, Column) {
    (participants::Entity, column)
}

fn of_place(column: enrollments::Column) -> (enrollments::Entity, enrollments::Column) {
    (enrollments::Entity, column)
}

fn first(row: &QueryResult) -> std::result::Result<Subscriber, DbErr> {
    let mut subscriber = Subscriber {
        person: row.try_get_by_index(0)?,
        practice: row.try_get_by_index(1)?,
        discretion: row.try_get_by_index(2)?,
        created_at: row.try_get_by_index(3)?,
        places: Vec::new(),
    };
    add(&mut subscriber, row)?;
    Ok(subscriber)
}

fn add(subscriber: &mut Subscriber, row: &QueryResult) -> std::result::Result<(), DbErr> {
    let Some(id) = row.try_get_by_index::<Option<EnrollmentId>>(4)? else { return Ok(()) };
    if subscriber.places.last().is_none_or(|place| place.id != id) {
        subscriber.places.push(Place {
            id,
            cohort: row.try_get_by_index(5)?,
            standing: row.try_get_by_index(6)?,
            calendar: row.try_get_by_index(7)?,
            changed_at: row.try_get_by_index(8)?,
            left_at: row.try_get_by_index(9)?,
            told: Vec::new(),
        });
    }
    if let (Some(place), Some(session)) = (subscriber.places.last_mut(), row.try_get_by_index(10)?) {
        place.told.push(Told {
            session,
            uid: row.try_get_by_index(11)?,
            sequence: row.try_get_by_index(12)?,
            stamped_at: row.try_get_by_index(13)?,
        });
    }
    Ok(())
}
