//! How fast may mail leave? At most so much a second, a minute and a day, and a minute to each domain.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

/// At most so many; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub per_second: u32,
    pub per_minute: u32,
    pub per_day: u32,
    pub per_domain_a_minute: u32,
}

/// A token bucket: a tenth of the limit at once, the rest evenly, so that no span of that length sees more.
#[derive(Debug, Clone)]
struct Bucket {
    tokens: f64,
    most: f64,
    a_second: f64,
    at: DateTime<Utc>,
}

impl Bucket {
    fn new(most: u32, seconds: f64, at: DateTime<Utc>) -> Option<Self> {
        let at_once = (f64::from(most) / 10.0).floor().max(1.0);
        let evenly = if most == 1 { 1.0 } else { f64::from(most) - at_once };
        (most > 0).then(|| Self { tokens: at_once, most: at_once, a_second: evenly / seconds, at })
    }

    /// A clock that jumps back gives nothing and takes nothing.
    fn fill(&mut self, now: DateTime<Utc>) {
        let passed = (now - self.at).as_seconds_f64().max(0.0);
        self.tokens = (self.tokens + passed * self.a_second).min(self.most);
        self.at = now;
    }

    fn free_at(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.fill(now);
        // What rounding leaves of a whole token is one.
        let missing = (1.0 - 1e-6 - self.tokens).max(0.0);
        now + seconds(missing / self.a_second)
    }

    fn take(&mut self) {
        self.tokens -= 1.0;
    }
}

/// Rounded up, so that whoever waits that long finds what they waited for.
fn seconds(seconds: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "a day in milliseconds is far below what an integer holds")]
    TimeDelta::milliseconds((seconds * 1_000.0).ceil() as i64)
}

/// Domains that were written to lately; more than this, and the full ones are forgotten.
const DOMAINS: usize = 1_000;

/// What went out lately, held against the limits.
#[derive(Debug, Clone)]
pub struct Pace {
    limits: Limits,
    all: Vec<Bucket>,
    domains: HashMap<String, Bucket>,
    day: Day,
}

/// What went out in the last 24 hours, counted by whoever knows and kept up meanwhile.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    counted_at: Option<DateTime<Utc>>,
    sent: u64,
}

/// The day is counted anew this often: other processes send, too.
const RECOUNT: TimeDelta = TimeDelta::seconds(60);

impl Pace {
    #[must_use]
    pub fn new(limits: Limits, at: DateTime<Utc>) -> Self {
        let all = [(limits.per_second, 1.0), (limits.per_minute, 60.0)];
        let all = all.into_iter().filter_map(|(most, seconds)| Bucket::new(most, seconds, at)).collect();
        Self { limits, all, domains: HashMap::new(), day: Day::default() }
    }

    /// Whether somebody should count what went out in the last 24 hours, and tell `counted`.
    #[must_use]
    pub fn wants_count(&self, now: DateTime<Utc>) -> bool {
        let is_old = |at: DateTime<Utc>| now - at >= RECOUNT || now < at;
        self.limits.per_day > 0 && self.day.counted_at.is_none_or(is_old)
    }

    pub fn counted(&mut self, sent: u64, now: DateTime<Utc>) {
        self.day = Day { counted_at: Some(now), sent };
    }

    /// When the next mail to anybody may leave; `now` if at once.
    pub fn free_at(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        let day = match self.limits.per_day {
            most if most > 0 && self.day.sent >= u64::from(most) => now + RECOUNT,
            _ => now,
        };
        self.all.iter_mut().map(|bucket| bucket.free_at(now)).fold(day, DateTime::max)
    }

    /// When the next mail to this domain may leave, and if that is now, it counts as gone.
    pub fn take(&mut self, domain: &str, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.domains.len() > DOMAINS {
            self.domains.retain(|_, bucket| {
                bucket.fill(now);
                bucket.tokens < bucket.most
            });
        }
        let per_minute = Bucket::new(self.limits.per_domain_a_minute, 60.0, now);
        let of_domain =
            per_minute.map(|fresh| self.domains.entry(domain.to_ascii_lowercase()).or_insert(fresh).free_at(now));
        let free_at = self.free_at(now).max(of_domain.unwrap_or(now));
        if free_at <= now {
            self.all.iter_mut().for_each(Bucket::take);
            if let Some(bucket) = self.domains.get_mut(&domain.to_ascii_lowercase()) {
                bucket.take();
            }
            self.day.sent += 1;
        }
        free_at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
    }

    /// The instants at which mails leave when somebody always waits as told.
    fn leave(limits: Limits, mails: usize) -> Vec<DateTime<Utc>> {
        let mut pace = Pace::new(limits, at(0));
        let mut now = at(0);
        let mut left = Vec::new();
        while left.len() < mails {
            let free_at = pace.take("example.org", now);
            if free_at <= now {
                left.push(now);
            }
            now = free_at;
        }
        left
    }

    #[test]
    fn without_limits_everything_leaves_at_once() {
        assert_eq!(leave(Limits::default(), 100), [at(0); 100]);
    }

    #[test]
    fn a_domain_at_its_limit_holds_up_no_other() {
        let mut pace = Pace::new(Limits { per_domain_a_minute: 1, ..Limits::default() }, at(0));
        assert_eq!(pace.take("a.example", at(0)), at(0));
        assert_eq!(pace.take("A.example", at(0)), at(60_000));
        assert_eq!(pace.take("b.example", at(0)), at(0));
    }

    #[test]
    fn a_day_that_is_full_stays_full_until_it_is_counted_again() {
        let mut pace = Pace::new(Limits { per_day: 2, ..Limits::default() }, at(0));
        assert!(pace.wants_count(at(0)));
        pace.counted(1, at(0));
        assert!(!pace.wants_count(at(59_000)));
        assert_eq!(pace.take("a.example", at(0)), at(0));
        assert_eq!(pace.free_at(at(0)), at(60_000));
        assert!(pace.wants_count(at(60_000)));
        pace.counted(0, at(60_000));
        assert_eq!(pace.free_at(at(60_000)), at(60_000));
    }

    #[test]
    fn a_clock_that_jumps_gives_nothing_away() {
        let mut pace = Pace::new(Limits { per_minute: 1, ..Limits::default() }, at(0));
        assert_eq!(pace.take("a.example", at(0)), at(0));
        assert_eq!(pace.free_at(at(-86_400_000)), at(-86_400_000 + 60_000));
        assert_eq!(pace.free_at(at(0)), at(0), "a day forward is a day");
    }

    proptest! {
        #[test]
        fn no_span_sees_more_than_its_limit(per_second in 0_u32..40, per_minute in 0_u32..200, a_minute in 0_u32..90) {
            let limits = Limits { per_second, per_minute, per_day: 0, per_domain_a_minute: a_minute };
            let left = leave(limits, 300);
            for (most, span) in [(per_second, 1_000), (per_minute, 60_000), (a_minute, 60_000)] {
                let most = most as usize;
                let full = left.windows(most + 1).find(|pair| most > 0 && pair[most] - pair[0] < TimeDelta::milliseconds(span));
                prop_assert!(full.is_none(), "{most} in {span} ms: {full:?}");
            }
        }
    }
}
