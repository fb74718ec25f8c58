//! Why can a schedule not be changed like this, and what could be done instead?

use crate::domain::{session::BadLength, week::BadWeeks};

/// Full sentences for the coach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("This is how the schedule is already. Choose something else")]
    Nothing,
    #[error("This session is over: it can no longer be changed")]
    Over,
    #[error("This session is canceled. Restore it first, then move it")]
    Canceled,
    #[error("This session does not exist any more. Look at the schedule again")]
    NoSession,
    #[error("This is in the past. Choose a time that is still to come")]
    Past,
    #[error("{session} would be on {when}, which is in the past. Choose later dates")]
    WouldBePast { session: String, when: String },
    #[error(
        "The first session has begun, so the start no longer moves. Insert a break, or change weekday and time from a later week on"
    )]
    Begun,
    #[error("There is no week {0} in this cohort. Choose one of its weeks")]
    NoWeek(u16),
    #[error("Week {0} is over or its session has begun. Choose a later week")]
    WeekBegun(u16),
    #[error("Week {0} is not a break. Choose a week that is one")]
    NotABreak(u16),
    #[error("Choose how many weeks, from 1 to {0}")]
    HowMany(u16),
    #[error("A cohort keeps at least one week with a lesson. Take off fewer weeks")]
    NoneLeft,
    #[error(transparent)]
    Weeks(#[from] BadWeeks),
    #[error(transparent)]
    Length(#[from] BadLength),
}
