//! Which firing does each lesson take that has not gone out yet?

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Course, Moment};
use crate::domain::zone::Zone;

/// One lesson by one clock, as it was planned before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub position: u16,
    /// Without one: the cohort's clock, for everybody.
    pub zone: Option<Zone>,
    pub due_at: DateTime<Utc>,
    /// It went out, or its time has come: nothing moves it any more.
    pub is_out: bool,
}

/// What a new plan builds on. Lessons that are out stay; the others take their own firings of the rule, or,
/// if those are over, the next free ones in order: none is lost, and none goes out late in a burst.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub known: Vec<Known>,
    /// Clocks that had a plan before, also those by which nothing is out yet: they keep their own.
    pub clocks: Vec<Option<Zone>>,
    /// Firings up to this instant are over. None: this is the first plan, and what lies in its past is skipped.
    pub since: Option<DateTime<Utc>>,
}

impl History {
    /// Nothing was planned before.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// After a change from everybody's clock to each one's, or back, what is out for some is not planned again.
    fn is_out(&self, position: u16, zone: Option<Zone>) -> bool {
        let mut here = self.known.iter().filter(|known| known.is_out && known.position == position);
        here.any(|known| known.zone == zone || known.zone.is_none() != zone.is_none())
    }

    fn knows_clock(&self, zone: Option<Zone>) -> bool {
        self.clocks.contains(&zone) || self.known.iter().any(|known| known.zone == zone)
    }

    /// The civil time at which other clocks have this lesson.
    fn elsewhere(&self, position: u16, own: Zone) -> Option<NaiveDateTime> {
        let known = self.known.iter().find(|known| known.position == position)?;
        Some(known.zone.unwrap_or(own).local(known.due_at))
    }
}

/// Position and moment of each lesson that one clock still has to release. A clock that nobody lived by
/// before follows the others.
pub(super) fn to_release(course: &Course<'_>, zone: Option<Zone>, history: &History) -> Vec<(u16, Moment)> {
    let clock = zone.unwrap_or(course.zone);
    let is_new = !history.knows_clock(zone);
    let ahead = |moment: Moment| history.since.is_none_or(|since| moment.by(clock) > since);
    let mut moments = (0..).zip(course.moments());
    let mut releases = Vec::new();
    for (index, position) in (0_usize..).zip(course.ordered()) {
        if history.is_out(position, zone) {
            continue;
        }
        let adopted = if is_new { history.elsewhere(position, course.zone) } else { None };
        let own = || moments.find(|(number, moment)| *number >= index && ahead(*moment)).map(|(_, moment)| moment);
        releases.extend(adopted.map(Moment::Civil).or_else(own).map(|moment| (position, moment)));
    }
    releases
}
