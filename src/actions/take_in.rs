//! A mail comes in: whatever it says, it says it once, and it is answered by nobody.
//!
//! What a mail claims is believed only as far as it holds a secret of ours: a return path's token, a
//! Message-ID, an invite's UID.

mod answers;
mod failures;
mod replies;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    app::App,
    clock::Now,
    mail::receive::{Received, receive},
    store,
};

/// Which way it came, and so whether it stays somewhere if we do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A mailbox that people read as well.
    Mailbox,
    /// A mail server hands it over and forgets it: the pipe, the hook.
    Handed,
}

/// What was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Bounce,
    Complaint,
    Answer,
    Reply,
    /// Nothing in it was for us, or none of it was true: in a mailbox it stays as it is.
    Nothing,
}

/// Takes one mail in. An error is the database's: the mail must be offered again.
pub async fn take_in(app: &App, bytes: &[u8], door: Door) -> store::Result<Outcome> {
    let now = app.clock.now();
    let Ok(received) = catch_unwind(AssertUnwindSafe(|| receive(bytes, now.real))) else {
        tracing::error!(octets = bytes.len(), "reading a mail that came in panicked; it is left alone");
        return Ok(Outcome::Nothing);
    };
    let outcome = act(app, &received, door, now).await?;
    tracing::info!(?door, ?outcome, octets = bytes.len(), "mail came in");
    app.bell.notify_waiters();
    Ok(outcome)
}

async fn act(app: &App, received: &Received, door: Door, now: Now) -> store::Result<Outcome> {
    match received {
        Received::Bounce(bounce) => failures::take_bounce(app, bounce, now).await,
        Received::Complaint(complaint) => failures::take_complaint(app, complaint, now).await,
        Received::Calendar(calendar) => answers::take(app, calendar, now).await,
        Received::Personal(personal) => match door {
            Door::Mailbox => Ok(Outcome::Nothing),
            Door::Handed => replies::take(app, personal, now).await,
        },
        Received::Automatic => Ok(Outcome::Nothing),
        Received::Junk(why) => {
            tracing::info!(%why, "a mail that came in was not used");
            Ok(Outcome::Nothing)
        }
    }
}
