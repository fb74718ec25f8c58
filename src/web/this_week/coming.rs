//! Which sessions are held, and how many can come?

use serde::Serialize;

use crate::{
    domain::{civil::When, enrollment::Standing, zone::Zone},
    store::{cohorts::Cohort, enrollments, invites, sessions::SessionRow},
    web::{error::PageError, site::Site},
};

#[derive(Debug, Serialize)]
pub(super) struct Coming {
    pub(super) time: String,
    pub(super) day: String,
    /// In full, with zone and offset.
    pub(super) when: String,
    pub(super) cohort: String,
    pub(super) path: String,
    pub(super) title: String,
    pub(super) ordinal: i32,
    pub(super) enrolled: u64,
    pub(super) declined: u64,
    /// Empty: none is set.
    pub(super) room: String,
}

pub(super) async fn coming(
    site: &Site,
    meetings: &[SessionRow],
    cohorts: &[&Cohort],
    zone: Zone,
) -> Result<Vec<Coming>, PageError> {
    let (db, now) = (site.db.reader(), site.clock.now().program);
    let ids: Vec<_> = meetings.iter().map(|meeting| meeting.id).collect();
    let declined = invites::declined(db, &ids).await?;
    let mut rows = Vec::with_capacity(meetings.len());
    for meeting in meetings {
        let Some(cohort) = cohorts.iter().find(|cohort| cohort.id == meeting.cohort_id) else { continue };
        let local = zone.local(meeting.starts_at);
        let is_today = local.date() == zone.local(now).date();
        rows.push(Coming {
            time: local.format("%H:%M").to_string(),
            day: if is_today { "Today".to_owned() } else { local.format("%a %-d").to_string() },
            when: When::new(meeting.starts_at, meeting.ends_at, zone).beside(cohort.zone),
            cohort: cohort.name.expose().to_owned(),
            path: format!("/coach/cohorts/{}", cohort.id),
            title: meeting.title.expose().to_owned(),
            ordinal: meeting.ordinal,
            enrolled: enrollments::count_in(db, cohort.id, Standing::Enrolled).await?,
            declined: u64::try_from(declined.iter().filter(|id| **id == meeting.id).count()).unwrap_or_default(),
            room: if is_today { cohort.room_url.clone() } else { String::new() },
        });
    }
    Ok(rows)
}
