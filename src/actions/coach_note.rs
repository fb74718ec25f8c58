//! Once a day, at seven in the practice's zone, a coach hears what needs them; nothing if nothing does.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::transact;
use crate::{
    app::App,
    clock::Now,
    domain::delivery::Occasion,
    store::{
        self, coaches,
        ledger::{self, Delivery, Queued, Recipient},
        practices::{self, Practice},
        settings,
    },
};

use super::needs_you::needs_you;

/// The day that was looked at last, by practice.
const LOOKED_AT: &str = "coach_note";

/// Looks at every practice whose day has begun and was not looked at. Returns how many notes are new. Cheap
/// when there is nothing to do: the worker calls it each minute.
pub async fn note_coaches(app: &App) -> store::Result<usize> {
    let now = app.clock.now();
    let mut notes = 0;
    for practice in practices::on_this_installation(app.db.reader()).await? {
        let Some(day) = day_that_began(&practice, now.program) else { continue };
        let looked = settings::get(app.db.reader(), practice.id, LOOKED_AT).await?;
        if looked.and_then(|day| day.parse::<i64>().ok()).is_some_and(|looked| looked >= day) {
            continue;
        }
        let is_needed = !needs_you(app, &practice, now).await?.is_empty();
        let rows = if is_needed { rows(app, &practice, day, now).await? } else { Vec::new() };
        notes += transact!(app.db, |tx| {
            settings::set(tx, app.random.uuid(now.real), (practice.id, LOOKED_AT), &day.to_string(), now.real).await?;
            ledger::enqueue(tx, rows.clone()).await
        })?;
    }
    if notes > 0 {
        app.bell.notify_waiters();
    }
    Ok(usize::try_from(notes).unwrap_or(usize::MAX))
}

/// Today, as days since 1970-01-01 on the practice's calendar, once its clock shows seven.
fn day_that_began(practice: &Practice, now: DateTime<Utc>) -> Option<i64> {
    let local = practice.zone.local(now);
    let seven = NaiveTime::from_hms_opt(7, 0, 0).expect("every day has a seventh hour");
    (local.time() >= seven).then(|| local.and_utc().timestamp().div_euclid(86_400))
}

async fn rows(app: &App, practice: &Practice, day: i64, now: Now) -> store::Result<Vec<Delivery>> {
    let note = |coach: coaches::Coach| {
        let mail = Queued {
            generation: i32::try_from(day).unwrap_or(i32::MAX),
            useful_until: Some(now.program + TimeDelta::hours(16)),
            ..Queued::now(practice.id, Occasion::CoachNote, Recipient::Coach(coach.id), now)
        };
        mail.row(app.random.id(now.program), now)
    };
    Ok(coaches::of_practice(app.db.reader(), practice.id).await?.into_iter().map(note).collect())
}
