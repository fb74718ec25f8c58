//! Where does a person stand in a cohort, and what may happen next?

use chrono::{DateTime, TimeDelta, Utc};

/// An enrollment's state, as drawn in the product's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Asked; the seat, if there was one, is held until the address is confirmed.
    Pending,
    Applied,
    Accepted,
    Declined,
    Waitlisted,
    /// A seat is held until the offer expires.
    Offered,
    OfferExpired,
    Enrolled,
    Paused,
    Withdrawn,
    Transferred,
    Removed,
    Completed,
    Lapsed,
}

crate::words!(Standing {
    Pending = "pending",
    Applied = "applied",
    Accepted = "accepted",
    Declined = "declined",
    Waitlisted = "waitlisted",
    Offered = "offered",
    OfferExpired = "offer_expired",
    Enrolled = "enrolled",
    Paused = "paused",
    Withdrawn = "withdrawn",
    Transferred = "transferred",
    Removed = "removed",
    Completed = "completed",
    Lapsed = "lapsed",
});

/// What happens to an enrollment. Whether a seat could be taken is the store's answer, handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The address was confirmed.
    Confirm(Seat),
    /// Nobody confirmed, accepted or answered in time.
    Expire,
    /// A seat came free for the first in line.
    Offer,
    AcceptOffer,
    DeclineOffer,
    Pause,
    Resume,
    /// The person leaves.
    Leave,
    /// The coach removes the person.
    Remove,
    Complete,
    /// Asked again after an end.
    AskAgain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    Held,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an enrollment that is {from} cannot take this step")]
pub struct Refusal {
    pub from: Standing,
}

/// How long a seat is held while the address is confirmed.
pub const CONFIRM_WITHIN: TimeDelta = TimeDelta::minutes(60);
/// How long an offered seat is held.
pub const OFFER_WITHIN: TimeDelta = TimeDelta::hours(24);
/// How long what a lapsed form said is kept.
pub const LAPSED_KEPT: TimeDelta = TimeDelta::days(7);

impl Standing {
    /// Whether this state holds one of the cohort's seats. A pending form may have found none free.
    #[must_use]
    pub fn holds_seat(self) -> bool {
        match self {
            Self::Pending | Self::Accepted | Self::Offered | Self::Enrolled | Self::Paused => true,
            Self::Applied
            | Self::Declined
            | Self::Waitlisted
            | Self::OfferExpired
            | Self::Withdrawn
            | Self::Transferred
            | Self::Removed
            | Self::Completed
            | Self::Lapsed => false,
        }
    }

    /// Whether the person takes part: gets lessons, sees the sessions.
    #[must_use]
    pub fn takes_part(self) -> bool {
        matches!(self, Self::Enrolled | Self::Completed)
    }

    /// The only way from one state to the next.
    pub fn after(self, event: Event) -> Result<Self, Refusal> {
        use Standing::{
            Accepted, Applied, Completed, Declined, Enrolled, Lapsed, OfferExpired, Offered, Paused, Pending, Removed,
            Transferred, Waitlisted, Withdrawn,
        };
        let next = match (self, event) {
            (Pending | Lapsed, Event::Confirm(Seat::Held)) => Enrolled,
            (Pending | Lapsed, Event::Confirm(Seat::None)) => Waitlisted,
            (Pending | Accepted, Event::Expire) => Lapsed,
            (Offered, Event::Expire) => OfferExpired,
            (Waitlisted, Event::Offer) => Offered,
            (Offered | Accepted, Event::AcceptOffer) => Enrolled,
            (Offered, Event::DeclineOffer) => Declined,
            (Enrolled, Event::Pause) => Paused,
            (Paused, Event::Resume) => Enrolled,
            (Enrolled | Paused | Waitlisted, Event::Leave) => Withdrawn,
            (Offered, Event::Leave) => Declined,
            (Enrolled | Paused | Waitlisted | Offered | Pending | Accepted | Applied, Event::Remove) => Removed,
            (Enrolled | Paused, Event::Complete) => Completed,
            (Lapsed | Withdrawn | Removed | Declined | OfferExpired | Transferred, Event::AskAgain) => Pending,
            (from, _) => return Err(Refusal { from }),
        };
        Ok(next)
    }
}

/// What the participant chose for their own calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarChoice {
    Invites,
    Feed,
    Neither,
}

crate::words!(CalendarChoice { Invites = "invites", Feed = "feed", Neither = "neither" });

/// Until when a person who asked at `now` must confirm.
#[must_use]
pub fn confirm_by(now: DateTime<Utc>) -> DateTime<Utc> {
    now + CONFIRM_WITHIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_drawing() {
        use Standing::*;
        for (from, event, to) in [
            (Pending, Event::Confirm(Seat::Held), Enrolled),
            (Pending, Event::Confirm(Seat::None), Waitlisted),
            (Pending, Event::Expire, Lapsed),
            (Lapsed, Event::Confirm(Seat::Held), Enrolled),
            (Waitlisted, Event::Offer, Offered),
            (Waitlisted, Event::Leave, Withdrawn),
            (Offered, Event::AcceptOffer, Enrolled),
            (Offered, Event::Expire, OfferExpired),
            (Offered, Event::Leave, Declined),
            (Enrolled, Event::Leave, Withdrawn),
            (Enrolled, Event::Complete, Completed),
            (Paused, Event::Resume, Enrolled),
            (Withdrawn, Event::AskAgain, Pending),
        ] {
            assert_eq!(from.after(event), Ok(to));
        }
    }

    #[test]
    fn refuses_every_other_step() {
        use Standing::*;
        for (from, event) in [
            (Enrolled, Event::Confirm(Seat::Held)),
            (Completed, Event::Leave),
            (Withdrawn, Event::Leave),
            (Waitlisted, Event::AcceptOffer),
            (OfferExpired, Event::AcceptOffer),
            (Enrolled, Event::AskAgain),
            (Removed, Event::Confirm(Seat::Held)),
        ] {
            assert_eq!(from.after(event), Err(Refusal { from }));
        }
    }
}
