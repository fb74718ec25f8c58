//! Which of several answers to an invite counts? (RFC 5546 §2.1.5)

use chrono::{DateTime, Utc};

/// What somebody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rsvp {
    Accepted,
    Declined,
    Tentative,
}

crate::words!(Rsvp { Accepted = "accepted", Declined = "declined", Tentative = "tentative" });

/// What a calendar did with an invite, as we keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    Accepted,
    Declined,
    Tentative,
    /// Another time is wished for.
    Counter,
    /// The invite was asked for once more.
    Refresh,
}

crate::words!(Act {
    Accepted = "accepted",
    Declined = "declined",
    Tentative = "tentative",
    Counter = "counter",
    Refresh = "refresh",
});

impl From<Rsvp> for Act {
    fn from(rsvp: Rsvp) -> Self {
        match rsvp {
            Rsvp::Accepted => Self::Accepted,
            Rsvp::Declined => Self::Declined,
            Rsvp::Tentative => Self::Tentative,
        }
    }
}

/// When an answer was given, and to which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The invite's SEQUENCE that was answered.
    pub sequence: i32,
    /// The answer's DTSTAMP.
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// It is what the person says now.
    Counts,
    /// It answers a time that the session does not have any more.
    Older,
    /// The person has said something since.
    Overtaken,
    /// Nothing to weigh: a question, or a wish.
    Aside,
}

crate::words!(Weight { Counts = "counts", Older = "older", Overtaken = "overtaken", Aside = "aside" });

/// Weighs an answer against the invite's present sequence and the answer that counts so far.
///
/// A lower sequence answers an older time. A higher one than ours is a slip of somebody's calendar, and counts
/// as the present one. At the same sequence the later one wins; the same instant is the same answer.
#[must_use]
pub fn weigh(new: Given, present: i32, last: Option<Given>) -> Weight {
    if new.sequence < present {
        return Weight::Older;
    }
    match last {
        Some(last) if last.sequence >= present && last.at >= new.at => Weight::Overtaken,
        Some(_) | None => Weight::Counts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(sequence: i32, second: i64) -> Given {
        Given { sequence, at: DateTime::from_timestamp(second, 0).unwrap() }
    }

    #[test]
    fn r6_the_version_decides_first_and_the_time_second() {
        assert_eq!(weigh(given(0, 5), 0, None), Weight::Counts);
        assert_eq!(weigh(given(0, 5), 1, None), Weight::Older);
        assert_eq!(weigh(given(0, 99), 1, Some(given(1, 5))), Weight::Older);
        assert_eq!(weigh(given(1, 6), 1, Some(given(1, 5))), Weight::Counts);
        assert_eq!(weigh(given(1, 5), 1, Some(given(1, 5))), Weight::Overtaken, "the same mail twice");
        assert_eq!(weigh(given(1, 4), 1, Some(given(1, 5))), Weight::Overtaken, "mails that change places");
        assert_eq!(weigh(given(1, 1), 1, Some(given(0, 5))), Weight::Counts, "what was said of an older time is over");
        assert_eq!(weigh(given(7, 6), 1, Some(given(1, 5))), Weight::Counts, "a calendar that counts by itself");
    }
}
