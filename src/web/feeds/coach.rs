//! Which dates does a coach's own calendar show?

use chrono::{TimeDelta, Utc};

use super::{Feed, KEPT, keyed_uid, last_change, organizer, state};
use crate::{
    domain::{calendar::Entry, people::CohortState, plan::label, session::SessionState},
    store::{
        coaches::Coach,
        cohorts::{self, Cohort},
        practices,
        sessions::{self, SessionRow},
    },
    web::{error::PageError, site::Site},
};

/// Every session of the practice, from three months back to two years ahead, by the group's own name.
pub(super) async fn feed(site: &Site, coach: &Coach) -> Result<Feed, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let practice = practices::find(db, coach.practice_id).await?.ok_or(PageError::NotFound)?;
    let mut groups = cohorts::of_practice(db, practice.id).await?;
    groups.retain(|cohort| cohort.state != CohortState::Draft);
    let (from, to) = (now - TimeDelta::days(90), now + TimeDelta::days(730));
    let mut meetings = sessions::of_practice_between(db, practice.id, from, to).await?;
    meetings.retain(|m| m.state == SessionState::Planned || m.changed_at + KEPT > now);
    let changed_at = last_change(&meetings, chrono::DateTime::<Utc>::MAX_UTC - KEPT, now)
        .max(groups.iter().map(|cohort| cohort.changed_at).max().unwrap_or(coach.created_at))
        .min(now);
    let entry = |meeting: &SessionRow| {
        let cohort = groups.iter().find(|cohort| cohort.id == meeting.cohort_id)?;
        Some(entry(site, coach, cohort, meeting))
    };
    Ok(Feed {
        name: practice.name.expose().to_owned(),
        organizer: organizer(&practice, practice.name.expose()),
        entries: meetings.iter().filter_map(entry).collect(),
        changed_at,
    })
}

fn entry(site: &Site, coach: &Coach, cohort: &Cohort, meeting: &SessionRow) -> Entry {
    Entry {
        uid: keyed_uid(site, coach.id.0, meeting),
        sequence: u32::try_from(meeting.version).unwrap_or_default(),
        stamp: meeting.changed_at,
        starts_at: meeting.starts_at,
        ends_at: meeting.ends_at,
        title: format!("{}, {}", cohort.name.expose(), label(meeting.ordinal).to_lowercase()),
        description: String::new(),
        link: site.links.to(&format!("/coach/cohorts/{}", cohort.id)),
        state: state(meeting),
    }
}
