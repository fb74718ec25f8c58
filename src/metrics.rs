//! How does it go, in numbers? Counted in this process, with nobody's name, address or token among the labels.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// One label and its value, of a set that is known in advance.
type Word = [(&'static str, &'static str); 1];

/// What an answer is counted under: method, route pattern, class of status.
type Answer = [(&'static str, String); 3];

/// What an email can come to.
const OUTCOMES: [&str; 9] =
    ["sent", "deferred", "bounced", "came_back", "complained", "unknown", "failed", "skipped", "missed"];

/// Everything that is counted. Whoever reads it says first how it stands now.
pub struct Metrics {
    registry: Registry,
    deliveries: Family<Word, Counter>,
    attempts: Histogram,
    looks: Histogram,
    answers: Family<Answer, Histogram>,
    commits: Histogram,
    now: Gauges,
    began: Instant,
    /// Real time of the planner's last whole look.
    planner_looked_at: Mutex<Option<DateTime<Utc>>>,
    /// Since when the way to the mail server is shut.
    shut_since: Mutex<Option<DateTime<Utc>>>,
}

#[derive(Default)]
struct Gauges {
    due: Family<Word, Gauge>,
    oldest_due: Gauge<f64, AtomicU64>,
    breaker: Gauge,
    held: Gauge,
    refusing: Gauge,
    doubtful: Gauge,
    planner_age: Gauge<f64, AtomicU64>,
}

/// How it stands at the moment it is asked.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Emails that are due and not finished, by state.
    pub due: Vec<(&'static str, u64)>,
    /// How long the oldest of them has been due, in seconds; 0 when there is none.
    pub oldest_due_seconds: f64,
    /// Nothing goes out, because somebody decided so.
    pub is_held: bool,
    /// Providers that refuse us as a sender.
    pub refusing: u64,
    /// Emails that may have arrived, and wait for a person.
    pub doubtful: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("trellis"),
            deliveries: Family::default(),
            attempts: Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 45.0]),
            looks: Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0]),
            answers: Family::new_with_constructor(|| {
                Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0])
            }),
            commits: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]),
            now: Gauges::default(),
            began: Instant::now(),
            planner_looked_at: Mutex::default(),
            shut_since: Mutex::default(),
        };
        metrics.register();
        metrics
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        let (deliveries, answers, now) = (self.deliveries.clone(), self.answers.clone(), &self.now);
        for outcome in OUTCOMES {
            // There from the start: whoever watches for the first of its kind sees it go from 0 to 1.
            drop(deliveries.get_or_create(&[("outcome", outcome)]));
        }
        registry.register("deliveries", "What became of emails since this process started, by outcome", deliveries);
        registry.register("send_attempt_seconds", "How long a try to hand over one email took", self.attempts.clone());
        registry.register("planner_look_seconds", "How long a look at what is due took", self.looks.clone());
        registry.register("http_request_seconds", "How long an answer took, by route pattern", answers);
        let commits = "How many writes shared a commit of SQLite's one writer";
        registry.register("writer_batch_size", commits, self.commits.clone());
        registry.register("deliveries_due", "Emails that are due and not finished, by state", now.due.clone());
        let oldest = "How long the oldest unfinished email has been due";
        registry.register("deliveries_oldest_due_seconds", oldest, now.oldest_due.clone());
        registry.register("breaker_open", "1 while the mail server cannot be used", now.breaker.clone());
        registry.register("sending_held", "1 while nothing goes out because somebody decided so", now.held.clone());
        let refusing = "Providers that refuse our mail for what we are (SPF, DKIM, DMARC, reputation)";
        registry.register("providers_refusing", refusing, now.refusing.clone());
        let doubtful = "Emails that may or may not have arrived, and wait for a person to decide";
        registry.register("deliveries_in_doubt", doubtful, now.doubtful.clone());
        registry.register(
            "planner_age_seconds",
            "Since the planner last looked, or the process started",
            now.planner_age.clone(),
        );
    }

    /// One email reached this state.
    pub fn delivered(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&[("outcome", outcome)]).inc();
    }

    pub fn tried(&self, took: Duration) {
        self.attempts.observe(took.as_secs_f64());
    }

    /// For whoever commits: to be told how many writes shared each commit.
    pub fn commits(&self) -> impl Fn(usize) + Send + Sync + 'static {
        let commits = self.commits.clone();
        move |writes| commits.observe(f64::from(u32::try_from(writes).unwrap_or(u32::MAX)))
    }

    /// The planner looked to the end.
    pub fn looked(&self, took: Duration, at: DateTime<Utc>) {
        self.looks.observe(took.as_secs_f64());
        *held(&self.planner_looked_at) = Some(at);
    }

    #[must_use]
    pub fn planner_looked_at(&self) -> Option<DateTime<Utc>> {
        *held(&self.planner_looked_at)
    }

    /// The mail server cannot be used since then; `None`: nothing is known against it.
    pub fn shut(&self, since: Option<DateTime<Utc>>) {
        *held(&self.shut_since) = since;
    }

    /// `route` is a pattern such as `/enroll/:cohort`, never an address: an address may hold a token.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let class = format!("{}xx", status / 100);
        let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", class)];
        self.answers.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// The whole page for whoever collects it, in the OpenMetrics text format.
    pub fn page(&self, reading: &Reading, now: DateTime<Utc>) -> Result<String, fmt::Error> {
        for (state, count) in &reading.due {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.now.due.get_or_create(&[("state", *state)]).set(count);
        }
        self.now.oldest_due.set(reading.oldest_due_seconds);
        self.now.held.set(i64::from(reading.is_held));
        self.now.refusing.set(i64::try_from(reading.refusing).unwrap_or(i64::MAX));
        self.now.doubtful.set(i64::try_from(reading.doubtful).unwrap_or(i64::MAX));
        let shut = held(&self.shut_since).is_some();
        self.now.breaker.set(i64::from(shut));
        let planner_age = match self.planner_looked_at() {
            Some(at) => (now - at).as_seconds_f64().max(0.0),
            None => self.began.elapsed().as_secs_f64(),
        };
        self.now.planner_age.set(planner_age);
        let mut page = String::new();
        encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
