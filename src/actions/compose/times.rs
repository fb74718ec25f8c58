//! How do the dates of a cohort stand in a letter, in the reader's own zone?

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::{civil::When, plan, session::SessionState, zone::Zone},
    mail::letters::SessionLine,
    store::sessions::SessionRow,
};

/// The join page opens this long before a session.
pub(crate) const OPENS_EARLY: TimeDelta = TimeDelta::minutes(10);

pub(crate) fn when(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, zone: Zone) -> String {
    When::new(starts_at, ends_at, zone).full()
}

/// One line of a list of dates.
pub(super) fn line(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, zone: Zone) -> String {
    When::new(starts_at, ends_at, zone).line()
}

pub(super) fn label(session: &SessionRow) -> String {
    plan::label(session.ordinal)
}

/// Every session up to the last that takes place, planned or canceled, one line each.
pub(super) fn lines(sessions: &[SessionRow], zone: Zone) -> Vec<SessionLine> {
    let last = sessions.iter().rposition(|session| session.state == SessionState::Planned);
    let sessions = &sessions[..last.map_or(sessions.len(), |last| last + 1)];
    let line = |session: &SessionRow| match session.state {
        SessionState::Planned => SessionLine::held(label(session), line(session.starts_at, session.ends_at, zone)),
        SessionState::Canceled => SessionLine::pause(label(session), "Canceled"),
    };
    sessions.iter().map(line).collect()
}
