//! Which dates does a participant's own calendar show?

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Feed, Group, KEPT, entries, is_shown, last_change, organizer};
use crate::{
    domain::{
        discretion::{Discretion, Voice, at_least},
        enrollment::{CalendarChoice, Standing},
    },
    store::{
        practices::{self, Practice},
        subscriptions::{Place, Subscriber},
    },
    web::{error::PageError, kept::Span, my_program::place::is_inside, site::Site},
};

/// Empty but valid for somebody who chose another way or has just left; gone thirty days after leaving. With it, how
/// long it stays the same if nothing is written.
pub(super) async fn feed(site: &Site, person: &Subscriber, now: DateTime<Utc>) -> Result<(Feed, Span), PageError> {
    if person.places.iter().all(|place| leaves_at(place).is_some_and(|at| at <= now)) {
        return Err(PageError::NotFound);
    }
    let mut groups = Vec::new();
    for place in person.places.iter().filter(|place| is_inside(place.standing)) {
        groups.push((place, Group::of(site, (person.practice, place.cohort)).await?));
    }
    let alone;
    let practice = if let Some((_, group)) = groups.first() {
        &group.practice
    } else {
        alone = practices::find(site.db.reader(), person.practice).await?.ok_or(PageError::NotFound)?;
        &alone
    };
    let mut span = Span::from(now);
    let feed = gather(site, person, (practice, &groups), &mut span);
    Ok((feed, span))
}

fn gather(
    site: &Site,
    person: &Subscriber,
    (practice, groups): (&Practice, &[(&Place, Arc<Group>)]),
    span: &mut Span,
) -> Feed {
    let now = span.start();
    person.places.iter().filter_map(leaves_at).for_each(|at| span.changes_at(at));
    let mut feed = Feed {
        name: String::new(),
        organizer: organizer(practice, ""),
        entries: Vec::new(),
        changed_at: person.places.iter().map(|place| place.changed_at).max().unwrap_or(person.created_at),
    };
    let mut level = person.discretion.unwrap_or(Discretion::Open);
    for (place, group) in groups {
        level = level.max(add(site, (person, place), group, (&mut feed, &mut *span)));
    }
    let name = voice(practice, level, "").sender_name().to_owned();
    feed.organizer.name.clone_from(&name);
    feed.name = name;
    // A level has no date of its own. It only rises, so a second for each step keeps the date rising too.
    feed.changed_at += TimeDelta::seconds(level as i64);
    span.changes_at(feed.changed_at);
    feed.changed_at = feed.changed_at.min(now);
    feed
}

/// Until when the feed of somebody who left is still there.
fn leaves_at(place: &Place) -> Option<DateTime<Utc>> {
    match place.standing {
        Standing::Withdrawn
        | Standing::Removed
        | Standing::Transferred
        | Standing::Declined
        | Standing::OfferExpired
        | Standing::Lapsed => Some(place.left_at.unwrap_or(place.changed_at) + KEPT),
        Standing::Pending
        | Standing::Applied
        | Standing::Accepted
        | Standing::Waitlisted
        | Standing::Offered
        | Standing::Enrolled
        | Standing::Paused
        | Standing::Completed => None,
    }
}

/// Adds the dates of one group, if they are to come this way; returns how discreet that group is.
fn add(
    site: &Site,
    (person, place): (&Subscriber, &Place),
    group: &Group,
    (feed, span): (&mut Feed, &mut Span),
) -> Discretion {
    let level = at_least(group.discretion, person.discretion.unwrap_or(group.discretion));
    if place.calendar != CalendarChoice::Feed {
        return level;
    }
    let now = span.start();
    let ends_at = group.meetings.iter().map(|meeting| meeting.ends_at).max().unwrap_or(now);
    feed.changed_at = feed.changed_at.max(last_change(&group.meetings, ends_at, now));
    span.changes_at(ends_at + KEPT);
    for meeting in &group.meetings {
        span.changes_at(meeting.changed_at);
        span.changes_at(meeting.changed_at + KEPT);
    }
    let voice = voice(&group.practice, level, &group.calendar_title);
    let shown = group.meetings.iter().filter(|meeting| is_shown(meeting, ends_at, now));
    feed.entries.extend(entries(site, person.person, shown, (&place.told, &voice)));
    level
}

fn voice<'a>(practice: &'a Practice, level: Discretion, calendar_title: &'a str) -> Voice<'a> {
    Voice {
        level,
        practice: practice.name.expose(),
        neutral_name: practice.neutral_name.expose(),
        first_name: practice.first_name.expose(),
        calendar_title,
    }
}
