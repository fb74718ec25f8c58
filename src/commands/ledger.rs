//! What was sent, why, and what became of it: for an operator, and for those who count.

use serde::Serialize;

use crate::{
    app::App,
    store::ledger::{self, Delivery},
};

/// One delivery, without anybody's name or address.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// What makes it one of a kind: subject/occasion/object/generation.
    key: String,
    occasion: &'a str,
    state: &'a str,
    tries: i32,
    message_id: Option<&'a str>,
    reason: Option<&'a str>,
    due_at: String,
    sent_at: Option<String>,
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
        message_id: delivery.message_id.as_deref(),
        reason: delivery.reason.as_deref(),
        due_at: delivery.due_at.to_rfc3339(),
        sent_at: delivery.sent_at.map(|at| at.to_rfc3339()),
    }
}
