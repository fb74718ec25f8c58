//! Does mail get stuck?

use chrono::TimeDelta;

use super::{Finding, Level};
use crate::{
    actions::mail_trouble::mail_trouble,
    app::App,
    config::MailMode,
    domain::delivery::State,
    store::{
        self,
        ledger::{self, Trouble},
        silences, timetable,
    },
};

/// Longer than any batch takes.
const LATE: TimeDelta = TimeDelta::minutes(15);

pub(super) async fn look(app: &App) -> Vec<Finding> {
    match findings(app).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::no_database(&error.to_string())],
    }
}

async fn findings(app: &App) -> store::Result<Vec<Finding>> {
    let (now, db) = (app.clock.now(), app.db.reader());
    let hold = silences::find(db).await?;
    if let Some(hold) = hold {
        let advice = "Look at `trellis ledger held`, and decide with `trellis ledger release`.";
        return Ok(vec![Finding::new(
            "sending",
            Level::Warning,
            format!("nothing is sent: {}", hold.reason()),
            advice,
        )]);
    }
    let backlog = ledger::backlog(db, now.program).await?;
    let late = backlog.oldest_due_at.filter(|at| now.program - *at > LATE);
    let unplanned = timetable::next_due(db).await?.filter(|at| now.program - *at > LATE);
    let trouble = ledger::trouble(db, now.program - TimeDelta::days(1), now.real - LATE).await?;
    let mut found = Vec::new();
    if let (Some(at), true) = (late, app.config.mail.mode != MailMode::Hold) {
        let told = format!("an email has been due since {} and nobody tried to send it", at.to_rfc3339());
        found.push(wrong(told, "Look whether `trellis serve` is running, and at the mail server above."));
    }
    if let Some(at) = unplanned {
        let told = format!("something has been due since {} and was not turned into mail", at.to_rfc3339());
        found.push(wrong(told, "Look whether `trellis serve` is running, and at its log."));
    }
    found.extend(troubles(&trouble));
    let refused = mail_trouble(app, None).await?.refused;
    if refused > 0 {
        let told = format!("{refused} emails wait because a provider refuses us as a sender");
        found.push(wrong(told, "Look at spf, dkim and dmarc here, and at what the outbox says the provider answered."));
    }
    if found.is_empty() {
        let due: u64 = backlog.due.iter().map(|(_, count)| count).sum();
        found.push(Finding::fine("sending", format!("nothing is stuck, {due} emails are due")));
    }
    Ok(found)
}

fn wrong(told: String, advice: &str) -> Finding {
    Finding::new("sending", Level::Wrong, told, advice)
}

fn troubles(trouble: &Trouble) -> Vec<Finding> {
    let mut found = Vec::new();
    if trouble.stale_leases > 0 {
        let told = format!("{} emails are in the hands of a sender that is gone", trouble.stale_leases);
        found.push(wrong(told, "Start `trellis serve`: it takes them back within half a minute."));
    }
    let told = [
        (State::Unknown, "may or may not have arrived", "A coach decides about each in the outbox."),
        (State::Failed, "failed in the last day", "The outbox says why; most can be tried again there."),
        (State::Bounced, "came back in the last day", "Correct the addresses on the roster."),
    ];
    for (state, what, advice) in told {
        let count = trouble.by_state.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
        if count > 0 {
            found.push(Finding::new("sending", Level::Warning, format!("{count} emails {what}"), advice));
        }
    }
    found
}
