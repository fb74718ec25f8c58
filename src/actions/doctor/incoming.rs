//! Do we hear of mail that did not arrive?

use super::{Finding, Level};
use crate::{actions::look_into_mailbox::Watch, app::App};

const CHECK: &str = "bounces";

pub(super) async fn look(app: &App) -> Vec<Finding> {
    let bounces = &app.config.bounces;
    let Some(mut watch) = Watch::of(app) else { return vec![unwatched(app)] };
    let place = format!("{} on {}", bounces.folder, bounces.host);
    let finding = match watch.open().await {
        Ok(()) => Finding::fine(CHECK, format!("the mailbox opens: {place}")),
        Err(error) => Finding::new(
            CHECK,
            Level::Wrong,
            format!("{place}: {error}"),
            "Look at [bounces] in the settings: host, port, tls, user, password_file and folder.",
        ),
    };
    watch.close().await;
    vec![finding]
}

fn unwatched(app: &App) -> Finding {
    if app.config.bounces.hook_token().is_ok_and(|token| token.is_some()) {
        return Finding::fine(CHECK, "they are handed over at /hooks/mail");
    }
    Finding::new(
        CHECK,
        Level::Note,
        "no mailbox is watched and the hook is off",
        "Unless your mail server pipes what comes back into `trellis receive`, set [bounces]: a dead address, a complaint and a calendar’s answer go unnoticed without it.",
    )
}
