//! How fast may mail leave, as the operator of the mail server allows?

use serde::Deserialize;

use crate::domain::pace::Limits;

/// At most so many; 0 is no limit.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    pub per_second: u32,
    pub per_minute: u32,
    pub per_day: u32,
    pub per_domain_a_minute: u32,
}

impl From<Pace> for Limits {
    fn from(pace: Pace) -> Self {
        Self {
            per_second: pace.per_second,
            per_minute: pace.per_minute,
            per_day: pace.per_day,
            per_domain_a_minute: pace.per_domain_a_minute,
        }
    }
}
