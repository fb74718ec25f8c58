//! What was sent, why, and what became of it; and, after a restore, what goes out again. For an operator.

use anyhow::bail;
use chrono::{DateTime, NaiveDateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    actions::hold_mail::{Choice, MayHaveGone, hold, let_go},
    app::App,
    store::{
        ledger::{self, Delivery},
        silences,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Hold everything back after another tool restored the database: nothing is sent before `release`.
    Hold {
        /// When the backup was made, such as 2026-11-23T05:12:57Z.
        #[arg(long, value_name = "TIME", value_parser = instant)]
        backup_of: DateTime<Utc>,
    },
    /// List what is held back and may have gone out between the backup and the restore.
    Held {
        #[arg(long)]
        json: bool,
    },
    /// Let mail go out again after a restore.
    Release(Release),
}

/// Exactly one of them.
#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
pub(super) struct Release {
    /// Send everything; who had a mail between the backup and the restore may have it twice.
    #[arg(long)]
    all: bool,
    /// Send only what is due later than this; the rest is given up.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    due_after: Option<DateTime<Utc>>,
    /// Give up what may have gone out before the restore; send the rest. Calendar entries are sent in any case.
    #[arg(long)]
    skip_doubtful: bool,
}

/// One delivery, without anybody's name or address.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// What makes it one of a kind: subject/occasion/object/generation.
    key: String,
    occasion: &'a str,
    state: &'a str,
    tries: i32,
    /// How often it may have arrived without our knowing.
    doubts: i32,
    message_id: Option<&'a str>,
    reason: Option<&'a str>,
    due_at: String,
    sent_at: Option<String>,
}

pub(super) async fn obey(app: &App, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Hold { backup_of } => {
            let (hold, held) = hold(app, backup_of).await?;
            println!("{held} emails were put aside, and nothing goes out before `trellis ledger release`.");
            list_may_have_gone(&MayHaveGone::look(&app.db, &hold).await?);
            Ok(())
        }
        Command::Held { json } => held(app, json).await,
        Command::Release(release) => let_out(app, &release).await,
    }
}

async fn held(app: &App, json: bool) -> anyhow::Result<()> {
    let Some(hold) = silences::find(app.db.reader()).await? else {
        println!("{}", if json { "null" } else { "Nothing is held back." });
        return Ok(());
    };
    let may_have_gone = MayHaveGone::look(&app.db, &hold).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&serde_json::json!({ "hold": hold, "list": may_have_gone }))?);
    } else {
        println!("{}, at {}.", capital(&hold.reason()), hold.held_at.format("%Y-%m-%d %H:%M:%S UTC"));
        list_may_have_gone(&may_have_gone);
    }
    Ok(())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

async fn let_out(app: &App, release: &Release) -> anyhow::Result<()> {
    let choice = match (release.all, release.due_after, release.skip_doubtful) {
        (true, _, _) => Choice::All,
        (_, Some(until), _) => Choice::DueAfter(until),
        (_, _, true) => Choice::SkipDoubtful,
        (false, None, false) => bail!(
            "say what goes out: --skip-doubtful (not what may have gone out before the restore), --all (that, too), \
             or --due-after TIME. `trellis ledger held` lists what may have gone out"
        ),
    };
    match let_go(app, choice).await? {
        None => println!("Nothing is held back."),
        Some(let_go) => println!(
            "Mail goes out again: {} emails are in the queue, {} were given up. What came too late to be of use is \
             listed as missed in the outbox.",
            let_go.queued, let_go.skipped
        ),
    }
    Ok(())
}

/// For a person to read: what it is and when it was due, never who.
pub(super) fn list_may_have_gone(list: &MayHaveGone) {
    if list.is_empty() {
        println!("Nothing was due between the backup and now, so nothing can have gone out unknown to it.");
        println!("`trellis ledger release --all` lets mail go out again.");
        return;
    }
    println!("These were due between the backup and now. They may have gone out already:");
    for email in &list.emails {
        println!("  {}  {:<16} {}", email.due_at.format("%Y-%m-%d %H:%M UTC"), email.occasion, email.delivery);
    }
    for planned in &list.planned {
        println!(
            "  {}  {:<16} all of cohort {}",
            planned.due_at.format("%Y-%m-%d %H:%M UTC"),
            planned.work,
            planned.cohort
        );
    }
    println!("Now choose one:");
    println!("  trellis ledger release --skip-doubtful    none of these again, everything later");
    println!("  trellis ledger release --all              these, too: somebody may have them twice");
    println!("  trellis ledger release --due-after TIME   only what is due later than TIME");
}

/// RFC 3339, or date and time in UTC.
fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let plain = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y%m%dT%H%M%SZ"];
    let text = text.trim().trim_end_matches(" UTC");
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .ok()
        .or_else(|| plain.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()).map(|at| at.and_utc()))
        .ok_or_else(|| "write an instant in UTC, such as 2026-11-23T05:12:57Z".to_owned())
}

pub(super) async fn report(app: &App, json: bool) -> anyhow::Result<()> {
    for delivery in ledger::everything(app.db.reader()).await? {
        let line = line(&delivery);
        if json {
            println!("{}", serde_json::to_string(&line)?);
        } else {
            println!(
                "{}  {:<16} {:<9} {} tries  {}",
                line.due_at,
                line.occasion,
                line.state,
                line.tries,
                line.reason.unwrap_or_default()
            );
        }
    }
    Ok(())
}

fn line(delivery: &Delivery) -> Line<'_> {
    Line {
        key: format!("{}/{}/{}/{}", delivery.subject_id, delivery.occasion, delivery.object_id, delivery.generation),
        occasion: delivery.occasion.as_str(),
        state: delivery.state.as_str(),
        tries: delivery.tries,
        doubts: delivery.doubts,
        message_id: delivery.message_id.as_deref(),
        reason: delivery.reason.as_deref(),
        due_at: delivery.due_at.to_rfc3339(),
        sent_at: delivery.sent_at.map(|at| at.to_rfc3339()),
    }
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn an_instant_is_read_as_people_and_file_names_write_it() {
        for text in ["2026-11-23T05:12:57Z", "2026-11-23 05:12:57 UTC", "2026-11-23T06:12:57+01:00", "20261123T051257Z"]
        {
            assert_eq!(instant(text).unwrap().to_rfc3339(), "2026-11-23T05:12:57+00:00", "{text}");
        }
        assert!(instant("yesterday").is_err());
    }
}
