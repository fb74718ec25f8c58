//! Where does a person stand in a cohort, and what may happen next?

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::zone::Zone;

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
    /// The address was confirmed, where everybody may come.
    Confirm(Seat),
    /// The address was confirmed, where the coach decides.
    Apply,
    /// The coach says yes: a seat is held until the person answers.
    Accept,
    /// The coach says no.
    TurnDown,
    /// Nobody confirmed, accepted or answered in time.
    Expire,
    /// A seat came free for the first in line.
    Offer,
    /// The person takes the place that is held.
    Enroll,
    /// The person does not want the place that is held.
    DeclineOffer,
    Pause,
    Resume,
    /// The person leaves.
    Leave,
    /// The coach removes the person.
    Remove,
    /// The person goes on in another cohort.
    Transfer,
    Complete,
    /// Asked again after an end.
    AskAgain,
    /// The coach puts the person in, by name.
    Add,
}

impl Event {
    #[cfg(test)]
    const ALL: [Self; 17] = [
        Self::Confirm(Seat::Held),
        Self::Confirm(Seat::None),
        Self::Apply,
        Self::Accept,
        Self::TurnDown,
        Self::Expire,
        Self::Offer,
        Self::Enroll,
        Self::DeclineOffer,
        Self::Pause,
        Self::Resume,
        Self::Leave,
        Self::Remove,
        Self::Transfer,
        Self::Complete,
        Self::AskAgain,
        Self::Add,
    ];
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
/// How many hours an offered seat is held, unless the cohort says otherwise.
pub const OFFER_HOURS: u16 = 24;
/// How many hours an accepted applicant has to answer, unless the cohort says otherwise.
pub const ACCEPT_HOURS: u16 = 72;
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
            (Pending | Lapsed, Event::Apply) => Applied,
            (Applied, Event::Accept) => Accepted,
            // To withdraw an application, or to take one off the list, ends where a refusal does.
            (Applied, Event::TurnDown | Event::Leave | Event::Remove) => Declined,
            // A place that is held and not wanted comes free as if its time had run out.
            (Pending, Event::Expire | Event::Remove)
            | (Accepted, Event::Expire | Event::DeclineOffer | Event::Leave | Event::Remove) => Lapsed,
            (Offered, Event::Expire) => OfferExpired,
            (Waitlisted, Event::Offer) => Offered,
            (Offered | Accepted, Event::Enroll) => Enrolled,
            (Offered, Event::DeclineOffer | Event::Leave | Event::Remove) => Declined,
            (Enrolled, Event::Pause) => Paused,
            (Paused, Event::Resume) => Enrolled,
            (Enrolled | Paused | Waitlisted, Event::Leave) | (Waitlisted, Event::Remove) => Withdrawn,
            (Enrolled | Paused, Event::Remove) => Removed,
            (Enrolled | Paused, Event::Transfer) => Transferred,
            (Enrolled | Paused, Event::Complete) => Completed,
            // Whom the coach removed, the coach invites again.
            (Lapsed | Withdrawn | Declined | OfferExpired | Transferred, Event::AskAgain) => Pending,
            (
                Pending | Applied | Accepted | Declined | Waitlisted | Offered | OfferExpired | Withdrawn | Transferred
                | Removed | Lapsed,
                Event::Add,
            ) => Enrolled,
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

/// How somebody goes on after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resuming {
    /// With the cohort, after one mail with what was missed.
    Rejoin,
    /// Where they stopped: their lessons come later by the length of the pause.
    Shift,
}

crate::words!(Resuming { Rejoin = "rejoin", Shift = "shift" });

/// Until when a person who asked at `now` must confirm.
#[must_use]
pub fn confirm_by(now: DateTime<Utc>) -> DateTime<Utc> {
    now + CONFIRM_WITHIN
}

/// When somebody whose last session or lesson is at `last` has completed: as the next day begins in the
/// cohort's zone.
#[must_use]
pub fn completes_at(last: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
    zone.resolve((zone.local(last).date() + Days::new(1)).and_time(NaiveTime::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every state with where each event takes it; what is not drawn is refused.
    fn drawn(from: Standing) -> Vec<(Event, Standing)> {
        use Standing::*;
        let (held, none) = (Event::Confirm(Seat::Held), Event::Confirm(Seat::None));
        let again = (Event::AskAgain, Pending);
        let add = (Event::Add, Enrolled);
        match from {
            Pending => vec![
                (held, Enrolled),
                (none, Waitlisted),
                (Event::Apply, Applied),
                (Event::Expire, Lapsed),
                (Event::Remove, Lapsed),
                add,
            ],
            Lapsed => vec![(held, Enrolled), (none, Waitlisted), (Event::Apply, Applied), again, add],
            Applied => vec![
                (Event::Accept, Accepted),
                (Event::TurnDown, Declined),
                (Event::Leave, Declined),
                (Event::Remove, Declined),
                add,
            ],
            Accepted => vec![
                (Event::Expire, Lapsed),
                (Event::Enroll, Enrolled),
                (Event::DeclineOffer, Lapsed),
                (Event::Leave, Lapsed),
                (Event::Remove, Lapsed),
                add,
            ],
            Waitlisted => {
                vec![(Event::Offer, Offered), (Event::Leave, Withdrawn), (Event::Remove, Withdrawn), add]
            }
            Offered => vec![
                (Event::Expire, OfferExpired),
                (Event::Enroll, Enrolled),
                (Event::DeclineOffer, Declined),
                (Event::Leave, Declined),
                (Event::Remove, Declined),
                add,
            ],
            Enrolled => vec![
                (Event::Pause, Paused),
                (Event::Leave, Withdrawn),
                (Event::Remove, Removed),
                (Event::Transfer, Transferred),
                (Event::Complete, Completed),
            ],
            Paused => vec![
                (Event::Resume, Enrolled),
                (Event::Leave, Withdrawn),
                (Event::Remove, Removed),
                (Event::Transfer, Transferred),
                (Event::Complete, Completed),
            ],
            Declined | OfferExpired | Withdrawn | Transferred => vec![again, add],
            Removed => vec![add],
            Completed => vec![],
        }
    }

    #[test]
    fn follows_the_drawing_and_refuses_every_other_step() {
        for &from in Standing::ALL {
            for event in Event::ALL {
                let drawn = drawn(from).into_iter().find(|(drawn, _)| *drawn == event).map(|(_, to)| to);
                assert_eq!(from.after(event), drawn.ok_or(Refusal { from }), "{from} {event:?}");
            }
        }
    }

    #[test]
    fn completes_as_the_next_day_begins_by_the_cohorts_clock() {
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (last, zone, at) in [
            ("2026-11-16T19:15:00Z", "Europe/Berlin", "2026-11-16T23:00:00Z"),
            ("2026-11-16T23:30:00Z", "Europe/Berlin", "2026-11-17T23:00:00Z"),
            ("2026-11-17T02:00:00Z", "America/New_York", "2026-11-17T05:00:00Z"),
            // The day after has no midnight there: it begins at one.
            ("2026-04-23T17:00:00Z", "Africa/Cairo", "2026-04-23T22:00:00Z"),
        ] {
            assert_eq!(completes_at(utc(last), Zone::parse(zone).unwrap()), utc(at), "{last} {zone}");
        }
    }
}
