//! Which changes wait to be told, and can still be undone? And which sessions would meet another cohort's?

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    actions::change_schedule::WAIT,
    domain::{
        civil,
        ids::{CohortId, PracticeId},
        plan::Plan,
        session::SessionState,
    },
    store::{
        cohorts::Cohort,
        schedule_changes::{self, ScheduleChange},
        sessions,
    },
    web::{error::PageError, guard::SignedCoach, site::Site},
};

/// A change that was just made.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    /// `You moved session 3 to …`
    pub(crate) what: String,
    /// When people hear of it, or why it cannot be undone.
    pub(crate) told: String,
    pub(crate) can_undo: bool,
}

impl Waiting {
    pub(crate) fn sample(can_undo: bool) -> Self {
        Self {
            id: "7".to_owned(),
            what: "You made the week of Monday 1 March 2027 a break".to_owned(),
            told: "People are told today at 10:41 (Dublin time, UTC+00:00).".to_owned(),
            can_undo,
        }
    }
}

/// Those that wait, the newest first; and the newest that went out at once, for as long as it would have waited.
pub(crate) async fn waiting(
    site: &Site,
    signed: &SignedCoach,
    cohort: &Cohort,
    now: DateTime<Utc>,
) -> Result<Vec<Waiting>, PageError> {
    let rows = schedule_changes::told_from(site.db.reader(), cohort.id, now - WAIT).await?;
    let newest = rows.first().map(|row| row.id);
    let shown = rows.iter().filter(|row| row.tell_at > now || (Some(row.id) == newest && row.made_at > now - WAIT));
    Ok(shown.map(|row| line(row, signed, (now, newest == Some(row.id)))).collect())
}

fn line(row: &ScheduleChange, signed: &SignedCoach, at: (DateTime<Utc>, bool)) -> Waiting {
    let (now, is_last) = at;
    let who = if row.actor == signed.coach.name.expose() { "You" } else { row.actor.as_str() };
    let waits = row.tell_at > now;
    let told = match (waits, is_last) {
        (true, true) => format!("People are told {}.", moment(row.tell_at, signed, now)),
        (true, false) => "Undo the later change first to undo this one.".to_owned(),
        (false, _) => {
            "People were told at once, because a session was less than a day away: it cannot be undone, only changed again."
                .to_owned()
        }
    };
    Waiting { id: row.id.to_string(), what: format!("{who} {}.", row.summary), told, can_undo: waits && is_last }
}

/// `today at 10:41 (Dublin time, UTC+00:00)`
fn moment(at: DateTime<Utc>, signed: &SignedCoach, now: DateTime<Utc>) -> String {
    let zone = signed.coach.zone;
    let relative = civil::relative(at, zone, now);
    let mut characters = relative.chars();
    let first: String = characters.next().map(|first| first.to_lowercase().collect()).unwrap_or_default();
    format!("{first}{} ({} time, {})", characters.as_str(), zone.city(), zone.offset_at(at))
}

/// One sentence if sessions of this plan overlap with another cohort's.
pub(super) async fn clashes(
    site: &Site,
    practice: PracticeId,
    of: (CohortId, &Plan),
) -> Result<Option<String>, PageError> {
    let (cohort, plan) = of;
    let touched = plan.moved.iter().map(|moved| &moved.session).chain(&plan.added).chain(&plan.restored);
    let spans: Vec<_> = touched.map(|session| (session.slot.starts_at(), session.slot.ends_at())).collect();
    let (Some(first), Some(last)) = (spans.iter().map(|span| span.0).min(), spans.iter().map(|span| span.1).max())
    else {
        return Ok(None);
    };
    let day = TimeDelta::hours(24);
    let others = sessions::of_practice_between(site.db.reader(), practice, first - day, last + day).await?;
    let clashes = others
        .iter()
        .filter(|other| other.cohort_id != cohort && other.state == SessionState::Planned)
        .filter(|other| spans.iter().any(|(from, to)| other.starts_at < *to && *from < other.ends_at))
        .count();
    Ok(match clashes {
        0 => None,
        1 => Some("One session overlaps with a session of another cohort.".to_owned()),
        many => Some(format!("{many} sessions overlap with sessions of other cohorts.")),
    })
}
