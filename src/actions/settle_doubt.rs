//! A mail was in doubt, and somebody asked: it arrived.

use crate::{
    app::App,
    domain::ids::{DeliveryId, PracticeId},
    store::ledger,
    transact,
};

use super::resend::Refused;

/// Nothing more is sent of it. Refused when it has been sent again, or settled, in the meantime.
pub async fn it_arrived(app: &App, of: (PracticeId, DeliveryId), actor: &str) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice, id) = of;
    transact!(app.db, |tx| {
        let row = ledger::find(tx, practice, id).await?.ok_or(Refused::Unknown)?;
        let reason = format!("{actor}: it arrived");
        if ledger::arrived(tx, &row, &reason, now.program).await? { Ok(()) } else { Err(Refused::Changed) }
    })?;
    // What waited for it, such as a calendar's later word, may go now.
    app.bell.notify_waiters();
    Ok(())
}
