//! Has a lesson reached a person, or may it still come another way?

use super::delivery::{LATE_GATE, State};

/// What the ledger's row of one lesson says, once the person's way through the program changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It arrived, or may have, or was left out on purpose: it never comes again.
    Settled,
    /// It came in a catch-up mail, and is as settled as that mail.
    WithCatchUp,
    /// It never left: the key is free for another way.
    Free,
}

/// The reason of a lesson's row whose lesson came in a catch-up mail.
pub const CAME_ALONG: &str = "came with the catch-up mail";

/// `reason` is what the row carries.
#[must_use]
pub fn reach(state: State, reason: Option<&str>) -> Reach {
    match state {
        // On the wire nothing can be taken back.
        State::Sent | State::Sending | State::Unknown | State::Complained => Reach::Settled,
        State::Skipped if reason == Some(CAME_ALONG) => Reach::WithCatchUp,
        // Whoever else skips a lesson means it; the late gate only asks for this moment.
        State::Skipped if !reason.is_some_and(|reason| LATE_GATE.contains(&reason)) => Reach::Settled,
        State::Skipped
        | State::Held
        | State::Queued
        | State::Claimed
        | State::Deferred
        | State::Bounced
        | State::Failed
        | State::Missed
        | State::Canceled => Reach::Free,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::UNDELIVERABLE;

    #[test]
    fn what_may_have_arrived_never_comes_again_and_what_did_not_still_may() {
        let settled = [State::Sent, State::Sending, State::Unknown, State::Complained];
        for &state in State::ALL {
            let expected = if settled.contains(&state) { Reach::Settled } else { Reach::Free };
            assert_eq!(reach(state, Some(UNDELIVERABLE)), expected, "{state}");
        }
    }

    #[test]
    fn left_out_on_purpose_is_not_the_same_as_refused_at_the_gate() {
        assert_eq!(reach(State::Skipped, Some("added after its time")), Reach::Settled);
        assert_eq!(reach(State::Skipped, None), Reach::Settled);
        assert_eq!(reach(State::Skipped, Some(CAME_ALONG)), Reach::WithCatchUp);
    }
}
