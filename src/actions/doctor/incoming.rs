//! Do we hear of mail that did not arrive?

use super::{Finding, Level};
use crate::{actions::look_into_mailbox::Watch, app::App, mail::imap::ImapError};

const CHECK: &str = "bounces";

pub(super) async fn look(app: &App) -> Finding {
    let bounces = &app.config.bounces;
    let Some(watch) = Watch::of(app) else { return unwatched(app) };
    let name = format!("{}:{}", bounces.host, bounces.port);
    match watch.try_door().await {
        Ok(()) => Finding::fine(CHECK, format!("{name} lets us in, and {} is there", bounces.folder)),
        Err(error) => Finding::new(CHECK, Level::Wrong, format!("{name}: {error}"), way_in(&error)),
    }
}

fn way_in(error: &ImapError) -> &'static str {
    match error {
        ImapError::SignIn => "User or password in [bounces] is wrong; some providers want an app password.",
        ImapError::Tls(_) => {
            "Name the server in bounces.host as its certificate does, and an authority of your own in bounces.ca_file; or look at bounces.tls."
        }
        ImapError::Refused { .. } => "Look whether the folder that bounces.folder names is there.",
        ImapError::Unreachable(_) | ImapError::Lost(_) | ImapError::Slow(_) => {
            "Look at bounces.host and bounces.port, and whether this machine may connect out."
        }
    }
}

fn unwatched(app: &App) -> Finding {
    if app.config.bounces.hook_token().is_ok_and(|token| token.is_some()) {
        return Finding::fine(CHECK, "they are handed over at /hooks/mail");
    }
    let to = match app.config.mail.bounce_domain.as_str() {
        "" => "each practice's own mailbox",
        domain => domain,
    };
    Finding::new(
        CHECK,
        Level::Note,
        format!("they come back to {to}; no mailbox is watched and the hook is off"),
        "Unless your mail server pipes what comes back into `trellis receive`, set [bounces]: a dead address, a complaint and a calendar’s answer go unnoticed without it.",
    )
}
