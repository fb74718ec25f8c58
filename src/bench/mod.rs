//! How fast is it, in figures that anybody can get again? Each bench fills a house of its own, with the same seed
//! every time, and says one figure a line. What sends and what receives are processes of their own, and their
//! cost is said apart.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value, json};

pub mod clients;
mod cost;
mod count;
mod feeds;
mod house;
mod memory;
mod plan;
mod send;
pub mod sink;
mod storm;
mod tick;

pub use count::count;
pub use feeds::feeds;
pub use memory::{memory, start};
pub use plan::plan;
pub use send::{Sending, send};
pub use storm::storm;
pub use tick::tick;

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    S,
    M,
    L,
}

impl Size {
    fn of<T>(self, [small, middle, large]: [T; 3]) -> T {
        match self {
            Self::S => small,
            Self::M => middle,
            Self::L => large,
        }
    }
}

/// What is the same for every bench.
#[derive(Debug, Clone)]
pub struct Setup {
    pub size: Size,
    /// Of a PostgreSQL server on which databases may be made; `None`: SQLite files in the folder.
    pub server: Option<String>,
    /// Holds what is made, and is emptied before.
    pub folder: PathBuf,
}

impl Setup {
    fn database(&self) -> &'static str {
        if self.server.is_some() { "postgres" } else { "sqlite" }
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What the figures of one run have in common.
#[derive(Debug, Clone)]
struct Report {
    bench: &'static str,
    with: Map<String, Value>,
}

impl Report {
    fn new(bench: &'static str, setup: &Setup) -> Self {
        let size = format!("{:?}", setup.size);
        let with = [("size".to_owned(), json!(size)), ("database".to_owned(), json!(setup.database()))];
        Self { bench, with: with.into_iter().collect() }
    }

    fn with(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut report = self.clone();
        report.with.insert(name.to_owned(), value.into());
        report
    }

    #[allow(clippy::print_stdout, reason = "a bench answers on standard output")]
    fn say(&self, figure: &str, value: f64, unit: &str) {
        let mut line = Map::new();
        line.insert("bench".to_owned(), json!(self.bench));
        line.insert("figure".to_owned(), json!(figure));
        line.insert("value".to_owned(), json!((value * 1_000.0).round() / 1_000.0));
        line.insert("unit".to_owned(), json!(unit));
        line.extend(self.with.clone());
        println!("{}", Value::Object(line));
    }

    fn say_count(&self, figure: &str, count: usize) {
        self.say(figure, number(count), "");
    }
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here fits into 53 bits")]
fn number(count: usize) -> f64 {
    count as f64
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The value in the middle, and the one that a hundredth of them are above.
fn median_and_99th(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |of_hundred: usize| values.get((values.len() * of_hundred / 100).min(values.len().saturating_sub(1)));
    (at(50).copied().unwrap_or_default(), at(99).copied().unwrap_or_default())
}
