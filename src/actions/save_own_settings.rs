//! Somebody decides about themselves, in one form: how they are called, their zone, and which mail comes.

use super::{
    change_person::{Refused, Settings, put_settings},
    suppress::take_back_complaint,
};
use crate::{
    app::App,
    domain::{
        category::Category,
        ids::{ParticipantId, PracticeId, ProgramId},
    },
    store::stops::{self, Stop},
    transact,
};

/// The switches of one program's mail.
#[derive(Debug, Clone)]
pub struct Switches {
    pub program: ProgramId,
    /// Comes from now on.
    pub on: Vec<Category>,
    /// Stops at once. What is in neither list stays as it is.
    pub off: Vec<Category>,
}

/// All of it, or nothing.
pub async fn save_own_settings(
    app: &App,
    of: (PracticeId, ParticipantId),
    settings: &Settings,
    switches: Option<&Switches>,
) -> Result<(), Refused> {
    let now = app.clock.now();
    let (practice_id, participant_id) = of;
    transact!(app.db, |tx| {
        put_settings(app, tx, of, settings, now).await?;
        let Some(Switches { program, on, off }) = switches else { return Ok(()) };
        let stopped = stops::of_person(tx, participant_id, *program).await?;
        for category in on.iter().filter(|category| stopped.contains(category)) {
            take_back_complaint(app, tx, participant_id).await?;
            stops::resume(tx, participant_id, *program, *category).await?;
        }
        for category in off {
            let stop = Stop {
                id: app.random.uuid(now.real),
                practice_id,
                participant_id,
                program_id: *program,
                category: *category,
                stopped_at: now.real,
            };
            stops::stop(tx, stop).await?;
        }
        Ok::<_, Refused>(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}
