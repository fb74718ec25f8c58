//! A form is sent once, whatever happens on the way; this says whether it is the first time.

use uuid::Uuid;

use crate::transact;
use crate::{
    app::App,
    domain::ids::PracticeId,
    store::{self, settings},
};

/// Whether a form was sent before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    FirstTime,
    Before,
}

/// Remembers the token of a form that makes something new. Of many that come at once, one is the first.
pub async fn count_once(app: &App, practice: PracticeId, token: Uuid) -> store::Result<Sent> {
    let now = app.clock.now();
    let name = format!("form/{token}");
    let id = app.random.uuid(now.real);
    let first = transact!(app.db, |tx| settings::set_once(tx, id, (practice, &name), "", now.real).await)?;
    Ok(if first { Sent::FirstTime } else { Sent::Before })
}
