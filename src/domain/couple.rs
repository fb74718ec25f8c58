//! How do two people who want to come together stand to each other, as far as we need to know?
//!
//! They are two private identities. Nothing here is ever shown to either of them about the other: the inviter
//! is asked to choose when the partner's time is over, and hears neither a yes nor a no.

use chrono::{DateTime, TimeDelta, Utc};

use super::name::Name;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoupleState {
    /// The inviter's address is not confirmed: nobody is written to.
    Named,
    /// The partner was asked, and has not answered, or said no.
    Asked,
    /// Both confirmed.
    Together,
    /// The partner's time is over: the inviter chooses.
    Undecided,
    /// The inviter waits on: the partner may still confirm.
    Waiting,
    /// The inviter goes alone.
    Alone,
    /// The inviter does not come without the partner.
    Canceled,
}

crate::words!(CoupleState {
    Named = "named",
    Asked = "asked",
    Together = "together",
    Undecided = "undecided",
    Waiting = "waiting",
    Alone = "alone",
    Canceled = "canceled",
});

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoupleEvent {
    /// The inviter confirmed: the partner is written to.
    Ask,
    /// The partner said yes.
    Join,
    /// The partner's time is over.
    Expire,
    Choose(Choice),
    /// The coach takes the two apart, or the inviter asks anew.
    Part,
}

/// What the inviter can do when the partner has not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Alone,
    Wait,
    Cancel,
}

crate::words!(Choice { Alone = "alone", Wait = "wait", Cancel = "cancel" });

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a couple that is {from} cannot take this step")]
pub struct Refusal {
    pub from: CoupleState,
}

/// How long the partner's place is held.
pub const RESPOND_WITHIN: TimeDelta = TimeDelta::hours(72);
/// Letters to somebody who did not ask for any: one a day, and in this time not more than the next line says.
pub const ASKS_COUNTED_OVER: TimeDelta = TimeDelta::days(14);
pub const MOST_ASKS: usize = 2;

#[must_use]
pub fn respond_by(now: DateTime<Utc>) -> DateTime<Utc> {
    now + RESPOND_WITHIN
}

impl CoupleState {
    /// Whether the partner can still say yes.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::Waiting)
    }

    /// The only way from one state to the next.
    pub fn after(self, event: CoupleEvent) -> Result<Self, Refusal> {
        match (self, event) {
            (Self::Named, CoupleEvent::Ask) => Ok(Self::Asked),
            // Each asked the other: that is two times yes.
            (Self::Named | Self::Asked | Self::Waiting | Self::Undecided, CoupleEvent::Join) => Ok(Self::Together),
            (Self::Asked | Self::Waiting, CoupleEvent::Expire) => Ok(Self::Undecided),
            (Self::Undecided, CoupleEvent::Choose(Choice::Alone)) => Ok(Self::Alone),
            (Self::Undecided, CoupleEvent::Choose(Choice::Wait)) => Ok(Self::Waiting),
            (Self::Undecided, CoupleEvent::Choose(Choice::Cancel)) => Ok(Self::Canceled),
            (Self::Named | Self::Asked | Self::Together | Self::Undecided | Self::Waiting, CoupleEvent::Part) => {
                Ok(Self::Alone)
            }
            (from, _) => Err(Refusal { from }),
        }
    }
}

/// The inviter's name for a letter to a stranger; none if it could be a message or an address instead.
#[must_use]
pub fn presentable(name: &Name) -> Option<String> {
    let name = name.expose();
    let is_name = name.chars().count() <= 40
        && name.split_whitespace().count() <= 4
        && name.chars().all(|c| c.is_alphabetic() || is_mark(c) || matches!(c, ' ' | '-' | '\'' | '’'))
        && !name.to_lowercase().contains("www");
    is_name.then(|| name.to_owned())
}

/// What many scripts put on their letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0900}'..='\u{0DFF}' | '\u{0E00}'..='\u{0EFF}' | '\u{064B}'..='\u{065F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [CoupleEvent; 7] = [
        CoupleEvent::Ask,
        CoupleEvent::Join,
        CoupleEvent::Expire,
        CoupleEvent::Choose(Choice::Alone),
        CoupleEvent::Choose(Choice::Wait),
        CoupleEvent::Choose(Choice::Cancel),
        CoupleEvent::Part,
    ];

    #[test]
    fn follows_the_drawing_and_refuses_every_other_step() {
        use CoupleState::{Alone, Asked, Canceled, Named, Together, Undecided, Waiting};
        let drawn = |from| match from {
            Named => vec![(0, Asked), (1, Together), (6, Alone)],
            Asked | Waiting => vec![(1, Together), (2, Undecided), (6, Alone)],
            Together => vec![(6, Alone)],
            Undecided => vec![(1, Together), (3, Alone), (4, Waiting), (5, Canceled), (6, Alone)],
            Alone | Canceled => vec![],
        };
        for &from in CoupleState::ALL {
            for (number, event) in EVENTS.into_iter().enumerate() {
                let to = drawn(from).into_iter().find(|(drawn, _)| *drawn == number).map(|(_, to)| to);
                assert_eq!(from.after(event), to.ok_or(Refusal { from }), "{from} {event:?}");
            }
        }
    }

    #[test]
    fn a_name_is_no_message() {
        for name in ["Sam", "Siobhán O'Neil", "أحمد", "李小龍", "सुनीता", "Anna-Lena"] {
            assert_eq!(presentable(&Name::parse(name).unwrap()).as_deref(), Some(name));
        }
        for text in
            ["Win at http://evil.example", "evil.example", "call 0800 123", "you have won a prize today", "www evil"]
        {
            assert_eq!(presentable(&Name::parse(text).unwrap()), None, "{text}");
        }
    }
}
