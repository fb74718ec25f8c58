//! Is this process fit to serve, and how does sending stand? For machines that watch it; nothing private.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    actions::mail_trouble::mail_trouble,
    app::App,
    clock::Now,
    config::{MailMode, Role},
    metrics::Reading,
    store::{
        self,
        ledger::{self, Backlog},
        silences,
    },
};

/// One word a part: `ok`, or what is the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Ok,
    /// It does not answer.
    Down,
    /// It has not looked, or worked, for too long.
    Late,
    /// It stands still because somebody decided so; that is no fault.
    Held,
}

/// Whether requests may come here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Readiness {
    pub database: Part,
    pub planner: Part,
    pub mail: Part,
    /// Real time of the planner's last whole look in this process.
    #[serde(skip)]
    pub planner_looked_at: Option<DateTime<Utc>>,
    /// How long the oldest unfinished mail has been due; 0 when there is none, `None` when nobody knows.
    #[serde(skip)]
    pub oldest_due_seconds: Option<i64>,
}

impl Readiness {
    /// What is known when the database does not answer.
    pub const UNKNOWN: Self = Self {
        database: Part::Down,
        planner: Part::Late,
        mail: Part::Late,
        planner_looked_at: None,
        oldest_due_seconds: None,
    };

    #[must_use]
    pub fn is_ready(&self) -> bool {
        [self.database, self.planner, self.mail].iter().all(|part| matches!(part, Part::Ok | Part::Held))
    }
}

pub async fn readiness(app: &App) -> Readiness {
    let now = app.clock.now();
    let planner_looked_at = app.metrics.planner_looked_at();
    let planner = planner(app, now);
    let Ok((backlog, is_held)) = sending(app, now).await else {
        return Readiness { planner, planner_looked_at, ..Readiness::UNKNOWN };
    };
    let oldest_due_seconds = Some(oldest_due(&backlog, now).num_seconds());
    let mail = mail(app, &backlog, is_held, now);
    Readiness { database: Part::Ok, planner, mail, planner_looked_at, oldest_due_seconds }
}

/// What `/metrics` says besides what it counted.
pub async fn reading(app: &App) -> store::Result<Reading> {
    let now = app.clock.now();
    let (backlog, is_held) = sending(app, now).await?;
    let trouble = mail_trouble(app, None).await?;
    Ok(Reading {
        due: ledger::backlog_states(&backlog),
        oldest_due_seconds: oldest_due(&backlog, now).as_seconds_f64(),
        is_held,
        refusing: u64::try_from(trouble.providers.len()).unwrap_or_default(),
        doubtful: trouble.doubtful,
    })
}

async fn sending(app: &App, now: Now) -> store::Result<(Backlog, bool)> {
    let backlog = ledger::backlog(app.db.reader(), now.program).await?;
    let is_held = app.config.mail.mode == MailMode::Hold || silences::find(app.db.reader()).await?.is_some();
    Ok((backlog, is_held))
}

fn oldest_due(backlog: &Backlog, now: Now) -> TimeDelta {
    let age = backlog.oldest_due_at.map(|due_at| now.program - due_at);
    age.unwrap_or_default().max(TimeDelta::zero())
}

fn planner(app: &App, now: Now) -> Part {
    // Another process looks.
    if app.config.server.role == Role::Web {
        return Part::Ok;
    }
    let patience = TimeDelta::seconds(i64::from(app.config.health.planner_seconds));
    match app.metrics.planner_looked_at() {
        Some(at) if now.real - at <= patience => Part::Ok,
        Some(_) | None => Part::Late,
    }
}

fn mail(app: &App, backlog: &Backlog, is_held: bool, now: Now) -> Part {
    let patience = TimeDelta::minutes(i64::from(app.config.health.oldest_due_minutes));
    match backlog.oldest_due_at {
        _ if is_held => Part::Held,
        Some(due_at) if patience > TimeDelta::zero() && now.program - due_at > patience => Part::Late,
        Some(_) | None => Part::Ok,
    }
}
