//! Where does a cohort's copy of a lesson stand: out, to come, or left out?

use chrono::{DateTime, Utc};

use crate::{
    domain::cohort::Timing,
    store::{
        self,
        cohorts::{self, CohortLesson},
        timetable::{self, TimetableRow},
    },
};

/// What a coach may still do depends on this alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyState {
    /// It went out, on some clocks at least, or is about to.
    Out(DateTime<Utc>),
    /// Its date, on the first of the clocks; none before the cohort opens, or where nobody takes part yet.
    Due(Option<DateTime<Utc>>),
    /// It comes in the mail of the next lesson.
    WithNext(Option<DateTime<Utc>>),
    Skipped,
    Removed,
}

impl CopyState {
    #[must_use]
    pub fn is_out(self) -> bool {
        match self {
            Self::Out(_) => true,
            Self::Due(_) | Self::WithNext(_) | Self::Skipped | Self::Removed => false,
        }
    }

    /// Whether it may be moved or taken out.
    #[must_use]
    pub fn is_ahead(self) -> bool {
        match self {
            Self::Due(_) => true,
            Self::Out(_) | Self::WithNext(_) | Self::Skipped | Self::Removed => false,
        }
    }
}

/// A cohort's lessons with what was planned and released of them.
#[derive(Debug, Clone)]
pub struct Lessons {
    pub copies: Vec<CohortLesson>,
    rows: Vec<TimetableRow>,
}

impl Lessons {
    /// Those taken out are left out here.
    pub async fn of_cohort(db: &impl store::Connection, cohort: crate::domain::ids::CohortId) -> store::Result<Self> {
        let mut rows = timetable::of_cohort(db, cohort).await?;
        rows.retain(|row| row.work == "lesson");
        Ok(Self { copies: cohorts::lessons_of(db, cohort).await?, rows })
    }

    /// At `now` of program time.
    #[must_use]
    pub fn state(&self, copy: &CohortLesson, now: DateTime<Utc>) -> CopyState {
        let is_gone = |row: &&TimetableRow| row.released_at.is_some() || row.due_at <= now;
        let here = || self.rows.iter().filter(|row| row.position == copy.position);
        match copy.timing {
            Timing::Removed => CopyState::Removed,
            Timing::Skipped => CopyState::Skipped,
            Timing::Now => CopyState::Out(copy.changed_at),
            Timing::WithNext => {
                let later = || self.rows.iter().filter(|row| row.position > copy.position && self.is_ruled(row));
                let gone = later().filter(is_gone).map(|row| row.due_at).min();
                gone.map_or_else(|| CopyState::WithNext(later().map(|row| row.due_at).min()), CopyState::Out)
            }
            Timing::Rule => match here().filter(is_gone).map(|row| row.due_at).min() {
                Some(at) => CopyState::Out(at),
                None => CopyState::Due(here().map(|row| row.due_at).min()),
            },
        }
    }

    fn is_ruled(&self, row: &TimetableRow) -> bool {
        self.copies.iter().any(|copy| copy.position == row.position && copy.timing == Timing::Rule)
    }

    /// The last position that is out, or 0.
    #[must_use]
    pub fn last_out(&self, now: DateTime<Utc>) -> i32 {
        let gone = self.rows.iter().filter(|row| row.released_at.is_some() || row.due_at <= now);
        gone.map(|row| row.position).max().unwrap_or_default()
    }

    /// The first position that is still to come; none if all are out.
    #[must_use]
    pub fn first_ahead(&self, now: DateTime<Utc>) -> Option<i32> {
        self.copies.iter().filter(|copy| self.state(copy, now).is_ahead()).map(|copy| copy.position).min()
    }

    #[must_use]
    pub fn last(&self) -> i32 {
        self.copies.iter().map(|copy| copy.position).max().unwrap_or_default()
    }
}
