//! What comes after one attempt to send an email? The only place that decides on a retry.

use chrono::{DateTime, TimeDelta, Utc};

use super::attempt::{Attempt, Class, class};

/// What comes after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Sent,
    /// Try again at this real instant.
    Defer(DateTime<Utc>),
    /// The server may have it: once more with the same bytes.
    ResendUnknown(DateTime<Utc>),
    /// The server may have it: a person decides.
    HoldUnknown,
    Bounced,
    Failed,
    /// Not about this mail: give the claim back unspent and wait for the channel.
    GiveBack,
    /// The provider refuses us: this mail and all others to it wait.
    PauseProvider,
}

/// What an operator chose for mail whose fate is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    Resend,
    Hold,
}

/// What is known of the mail that was tried.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// This one included.
    pub tries: u32,
    /// How often it may have arrived before without our knowing.
    pub doubts: u32,
    pub doubt: Doubt,
    /// Real instant from which nobody needs it any more.
    pub stale_at: DateTime<Utc>,
}

/// Greylisting usually wants a minute at least,
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(60);
/// and after that nobody is helped by a second one at once.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(15);
const LONGEST_WAIT: u64 = 7_200;

/// A mail that is useful for good is tried this often, which takes about three days.
pub const MOST_TRIES: u32 = 75;

/// From when on nobody needs a mail any more: `left` is the time until then; `None`: it is useful for good.
#[must_use]
pub fn stale_at(left: Option<TimeDelta>, tries: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    match left {
        Some(left) => now + left,
        None if tries >= MOST_TRIES => now,
        None => now + TimeDelta::days(3),
    }
}

/// The only place that decides on a retry. `jitter` is in `0.0..1.0`; `now` is real time.
#[must_use]
pub fn after(attempt: &Attempt, tried: &Tried, jitter: f64, now: DateTime<Utc>) -> Next {
    match class(attempt) {
        Class::Sent => Next::Sent,
        Class::RecipientPermanent => Next::Bounced,
        Class::ContentFault => Next::Failed,
        Class::Channel => Next::GiveBack,
        Class::SenderFault if now + SHORTEST_WAIT >= tried.stale_at => Next::Failed,
        Class::SenderFault => Next::PauseProvider,
        Class::MessageTransient => before_stale(tried, jitter, now).map_or(Next::Failed, Next::Defer),
        Class::Unknown => match tried.doubt {
            // Once more, and no third time.
            Doubt::Resend if tried.doubts == 0 => {
                before_stale(tried, jitter, now).map_or(Next::HoldUnknown, Next::ResendUnknown)
            }
            Doubt::Resend | Doubt::Hold => Next::HoldUnknown,
        },
    }
}

/// The next try; a last one shortly before nobody needs it. `None`: it is too late for another.
fn before_stale(tried: &Tried, jitter: f64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let last = tried.stale_at - SHORTEST_WAIT;
    (now + SHORTEST_WAIT < last).then(|| (now + wait(tried.tries, jitter)).min(last))
}

/// Full jitter: a random wait of up to 30 s · 2ⁿ, and two hours at most.
fn wait(tries: u32, jitter: f64) -> TimeDelta {
    let most = 30_u64.saturating_mul(1 << tries.min(12)).min(LONGEST_WAIT);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "seconds below 7,200")]
    let wait = TimeDelta::seconds((most as f64 * jitter) as i64);
    wait.max(if tries <= 1 { FIRST_WAIT } else { SHORTEST_WAIT })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::attempt::Stage;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn tried(tries: u32) -> Tried {
        Tried { tries, doubts: 0, doubt: Doubt::Resend, stale_at: NOW + TimeDelta::hours(72) }
    }

    fn later() -> Attempt {
        Attempt::refused(Stage::RcptTo, 451, "4.3.0 Later")
    }

    #[test]
    fn what_is_in_doubt_goes_out_once_more_and_no_third_time() {
        let lost = Attempt::lost(Stage::AfterDot, "gone");
        assert!(matches!(after(&lost, &tried(1), 0.5, NOW), Next::ResendUnknown(_)));
        assert_eq!(after(&lost, &Tried { doubts: 1, ..tried(2) }, 0.5, NOW), Next::HoldUnknown);
        assert_eq!(after(&lost, &Tried { doubt: Doubt::Hold, ..tried(1) }, 0.5, NOW), Next::HoldUnknown);
        assert_eq!(after(&lost, &Tried { stale_at: NOW, ..tried(1) }, 0.5, NOW), Next::HoldUnknown);
    }

    #[test]
    fn a_mail_that_nobody_needs_any_more_is_not_tried_again() {
        assert_eq!(after(&later(), &Tried { stale_at: NOW, ..tried(1) }, 0.5, NOW), Next::Failed);
        let soon = NOW + TimeDelta::seconds(45);
        assert_eq!(
            after(&later(), &Tried { stale_at: soon, ..tried(1) }, 0.5, NOW),
            Next::Defer(NOW + TimeDelta::seconds(30))
        );
    }

    #[test]
    fn a_mail_that_is_useful_for_good_is_tried_for_about_three_days() {
        let (mut now, mut tries) = (NOW, 1);
        while let Next::Defer(at) =
            after(&later(), &Tried { stale_at: stale_at(None, tries, now), ..tried(tries) }, 0.5, now)
        {
            (now, tries) = (at, tries + 1);
        }
        let hours = (now - NOW).num_hours();
        assert!((60..84).contains(&hours), "{hours} hours");
    }

    proptest! {
        /// B4 and the ledger's law together: full jitter, a floor, two hours at most, and never past its use.
        #[test]
        fn every_wait_is_within_its_bounds(tries in 1_u32..200, jitter in 0.0..1.0) {
            let Next::Defer(at) = after(&later(), &tried(tries), jitter, NOW) else { panic!("it is deferred") };
            let least = if tries == 1 { 60 } else { 15 };
            let most = (30_i64 << tries.min(9)).min(7_200).max(least);
            let wait = (at - NOW).num_seconds();
            prop_assert!(least <= wait && wait <= most, "{wait}");
        }

        /// Whatever luck it has, a mail is tried until it is of no use, and not for longer.
        #[test]
        fn a_mail_is_tried_until_nobody_needs_it(jitters in proptest::collection::vec(0.0..1.0, 4_000)) {
            let (mut now, mut tries, stale_at) = (NOW, 1, NOW + TimeDelta::hours(72));
            for jitter in jitters {
                match after(&later(), &Tried { stale_at, ..tried(tries) }, jitter, now) {
                    Next::Defer(at) => (now, tries) = (at, tries + 1),
                    Next::Failed => break,
                    other => panic!("{other:?}"),
                }
            }
            prop_assert!(stale_at - now <= TimeDelta::seconds(30), "given up at {now}");
        }
    }
}
