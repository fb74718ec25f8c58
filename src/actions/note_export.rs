//! A list of people leaves the house: who took it is written down.

use crate::{
    app::App,
    domain::ids::{CohortId, PracticeId},
    store::{
        self,
        audits::{self, Audit},
    },
    transact,
};

/// `what` is such as `roster` or `attendance`.
pub async fn note_export(app: &App, of: (PracticeId, CohortId), what: &str, actor: &str) -> store::Result<()> {
    let now = app.clock.now();
    let (practice_id, cohort) = of;
    let audit = Audit {
        id: app.random.uuid(now.real),
        practice_id,
        act: format!("{what} downloaded"),
        actor: actor.to_owned(),
        subject: cohort.to_string(),
        detail: String::new(),
        made_at: now.real,
    };
    transact!(app.db, |tx| audits::note(tx, audit.clone()).await)
}
