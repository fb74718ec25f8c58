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
    /// Not about this mail: give the claim back unspent and wait for the channel until this instant.
    GiveBack(DateTime<Utc>),
}

/// What an operator chose for mail whose fate is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    Resend,
    Hold,
}

/// Mail that failed transiently this often has `failed`.
pub const MOST_TRIES: u32 = 20;

/// The only place that decides on a retry. `jitter` is in `0.0..1.0`; `now` is real time.
#[must_use]
pub fn after(attempt: &Attempt, tries: u32, doubt: Doubt, jitter: f64, now: DateTime<Utc>) -> Next {
    match class(attempt) {
        Class::Sent => Next::Sent,
        Class::RecipientPermanent => Next::Bounced,
        Class::MessageTransient if tries >= MOST_TRIES => Next::Failed,
        Class::MessageTransient => Next::Defer(now + backoff(tries, jitter)),
        Class::Channel => Next::GiveBack(now + TimeDelta::seconds(60)),
        Class::SenderFault if tries >= MOST_TRIES => Next::Failed,
        Class::SenderFault => Next::Defer(now + TimeDelta::minutes(5)),
        Class::Unknown => match doubt {
            Doubt::Resend if tries >= MOST_TRIES => Next::HoldUnknown,
            Doubt::Resend => Next::ResendUnknown(now + backoff(tries, jitter)),
            Doubt::Hold => Next::HoldUnknown,
        },
    }
}

/// Full jitter: a random wait of up to 30 s · 2ⁿ, two hours at most and a minute at least (greylisting
/// wants that long).
fn backoff(tries: u32, jitter: f64) -> TimeDelta {
    let most = 30_u64.saturating_mul(1 << tries.min(12)).min(7_200);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "seconds below 7,200")]
    let wait = (most as f64 * jitter) as i64;
    TimeDelta::seconds(wait.max(60))
}
