//! Which dates does a participant's own calendar show?

use chrono::{DateTime, TimeDelta, Utc};

use super::{Feed, KEPT, entries, is_shown, last_change, organizer};
use crate::{
    domain::{
        discretion::{Discretion, Voice, at_least},
        enrollment::{CalendarChoice, Standing},
    },
    store::{
        cohorts,
        enrollments::{self, Enrollment},
        invites,
        participants::Participant,
        practices::{self, Practice},
        programs, sessions,
    },
    web::{error::PageError, my_program::place::is_inside, site::Site},
};

/// Empty but valid for somebody who chose another way or has just left; gone thirty days after leaving.
pub(super) async fn feed(site: &Site, person: &Participant) -> Result<Feed, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let practice = practices::find(db, person.practice_id).await?.ok_or(PageError::NotFound)?;
    let places = enrollments::of_participant(db, practice.id, person.id).await?;
    if places.iter().all(|place| is_over(place, now)) {
        return Err(PageError::NotFound);
    }
    let own = person.discretion.unwrap_or(Discretion::Open);
    let mut feed = Feed {
        name: String::new(),
        organizer: organizer(&practice, ""),
        entries: Vec::new(),
        changed_at: places.iter().map(|place| place.changed_at).max().unwrap_or(person.created_at),
    };
    let mut level = own;
    for place in places.iter().filter(|place| is_inside(place.standing)) {
        level = level.max(add(site, (person, &practice), place, &mut feed).await?);
    }
    let name = voice(&practice, level, "").sender_name().to_owned();
    feed.organizer.name.clone_from(&name);
    feed.name = name;
    // A level has no date of its own. It only rises, so a second for each step keeps the date rising too.
    feed.changed_at += TimeDelta::seconds(level as i64);
    feed.changed_at = feed.changed_at.min(now);
    Ok(feed)
}

fn is_over(place: &Enrollment, now: DateTime<Utc>) -> bool {
    match place.standing {
        Standing::Withdrawn
        | Standing::Removed
        | Standing::Transferred
        | Standing::Declined
        | Standing::OfferExpired
        | Standing::Lapsed => place.left_at.unwrap_or(place.changed_at) + KEPT <= now,
        Standing::Pending
        | Standing::Applied
        | Standing::Accepted
        | Standing::Waitlisted
        | Standing::Offered
        | Standing::Enrolled
        | Standing::Paused
        | Standing::Completed => false,
    }
}

/// Adds the dates of one group, if they are to come this way; returns how discreet that group is.
async fn add(
    site: &Site,
    whose: (&Participant, &Practice),
    place: &Enrollment,
    feed: &mut Feed,
) -> Result<Discretion, PageError> {
    let (person, practice) = whose;
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let cohort = cohorts::find(db, practice.id, place.cohort_id).await?.ok_or(PageError::NotFound)?;
    let level = at_least(cohort.discretion, person.discretion.unwrap_or(cohort.discretion));
    if place.calendar != CalendarChoice::Feed {
        return Ok(level);
    }
    let program = programs::find(db, practice.id, cohort.program_id).await?.ok_or(PageError::NotFound)?;
    let mut meetings = sessions::of_cohort(db, cohort.id).await?;
    let ends_at = meetings.iter().map(|meeting| meeting.ends_at).max().unwrap_or(now);
    feed.changed_at = feed.changed_at.max(last_change(&meetings, ends_at, now));
    meetings.retain(|meeting| is_shown(meeting, ends_at, now));
    let known = invites::of_enrollment(db, place.id).await?;
    let voice = voice(practice, level, &program.content.0.calendar_title);
    feed.entries.extend(entries(site, person.id, &meetings, (&known, &voice)));
    Ok(level)
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
