//! How do our types become columns? Once here, so that rows hold types that cannot be wrong.

use sea_orm::{
    ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr},
};
use uuid::Uuid;

use crate::domain::{
    announcement::Stage,
    bounce::{BounceClass, Scope},
    category::Category,
    cohort::{Admission, Attendance, Decision, LateJoiners, Timing},
    couple::CoupleState,
    delivery::{Occasion, State},
    discretion::Discretion,
    email_address::EmailAddress,
    enrollment::{CalendarChoice, Resuming, Standing},
    ids::{
        AnnouncementId, CoachId, CohortId, CohortLessonId, DeliveryId, EnrollmentId, InviteId, JourneyId, LessonId,
        LoginId, ParticipantId, PracticeId, ProgramId, SessionId, TimetableId, WeekId,
    },
    name::Name,
    people::{CohortState, Role, Who},
    rsvp::{Act, Weight},
    schedule::LessonClock,
    session::SessionState,
    week::Kind,
    zone::Zone,
};

macro_rules! id_columns {
    ($($name:ident),+ $(,)?) => {$(
        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }
        impl TryGetable for $name {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                Uuid::try_get_by(row, index).map(Self)
            }
        }
        impl ValueType for $name {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                <Uuid as ValueType>::try_from(value).map(Self)
            }
            fn type_name() -> String {
                stringify!($name).to_owned()
            }
            fn array_type() -> ArrayType {
                <Uuid as ValueType>::array_type()
            }
            fn column_type() -> ColumnType {
                <Uuid as ValueType>::column_type()
            }
        }
        impl Nullable for $name {
            fn null() -> Value {
                <Uuid as Nullable>::null()
            }
        }
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

/// Columns kept as text: how one is written, and how it is read back.
macro_rules! text_columns {
    ($($name:ident: $write:expr, $read:expr;)+) => {$(
        impl From<$name> for Value {
            fn from(value: $name) -> Self {
                let write: fn(&$name) -> String = $write;
                write(&value).into()
            }
        }
        impl TryGetable for $name {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let text = String::try_get_by(row, index)?;
                let read: fn(&str) -> Option<$name> = $read;
                read(&text).ok_or_else(|| {
                    // The text itself may be private: say which type, not what.
                    TryGetError::DbErr(DbErr::Type(format!("a {} in the database cannot be read", stringify!($name))))
                })
            }
        }
        impl ValueType for $name {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                let text = <String as ValueType>::try_from(value)?;
                let read: fn(&str) -> Option<$name> = $read;
                read(&text).ok_or(ValueTypeErr)
            }
            fn type_name() -> String {
                stringify!($name).to_owned()
            }
            fn array_type() -> ArrayType {
                ArrayType::String
            }
            fn column_type() -> ColumnType {
                ColumnType::String(StringLen::None)
            }
        }
        impl Nullable for $name {
            fn null() -> Value {
                <String as Nullable>::null()
            }
        }
    )+};
}

id_columns!(
    AnnouncementId,
    PracticeId,
    CoachId,
    ProgramId,
    LessonId,
    CohortId,
    CohortLessonId,
    WeekId,
    SessionId,
    ParticipantId,
    JourneyId,
    EnrollmentId,
    InviteId,
    DeliveryId,
    LoginId,
    TimetableId,
);

text_columns! {
    EmailAddress: |address| address.expose().to_owned(), |text| EmailAddress::parse(text).ok();
    Name: |name| name.expose().to_owned(), |text| Name::parse(text).ok();
    Zone: |zone| zone.name().to_owned(), |text| Zone::parse(text).ok();
    Stage: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Standing: |word| word.as_str().to_owned(), |text| text.parse().ok();
    CalendarChoice: |word| word.as_str().to_owned(), |text| text.parse().ok();
    State: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Occasion: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Role: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Who: |word| word.as_str().to_owned(), |text| text.parse().ok();
    CohortState: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Category: |word| word.as_str().to_owned(), Category::parse;
    Discretion: |word| word.as_str().to_owned(), |text| Discretion::parse(text).ok();
    LessonClock: |word| word.as_str().to_owned(), LessonClock::parse;
    SessionState: |word| word.as_str().to_owned(), SessionState::parse;
    Admission: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Attendance: |word| word.as_str().to_owned(), |text| text.parse().ok();
    CoupleState: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Decision: |word| word.as_str().to_owned(), |text| text.parse().ok();
    LateJoiners: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Resuming: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Timing: |word| word.as_str().to_owned(), |text| text.parse().ok();
    BounceClass: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Scope: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Act: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Weight: |word| word.as_str().to_owned(), |text| text.parse().ok();
    Kind: |word| word.as_str().to_owned(), Kind::parse;
}
