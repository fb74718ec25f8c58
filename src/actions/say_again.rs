//! A calendar's message was written, did not leave, and says by now what is not so: it ends, and the next one says it.
//!
//! What a calendar is told differently has another SEQUENCE, a later DTSTAMP and a Message-ID of its own (C14, H3).

use chrono::{DateTime, SubsecRound, TimeDelta};

use crate::{
    app::App,
    clock::Now,
    domain::delivery::State,
    store::{
        self, cohorts,
        invites::{self, Invite},
        ledger::{self, Delivery, Recorded},
        practices,
    },
    transact,
};

use super::tell_calendars::Message;

const VOID: &str = "what it said has changed; the next one says what is so";

/// Voids a claimed row, and queues the next word about the same entry unless there is one.
pub(super) async fn say_again(app: &App, row: &Delivery, now: Now) -> store::Result<()> {
    transact!(app.db, |tx| {
        // Whoever tells the calendar something new holds the cohort, too.
        if let Some(cohort) = row.cohort_id {
            cohorts::lock(tx, cohort).await?;
        }
        let void =
            Recorded { state: State::Canceled, reason: Some(VOID.to_owned()), next_try_at: now.real, sent_at: None };
        let is_ours = ledger::record(tx, row, State::Claimed, &void, now).await?;
        let (Ok(said), Some(invite)) =
            (serde_json::from_str::<Message>(&row.params), invites::find(tx, row.object_id.into()).await?)
        else {
            return Ok::<_, store::Error>(());
        };
        let has_next = ledger::open_about(tx, row.occasion, row.object_id)
            .await?
            .iter()
            .any(|open| open.generation > said.sequence);
        if is_ours && !has_next {
            let (mut invite, message) = next(invite, said, now);
            if invite.last_method.is_empty() {
                let practice = practices::find(tx, row.practice_id).await?;
                invite.organizer = practice.map(|practice| practice.sender_email);
            }
            invites::save(tx, invite).await?;
            let next = again(row, &message, now);
            ledger::enqueue(tx, vec![Delivery { id: app.random.id(now.program), ..next }]).await?;
        }
        Ok(())
    })?;
    app.bell.notify_waiters();
    Ok(())
}

fn next(invite: Invite, said: Message, now: Now) -> (Invite, Message) {
    let earliest = invite.stamped_at.map_or(DateTime::UNIX_EPOCH, |at| at + TimeDelta::seconds(1));
    let stamp = now.program.trunc_subsecs(0).max(earliest);
    let message = Message { sequence: invite.sequence + 1, stamp, ..said };
    (Invite { sequence: message.sequence, stamped_at: Some(stamp), ..invite }, message)
}

/// The same for the same reader, as if it had never been tried.
fn again(row: &Delivery, message: &Message, now: Now) -> Delivery {
    let mut params: serde_json::Value = serde_json::from_str(&row.params).unwrap_or_default();
    params["sequence"] = serde_json::json!(message.sequence);
    params["stamp"] = serde_json::json!(message.stamp);
    Delivery {
        generation: message.sequence,
        params: params.to_string(),
        state: State::Queued,
        tries: 0,
        lease_token: None,
        lease_until: None,
        next_try_at: now.real,
        created_at: now.program,
        changed_at: now.program,
        reason: None,
        message_id: None,
        subject: None,
        body: None,
        frozen: None,
        stencil_id: None,
        fills: None,
        sent_to: None,
        frozen_for: None,
        ..row.clone()
    }
}
