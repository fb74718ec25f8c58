//! What must one calendar be told next about one session?

use chrono::{DateTime, Utc};

/// What was said last, and reached (or may have reached) the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Nothing,
    /// A REQUEST for these times.
    Requested {
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
    },
    Canceled,
}

/// How the session, and the person's wish to have it in a calendar, now stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    At {
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
    },
    /// Canceled, or the person left, or wants no invites any more.
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Request,
    Cancel,
}

crate::words!(Word { Request = "request", Cancel = "cancel" });

/// Nothing when the calendar is true already. A CANCEL goes only where a REQUEST went; what was canceled
/// comes back under a new UID, which is another invite; what is over is left alone.
#[must_use]
pub fn next_word(told: Told, wanted: Wanted, now: DateTime<Utc>) -> Option<Word> {
    match (told, wanted) {
        (Told::Nothing, Wanted::At { ends_at, .. }) => (ends_at > now).then_some(Word::Request),
        (Told::Requested { starts_at, ends_at }, Wanted::At { starts_at: new_start, ends_at: new_end }) => {
            let moved = (starts_at, ends_at) != (new_start, new_end);
            (moved && new_end > now).then_some(Word::Request)
        }
        (Told::Requested { ends_at, .. }, Wanted::Gone) => (ends_at > now).then_some(Word::Cancel),
        (Told::Nothing, Wanted::Gone) | (Told::Canceled, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(hour * 3_600, 0).unwrap()
    }

    #[test]
    fn says_only_what_is_new() {
        let (first, second) =
            (Wanted::At { starts_at: at(10), ends_at: at(11) }, Wanted::At { starts_at: at(12), ends_at: at(13) });
        let told = Told::Requested { starts_at: at(10), ends_at: at(11) };
        assert_eq!(next_word(Told::Nothing, first, at(0)), Some(Word::Request));
        assert_eq!(next_word(told, first, at(0)), None);
        assert_eq!(next_word(told, second, at(0)), Some(Word::Request));
        assert_eq!(next_word(told, Wanted::Gone, at(0)), Some(Word::Cancel));
    }

    #[test]
    fn never_cancels_what_was_never_asked_and_leaves_the_past_alone() {
        let told = Told::Requested { starts_at: at(10), ends_at: at(11) };
        assert_eq!(next_word(Told::Nothing, Wanted::Gone, at(0)), None);
        assert_eq!(next_word(Told::Canceled, Wanted::Gone, at(0)), None);
        assert_eq!(next_word(Told::Canceled, Wanted::At { starts_at: at(10), ends_at: at(11) }, at(0)), None);
        assert_eq!(next_word(told, Wanted::Gone, at(12)), None);
        assert_eq!(next_word(Told::Nothing, Wanted::At { starts_at: at(10), ends_at: at(11) }, at(12)), None);
    }
}
