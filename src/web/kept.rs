//! What was answered a moment ago, and may it be given again? Within bounds, and only while nothing it was made of
//! has changed: see `store::freshness`.

use std::{fmt, hash::Hash, sync::Arc};

use chrono::{DateTime, Utc};
use moka::sync::Cache;

use crate::{
    domain::ids::CohortId,
    store::freshness::Stamp,
    web::{
        feeds::{Group, Version},
        program_page::{Wish, Written},
    },
};

/// How much is kept, in bytes, of each kind: about what its entries take.
const CALENDARS: u64 = 8 * 1024 * 1024;
const GROUPS: u64 = 4 * 1024 * 1024;
const PAGES: u64 = 4 * 1024 * 1024;

/// Everything that is kept, of one site.
pub(crate) struct Kept {
    /// By the fingerprint of the token: what somebody's calendar has, if it was asked a moment ago. Only of tokens
    /// that are somebody's, so that nobody can fill it with what they made up.
    pub(crate) calendars: Shelf<[u8; 32], Version>,
    /// What the calendars of one group have in common.
    pub(crate) groups: Shelf<CohortId, Arc<Group>>,
    /// Public program pages, as they were written.
    pub(crate) pages: Shelf<Wish, Arc<Written>>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            calendars: Shelf::new(CALENDARS, |_, _| 384),
            groups: Shelf::new(GROUPS, |_, group| group.size()),
            pages: Shelf::new(PAGES, |_, page| page.size()),
        }
    }
}

/// From when until before when an answer is the same, as far as only the clock has a say in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Span {
    pub(crate) const ALWAYS: Self = Self { from: DateTime::<Utc>::MIN_UTC, until: DateTime::<Utc>::MAX_UTC };

    /// From now on, until something is said of an instant.
    pub(crate) fn from(now: DateTime<Utc>) -> Self {
        Self { from: now, ..Self::ALWAYS }
    }

    pub(crate) fn start(&self) -> DateTime<Utc> {
        self.from
    }

    /// From this instant on it is another answer; what is over says nothing.
    pub(crate) fn changes_at(&mut self, at: DateTime<Utc>) {
        if at > self.from {
            self.until = self.until.min(at);
        }
    }

    fn holds(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && now < self.until
    }
}

/// Things of one kind, each with the stamp of what it was made of. A stamp that is missing keeps nothing.
pub(crate) struct Shelf<K, V>(Cache<K, (Stamp, Span, V)>);

impl<K, V> Shelf<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `weigh` says how many bytes one takes; what was not asked for the longest goes first.
    fn new(bytes: u64, weigh: fn(&K, &V) -> u32) -> Self {
        let weigher = move |key: &K, (_, _, value): &(Stamp, Span, V)| weigh(key, value);
        Self(Cache::builder().max_capacity(bytes).weigher(weigher).build())
    }

    /// `now` is the time that it depends on.
    pub(crate) fn get(&self, key: &K, stamp: Option<Stamp>, now: DateTime<Utc>) -> Option<V> {
        let (made, span, value) = self.0.get(key)?;
        (Some(made) == stamp && span.holds(now)).then_some(value)
    }

    /// `stamp` is from before the first read it was made of.
    pub(crate) fn put(&self, key: K, stamp: Option<Stamp>, span: Span, value: V) {
        if let Some(stamp) = stamp {
            self.0.insert(key, (stamp, span, value));
        }
    }

    #[cfg(test)]
    fn settle(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.weighted_size()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::store::freshness::Stamp;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn what_is_kept_holds_for_its_stamp_and_its_time() {
        let shelf = Shelf::new(1_000, |_: &u8, _: &&str| 1);
        let mut span = Span::from(at(10));
        [at(5), at(30), at(20)].into_iter().for_each(|at| span.changes_at(at));
        shelf.put(1, Some(Stamp::sample(7)), span, "one");
        let said = |stamp: u64, now: i64| shelf.get(&1, Some(Stamp::sample(stamp)), at(now));
        assert_eq!((said(7, 10), said(7, 19)), (Some("one"), Some("one")));
        assert_eq!((said(7, 9), said(7, 20), said(8, 15)), (None, None, None), "a clock may go back");
        assert_eq!(shelf.get(&1, None, at(15)), None);
        shelf.put(2, None, Span::ALWAYS, "two");
        assert_eq!((shelf.get(&2, None, at(0)), shelf.settle()), (None, 1), "without a stamp nothing is kept");
    }

    #[test]
    fn however_much_is_asked_no_more_is_kept_than_there_is_room_for() {
        let shelf = Shelf::new(10_000, |_: &u32, _: &u32| 100);
        for number in 0..50_000 {
            shelf.put(number, Some(Stamp::sample(1)), Span::ALWAYS, number);
        }
        assert!(shelf.settle() <= 10_000, "{}", shelf.settle());
    }
}
