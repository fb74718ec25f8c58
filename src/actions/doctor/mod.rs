//! Everything that must work for mail to arrive and for data to last is looked at, and each finding says what to do.

use serde::Serialize;

use crate::app::App;

mod data;
mod incoming;
mod machine;
mod outgoing;
mod records;
mod sending;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Fine,
    /// It cannot be judged from here.
    Note,
    /// It works, and will not for ever or for everybody.
    Warning,
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, such as `spf`.
    pub check: &'static str,
    pub level: Level,
    pub what: String,
    /// What to do; empty where all is well.
    pub advice: String,
}

impl Finding {
    fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, level: Level::Fine, what: what.into(), advice: String::new() }
    }

    fn new(check: &'static str, level: Level, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, level, what: what.into(), advice: advice.into() }
    }

    /// The database could not be asked.
    #[must_use]
    pub fn no_database(why: &str) -> Self {
        let advice = "Look at database.url, and whether the database is running and its disk is there.";
        Self::new("database", Level::Wrong, why, advice)
    }
}

/// Every check, whatever the others found.
pub async fn examine(app: &App) -> Vec<Finding> {
    let mut findings = machine::look(app);
    findings.extend(data::look(app).await);
    findings.extend(outgoing::look(app).await);
    findings.extend(records::look(app).await);
    findings.push(incoming::look(app).await);
    findings.extend(sending::look(app).await);
    findings
}
