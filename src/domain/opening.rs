//! On which days may somebody ask for a place?

use chrono::{Days, NaiveDate};

/// Days on the cohort's calendar, both included; without an end, or a beginning, as long as the cohort lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EnrollDays {
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
}

/// What these days say of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    Open,
    /// The first day on which it is open.
    OpensOn(NaiveDate),
    /// The first day on which it was closed.
    ClosedSince(NaiveDate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The last day lies before the first: nobody could ask for a place")]
pub struct BackToFront;

impl EnrollDays {
    pub fn new(from: Option<NaiveDate>, until: Option<NaiveDate>) -> Result<Self, BackToFront> {
        match (from, until) {
            (Some(from), Some(until)) if until < from => Err(BackToFront),
            (from, until) => Ok(Self { from, until }),
        }
    }

    #[must_use]
    pub fn on(&self, today: NaiveDate) -> Opening {
        match (self.from, self.until) {
            (Some(from), _) if today < from => Opening::OpensOn(from),
            (_, Some(until)) if today > until => Opening::ClosedSince(until + Days::new(1)),
            (_, _) => Opening::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2027, 3, day).unwrap()
    }

    #[test]
    fn both_days_belong_to_it() {
        let window = EnrollDays::new(Some(day(2)), Some(day(4))).unwrap();
        assert_eq!(window.on(day(1)), Opening::OpensOn(day(2)));
        assert_eq!([2, 3, 4].map(|at| window.on(day(at))), [Opening::Open; 3]);
        assert_eq!(window.on(day(5)), Opening::ClosedSince(day(5)));
        assert_eq!(window.on(day(9)), Opening::ClosedSince(day(5)));
    }

    #[test]
    fn without_days_it_is_open_and_back_to_front_it_is_none() {
        assert_eq!(EnrollDays::default().on(day(1)), Opening::Open);
        assert_eq!(EnrollDays::new(Some(day(2)), None).unwrap().on(day(9)), Opening::Open);
        assert_eq!(EnrollDays::new(None, Some(day(2))).unwrap().on(day(1)), Opening::Open);
        assert!(EnrollDays::new(Some(day(2)), Some(day(2))).is_ok());
        assert_eq!(EnrollDays::new(Some(day(3)), Some(day(2))), Err(BackToFront));
    }
}
