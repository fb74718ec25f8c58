//! What goes with an enrollment is kept: what was agreed to, and what was answered.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    domain::program::intake::Answered,
    store::{
        self,
        database::Tx,
        enrollments::{self, Consent, Enrollment},
        intakes::{self, Intake},
    },
};

use super::ask_to_enroll::Agreed;

/// Word for word; agreeing to the same version again changes nothing.
pub(super) async fn keep_consents(
    app: &App,
    tx: &Tx,
    enrollment: &Enrollment,
    consents: &[Agreed],
    agreed_at: DateTime<Utc>,
) -> store::Result<()> {
    for agreed in consents {
        let consent = Consent {
            id: app.random.uuid(agreed_at),
            practice_id: enrollment.practice_id,
            enrollment_id: enrollment.id,
            kind: agreed.kind.to_owned(),
            version: agreed.version,
            wording: agreed.wording.clone(),
            agreed_at,
        };
        enrollments::consent(tx, consent).await?;
    }
    Ok(())
}

/// Answers in place of those before. Nothing is written where nothing was asked.
pub(super) async fn keep_answers(
    app: &App,
    tx: &Tx,
    enrollment: &Enrollment,
    answers: &[Answered],
    now: DateTime<Utc>,
) -> store::Result<()> {
    if answers.is_empty() {
        return Ok(());
    }
    let intake = Intake {
        id: app.random.uuid(now),
        practice_id: enrollment.practice_id,
        enrollment_id: enrollment.id,
        answers: serde_json::to_string(answers).expect("questions and answers are JSON"),
        made_at: now,
        changed_at: now,
    };
    intakes::save(tx, intake).await
}
