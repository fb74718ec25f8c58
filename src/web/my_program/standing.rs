//! What is said to somebody about where they stand?

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::place::Place;
use crate::{
    actions::call_off::choose_by,
    domain::{
        civil::{self, When},
        enrollment::Standing,
        pause,
    },
    links::{Claims, Purpose},
    web::{guard::SignedParticipant, site::Site},
};

/// A card above everything else.
#[derive(Debug, Serialize)]
pub(super) struct StandingPart {
    pub(super) title: String,
    pub(super) text: String,
    /// A button: its words and where it leads.
    pub(super) act: Option<(String, String)>,
}

impl StandingPart {
    fn new(title: &str, text: impl Into<String>) -> Self {
        Self { title: title.to_owned(), text: text.into(), act: None }
    }

    /// For somebody who has no place at all.
    pub(super) fn nowhere() -> Self {
        Self::new(
            "You have no place here at the moment",
            "If you asked for one, open the email we sent and press its button.",
        )
    }
}

/// Whether leaving is something this person can do from here.
pub(in crate::web) fn can_leave(standing: Standing) -> bool {
    match standing {
        Standing::Enrolled
        | Standing::Paused
        | Standing::Waitlisted
        | Standing::Offered
        | Standing::Applied
        | Standing::Accepted => true,
        Standing::Pending
        | Standing::Declined
        | Standing::OfferExpired
        | Standing::Withdrawn
        | Standing::Transferred
        | Standing::Removed
        | Standing::Completed
        | Standing::Lapsed => false,
    }
}

/// Nothing in the middle of a group: the sessions and lessons speak for themselves.
pub(super) fn part(site: &Site, signed: &SignedParticipant, place: &Place) -> Option<StandingPart> {
    let enrollment = &place.enrollment;
    let until = || enrollment.hold_until.map(|until| civil::moment(until, signed.person.zone)).unwrap_or_default();
    if place.cohort.decision.is_off() && matches!(enrollment.standing, Standing::Enrolled | Standing::Paused) {
        return Some(off(site, signed, place));
    }
    let part = match enrollment.standing {
        Standing::Enrolled => return around(site, signed, place),
        Standing::Completed => over(),
        Standing::Paused => paused(signed, place),
        Standing::Pending | Standing::Lapsed => StandingPart::new(
            "One step is left",
            "Open the email we sent you and press its button. Then your place is confirmed.",
        ),
        Standing::Waitlisted => StandingPart::new(
            "You are on the list",
            format!(
                "If a place opens you will have {} to take it. There is nothing else to do.",
                match place.cohort.offer_hours {
                    1 => "one hour".to_owned(),
                    hours => format!("{hours} hours"),
                }
            ),
        ),
        Standing::Applied => StandingPart::new(
            "Your application has arrived",
            format!(
                "{} reads it and answers by email. There is nothing else to do.",
                signed.practice.first_name.expose()
            ),
        ),
        Standing::Offered | Standing::Accepted => StandingPart {
            act: Some(("See the offer".to_owned(), offer(site, signed, place))),
            ..StandingPart::new("A place is free for you", format!("It is held until {}.", until()))
        },
        Standing::Withdrawn | Standing::Removed | Standing::Transferred => StandingPart::new(
            "You have left",
            "No more email comes from this group, and its dates are gone from your calendar.",
        ),
        Standing::Declined | Standing::OfferExpired => return Some(StandingPart::nowhere()),
    };
    Some(part)
}

fn paused(signed: &SignedParticipant, place: &Place) -> StandingPart {
    let (enrollment, zone) = (&place.enrollment, signed.person.zone);
    let ends = match enrollment.resume_on {
        Some(on) => format!("It ends by itself on {}.", civil::moment(pause::ends_at(on, zone), zone)),
        None => "It lasts until you end it.".to_owned(),
    };
    StandingPart {
        act: Some(("Go on, or change the pause".to_owned(), format!("/p/pause?enrollment={}", enrollment.id))),
        ..StandingPart::new(
            "You are taking a pause",
            format!("Your place is kept, and no lessons or reminders come. {ends}"),
        )
    }
}

/// The same address as in the mail.
fn offer(site: &Site, signed: &SignedParticipant, place: &Place) -> String {
    let expires_at = place.enrollment.hold_until.unwrap_or(site.clock.now().real);
    link(site, signed, place, (Purpose::Offer, expires_at))
}

fn link(site: &Site, signed: &SignedParticipant, place: &Place, to: (Purpose, DateTime<Utc>)) -> String {
    let (purpose, expires_at) = to;
    let epoch = u32::try_from(signed.person.epoch).unwrap_or_default();
    let claims = Claims { person: signed.person.id.0, object: place.enrollment.id.0, detail: 0, epoch, expires_at };
    format!("/{}/{}", purpose.path(), site.links.token(purpose, &claims))
}

/// The group does not take place: the choice is theirs until a day, and stands here too.
fn off(site: &Site, signed: &SignedParticipant, place: &Place) -> StandingPart {
    let now = site.clock.now();
    let until = choose_by(&place.cohort, now.program);
    let path = link(site, signed, place, (Purpose::Choose, until.max(now.real + TimeDelta::hours(1))));
    StandingPart {
        act: Some(("Choose what suits you".to_owned(), path)),
        ..StandingPart::new(
            "These dates do not take place",
            format!("Please choose what you would like instead, until {}.", civil::moment(until, signed.person.zone)),
        )
    }
}

/// Before the first lesson and session, and after the last.
fn around(site: &Site, signed: &SignedParticipant, place: &Place) -> Option<StandingPart> {
    let now = site.clock.now().program;
    let zone = signed.person.zone;
    let Some(next) = place.next(now) else { return Some(over()) };
    let begun = place.meetings.iter().any(|meeting| meeting.starts_at <= now) || place.latest(now).is_some();
    if begun {
        return None;
    }
    let first = When::new(next.starts_at, next.ends_at, zone).full();
    let lesson = place.arrives(1).map(|due| format!(" The first lesson arrives on {}.", civil::moment(due, zone)));
    let text = format!("There is nothing to prepare. The first session is on {first}.{}", lesson.unwrap_or_default());
    Some(StandingPart::new("Your place is confirmed", text))
}

fn over() -> StandingPart {
    StandingPart::new("The last session is over", "Thank you for coming. The lessons stay here for you to read again.")
}
