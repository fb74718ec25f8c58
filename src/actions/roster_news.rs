//! How does a coach read that somebody left, moved, pauses or is back? One neutral sentence each, no reasons.

use crate::{
    domain::{
        civil,
        enrollment::Standing,
        ids::{CohortId, ParticipantId},
    },
    store::{
        self, Connection,
        cohorts::{self, Cohort},
        enrollments::{self, Enrollment},
        participants,
        standing_changes::StandingChange,
    },
};

use super::tell_coach::{BY_ITSELF, BY_PARTICIPANT};

#[derive(Debug, Clone)]
pub struct News {
    pub person: ParticipantId,
    pub cohort: CohortId,
    /// As in `Leo has left.`
    pub line: String,
}

/// What of these changes is news to a coach: what people, or the clock, did themselves.
pub async fn roster_news(db: &impl Connection, changes: Vec<StandingChange>) -> store::Result<Vec<News>> {
    let mut news = Vec::new();
    for change in changes {
        let (Ok(was), Ok(became)) = (change.was.parse::<Standing>(), change.became.parse::<Standing>()) else {
            continue;
        };
        let by_themselves = [BY_PARTICIPANT, BY_ITSELF].contains(&change.actor.as_str());
        if !by_themselves || !matches!(was, Standing::Enrolled | Standing::Paused) {
            continue;
        }
        let Some(enrollment) = enrollments::find(db, change.practice_id, change.enrollment_id).await? else {
            continue;
        };
        let Some(person) = participants::find(db, change.practice_id, enrollment.participant_id).await? else {
            continue;
        };
        let name = person.name.expose();
        let line = match became {
            Standing::Withdrawn => format!("{name} has left."),
            Standing::Transferred => format!("{name} went on with other dates{}.", elsewhere(db, &enrollment).await?),
            Standing::Paused => format!("{name} pauses{}.", until(&enrollment)),
            Standing::Enrolled => format!("{name} is back from a pause."),
            Standing::Pending
            | Standing::Applied
            | Standing::Accepted
            | Standing::Declined
            | Standing::Waitlisted
            | Standing::Offered
            | Standing::OfferExpired
            | Standing::Removed
            | Standing::Completed
            | Standing::Lapsed => continue,
        };
        news.push(News { person: person.id, cohort: enrollment.cohort_id, line });
    }
    Ok(news)
}

async fn elsewhere(db: &impl Connection, enrollment: &Enrollment) -> store::Result<String> {
    let Some(there) = enrollment.moved_to else { return Ok(String::new()) };
    let Some(there) = enrollments::find(db, enrollment.practice_id, there).await? else { return Ok(String::new()) };
    let cohort: Option<Cohort> = cohorts::find(db, enrollment.practice_id, there.cohort_id).await?;
    Ok(cohort.map_or_else(String::new, |cohort| format!(": {}", cohort.name.expose())))
}

fn until(enrollment: &Enrollment) -> String {
    enrollment.resume_on.map_or_else(String::new, |on| format!(" until {}", civil::date(on)))
}
