//! What goes with an enrollment is kept: what was agreed to, and what was answered.

use chrono::{DateTime, Utc};

use crate::{
    app::App,
    domain::{asking::Agreed, program::intake::Answered},
    store::{
        self,
        database::Tx,
        enrollments::{self, Consent, Enrollment},
        intakes::{self, Intake},
    },
};

/// Word for word; agreeing to the same version again changes nothing.
pub(super) async fn keep_consents(
    app: &App,
    tx: &Tx,
    enrollment: &Enrollment,
    agreed: &[Agreed],
    agreed_at: DateTime<Utc>,
) -> store::Result<()> {
    enrollments::consent_all(tx, consents(app, enrollment, agreed, agreed_at)).await
}

pub(super) fn consents(
    app: &App,
    enrollment: &Enrollment,
    agreed: &[Agreed],
    agreed_at: DateTime<Utc>,
) -> Vec<Consent> {
    let consent = |agreed: &Agreed| Consent {
        id: app.random.uuid(agreed_at),
        practice_id: enrollment.practice_id,
        enrollment_id: enrollment.id,
        kind: agreed.kind.to_owned(),
        version: agreed.version,
        wording: agreed.wording.clone(),
        agreed_at,
    };
    agreed.iter().map(consent).collect()
}

/// Answers in place of those before. Nothing is written where nothing was asked.
pub(super) async fn keep_answers(
    app: &App,
    tx: &Tx,
    enrollment: &Enrollment,
    answered: &[Answered],
    now: DateTime<Utc>,
) -> store::Result<()> {
    intakes::save_all(tx, answers(app, enrollment, answered, now).into_iter().collect()).await
}

/// `None`: nothing was asked.
pub(super) fn answers(app: &App, enrollment: &Enrollment, answered: &[Answered], now: DateTime<Utc>) -> Option<Intake> {
    (!answered.is_empty()).then(|| Intake {
        id: app.random.uuid(now),
        practice_id: enrollment.practice_id,
        enrollment_id: enrollment.id,
        answers: serde_json::to_string(answered).expect("questions and answers are JSON"),
        made_at: now,
        changed_at: now,
    })
}
