//! Which mailbox provider refuses us as a sender? Its mail waits; the addresses are not to blame (A8).

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::channel::Pause;

/// Domains of one provider: what it thinks of us, it thinks at all of them.
const FAMILIES: [&[&str]; 4] = [
    &["gmail.com", "googlemail.com"],
    &["outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "outlook.de"],
    &["yahoo.com", "ymail.com", "aol.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de"],
    &["icloud.com", "me.com", "mac.com"],
];

const FIRST_PAUSE: i32 = 5;
const LONGEST_PAUSE: i32 = 60;

/// Providers that refused us lately.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    paused: HashMap<String, (DateTime<Utc>, i32)>,
}

/// The first domain of its family, in small letters.
#[must_use]
pub fn provider_of(domain: &str) -> String {
    let domain = domain.to_ascii_lowercase();
    let family = FAMILIES.iter().find(|family| family.contains(&domain.as_str()));
    family.map_or(domain, |family| family[0].to_owned())
}

impl Providers {
    /// Until when mail to this domain waits.
    #[must_use]
    pub fn paused_until(&self, domain: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (until, _) = self.paused.get(&provider_of(domain))?;
        let most = now + TimeDelta::minutes(i64::from(LONGEST_PAUSE));
        (*until > now).then(|| (*until).min(most))
    }

    /// How many wait.
    #[must_use]
    pub fn paused(&self) -> usize {
        self.paused.len()
    }

    /// The domains whose mail waits, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.paused.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// It refused a mail for what we are: five minutes, ten, twenty, forty, then an hour.
    pub fn refused(&mut self, domain: &str, now: DateTime<Utc>) -> Pause {
        let known = self.paused.get(&provider_of(domain)).copied();
        let faults = match known {
            Some((until, _)) if now < until => return Pause { until, is_news: false },
            Some((_, faults)) => faults + 1,
            None => 1,
        };
        let minutes = (FIRST_PAUSE << (faults - 1).clamp(0, 8)).min(LONGEST_PAUSE);
        let until = now + TimeDelta::minutes(i64::from(minutes));
        self.paused.insert(provider_of(domain), (until, faults));
        Pause { until, is_news: known.is_none() }
    }

    /// It took one. `true`: it had refused us before.
    pub fn accepted(&mut self, domain: &str) -> bool {
        self.paused.remove(&provider_of(domain)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_provider_waits_as_a_family_and_longer_each_time() {
        let mut providers = Providers::default();
        assert_eq!(providers.refused("gmail.com", at(0)), Pause { until: at(5), is_news: true });
        assert_eq!(providers.refused("Gmail.com", at(1)), Pause { until: at(5), is_news: false });
        assert_eq!(providers.paused_until("GoogleMail.com", at(4)), Some(at(5)));
        assert_eq!(providers.paused_until("example.org", at(4)), None, "nobody else waits");
        assert_eq!(providers.paused_until("gmail.com", at(5)), None);
        assert_eq!(providers.refused("gmail.com", at(5)), Pause { until: at(15), is_news: false });
        assert!(providers.accepted("googlemail.com"));
        assert!(!providers.accepted("gmail.com"));
        assert_eq!(providers.paused(), 0);
    }
}
