//! What time is it? Nobody else asks the machine.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// One reading of the clock: taken once a request or a tick and handed in.
///
/// `program` drives what a cohort does (lessons, reminders, sessions). `real` drives what protects
/// people and machines (codes, holds, leases, backoff, limits). They differ in a rehearsal only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    pub program: DateTime<Utc>,
    pub real: DateTime<Utc>,
}

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    /// Stands still until a test moves it.
    Fixed(Arc<Mutex<Now>>),
    /// A rehearsal's: program time runs fast and waits at every due instant.
    Fast(Arc<Mutex<FastTime>>),
}

/// The state of a rehearsal's clock.
#[derive(Debug, Clone, Copy)]
pub struct FastTime {
    /// Program time at `since`.
    pub program: DateTime<Utc>,
    /// The real instant `program` was read at.
    pub since: DateTime<Utc>,
    /// Program seconds a real second, while it runs.
    pub speed: u32,
    pub is_paused: bool,
    /// Program time never passes this instant: the next thing due, until the ledger has settled.
    pub barrier: Option<DateTime<Utc>>,
    /// Somebody jumps: go here without the time between, but by way of every barrier.
    pub goal: Option<DateTime<Utc>>,
}

impl Clock {
    #[must_use]
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(Now { program: at, real: at })))
    }

    #[must_use]
    pub fn fast(program: DateTime<Utc>, speed: u32) -> Self {
        let since = machine();
        Self::Fast(Arc::new(Mutex::new(FastTime {
            program,
            since,
            speed,
            is_paused: false,
            barrier: None,
            goal: None,
        })))
    }

    #[must_use]
    pub fn now(&self) -> Now {
        match self {
            Self::System => {
                let real = machine();
                Now { program: real, real }
            }
            Self::Fixed(now) => *held(now),
            Self::Fast(time) => {
                let real = machine();
                Now { program: held(time).at(real), real }
            }
        }
    }

    /// Moves a fixed clock forward, both times together.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(now) = self {
            let mut now = held(now);
            now.program += by;
            now.real += by;
        }
    }

    /// Sets a fixed clock.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Self::Fixed(now) = self {
            *held(now) = Now { program: at, real: at };
        }
    }

    /// Changes a rehearsal's clock; nothing for the others.
    pub fn turn(&self, change: impl FnOnce(&mut FastTime)) {
        if let Self::Fast(time) = self {
            let mut time = held(time);
            let real = machine();
            time.program = time.at(real);
            time.since = real;
            change(&mut time);
        }
    }

    /// A rehearsal's state; `None` for the others.
    #[must_use]
    pub fn rehearsal(&self) -> Option<FastTime> {
        match self {
            Self::Fast(time) => Some(*held(time)),
            Self::System | Self::Fixed(_) => None,
        }
    }
}

impl FastTime {
    fn at(&self, real: DateTime<Utc>) -> DateTime<Utc> {
        let passed = (real - self.since).max(TimeDelta::zero());
        let at = match self.goal {
            Some(goal) => goal.max(self.program),
            None if self.is_paused => self.program,
            None => self.program + passed * i32::try_from(self.speed).unwrap_or(i32::MAX),
        };
        let at = self.barrier.map_or(at, |barrier| at.min(barrier.max(self.program)));
        micros(at)
    }
}

/// Whole microseconds: what PostgreSQL keeps, so that an instant read back equals the one written.
#[must_use]
pub fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
fn machine() -> DateTime<Utc> {
    micros(Utc::now())
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> FastTime {
        let at = DateTime::UNIX_EPOCH;
        FastTime { program: at, since: at, speed: 60, is_paused: false, barrier: None, goal: None }
    }

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn runs_fast_and_stops_at_the_barrier() {
        assert_eq!(time().at(after(2)), after(120));
        let held = FastTime { barrier: Some(after(90)), ..time() };
        assert_eq!(held.at(after(1)), after(60));
        assert_eq!(held.at(after(2)), after(90));
        assert_eq!(held.at(after(500)), after(90));
    }

    #[test]
    fn never_goes_back() {
        let late = FastTime { barrier: Some(after(-5)), ..time() };
        assert_eq!(late.at(after(3)), after(0));
        let passed = FastTime { goal: Some(after(-5)), ..time() };
        assert_eq!(passed.at(after(3)), after(0));
    }

    #[test]
    fn a_jump_takes_no_time_but_passes_no_barrier() {
        let jump = FastTime { is_paused: true, goal: Some(after(900)), ..time() };
        assert_eq!(jump.at(after(0)), after(900));
        assert_eq!(FastTime { barrier: Some(after(90)), ..jump }.at(after(0)), after(90));
        assert_eq!(FastTime { is_paused: true, ..time() }.at(after(9)), after(0));
    }
}
