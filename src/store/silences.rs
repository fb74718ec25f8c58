//! Does nothing go out until somebody has looked? So it is after a backup was restored.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, sea_query::SimpleExpr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Result, settings};
use crate::domain::ids::PracticeId;

/// For the whole installation, so under no practice's id.
const OURS: PracticeId = PracticeId(Uuid::nil());
const NAME: &str = "sending_held";

/// Why nothing goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// When the backup was made: what was due later may have gone out unknown to us.
    pub backup_of: DateTime<Utc>,
    pub held_at: DateTime<Utc>,
}

impl Silence {
    /// What a row says that was put aside for it.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("{RESTORED}{}", self.backup_of.format("%Y-%m-%d %H:%M:%S UTC"))
    }
}

/// How every such reason begins.
pub(super) const RESTORED: &str = "restored from a backup of ";

pub async fn find(db: &impl ConnectionTrait) -> Result<Option<Silence>> {
    let value = settings::get(db, OURS, NAME).await?;
    Ok(value.and_then(|text| read(&text)))
}

/// As a value inside of another question.
pub(super) fn value() -> SimpleExpr {
    settings::value(OURS, NAME)
}

pub(super) fn read(text: &str) -> Option<Silence> {
    serde_json::from_str(text).ok()
}

/// `id` is used only the first time.
pub async fn set(tx: &impl ConnectionTrait, id: Uuid, silence: &Silence) -> Result<()> {
    let value = serde_json::to_string(silence).expect("two instants can be written");
    settings::set(tx, id, (OURS, NAME), &value, silence.held_at).await
}

pub async fn lift(tx: &impl ConnectionTrait, id: Uuid, at: DateTime<Utc>) -> Result<()> {
    settings::set(tx, id, (OURS, NAME), "", at).await
}
