//! Which sessions are held, and how many can come?

use serde::Serialize;

use crate::{
    domain::{
        civil::When,
        enrollment::Standing,
        ids::{EnrollmentId, SessionId},
        zone::Zone,
    },
    store::{cohorts::Cohort, enrollments, invites, participants, sessions::SessionRow},
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
    /// Who cannot make it, by name.
    pub(super) missing: Vec<String>,
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
    let declined = invites::who_declined(db, &ids).await?;
    let mut rows = Vec::with_capacity(meetings.len());
    for meeting in meetings {
        let Some(cohort) = cohorts.iter().find(|cohort| cohort.id == meeting.cohort_id) else { continue };
        let local = zone.local(meeting.starts_at);
        let missing = missing(site, cohort, (meeting.id, &declined)).await?;
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
            declined: u64::try_from(missing.len()).unwrap_or_default(),
            missing,
            room: if is_today { cohort.room_url.clone() } else { String::new() },
        });
    }
    Ok(rows)
}

/// The names of those who are enrolled and cannot make it.
async fn missing(
    site: &Site,
    cohort: &Cohort,
    declined: (SessionId, &[(SessionId, EnrollmentId)]),
) -> Result<Vec<String>, PageError> {
    let (session, declined) = declined;
    let said_no = |id: EnrollmentId| declined.contains(&(session, id));
    if !declined.iter().any(|(of, _)| *of == session) {
        return Ok(Vec::new());
    }
    let db = site.db.reader();
    let enrolled = enrollments::of_cohort(db, cohort.id).await?.into_iter();
    let people: Vec<_> = enrolled
        .filter(|enrollment| enrollment.standing == Standing::Enrolled && said_no(enrollment.id))
        .map(|enrollment| enrollment.participant_id)
        .collect();
    let people = participants::with_ids(db, cohort.practice_id, &people).await?;
    let mut names: Vec<String> = people.into_iter().map(|person| person.name.expose().to_owned()).collect();
    names.sort();
    Ok(names)
}
