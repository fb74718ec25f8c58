//! Does the mail server take our mail, does the mode let any out, and can every letter be written?

use super::{Finding, Level};
use crate::{
    app::App,
    config::MailMode,
    domain::attempt::{Attempt, Stage},
    mail::{
        letters,
        mailer::Mailer,
        smtp::SmtpRelay,
        smtp_settings::{SmtpSettings, Tls},
    },
};

pub(super) async fn look(app: &App) -> Vec<Finding> {
    let mut findings = vec![mode(app), all_letters(app)];
    match &app.mailer {
        Mailer::Smtp(relay) => {
            findings.push(sign_in(app, relay).await);
            findings.push(encryption(&app.relay_name(), relay.settings()));
        }
        Mailer::Folder(folder) => findings.push(Finding::new(
            "smtp",
            Level::Note,
            format!("no mail server is asked: mail goes to the folder {}", folder.display()),
            "",
        )),
    }
    findings
}

fn mode(app: &App) -> Finding {
    let told = match app.config.mail.mode {
        MailMode::Live => return Finding::fine("mode", "live: people get their mail"),
        MailMode::Redirect => format!("redirect: everything goes to {}", app.config.mail.redirect_to),
        MailMode::Hold => "hold: nothing is sent".to_owned(),
        MailMode::File => "file: everything is written to a folder".to_owned(),
    };
    let advice = "When you are ready for people to get mail, set mail.mode to live and start Trellis again.";
    Finding::new("mode", Level::Warning, told, advice)
}

fn all_letters(app: &App) -> Finding {
    match letters::gallery(&app.templates) {
        Ok(samples) => {
            Finding::fine("letters", format!("every letter can be written: {} samples of them", samples.len()))
        }
        Err(error) => Finding::new("letters", Level::Wrong, error.to_string(), "This is a bug: please report it."),
    }
}

async fn sign_in(app: &App, relay: &SmtpRelay) -> Finding {
    let name = app.relay_name();
    let how = if relay.settings().credentials.is_some() { "takes our sign-in" } else { "takes us without a sign-in" };
    match relay.greet().await {
        Ok(()) => Finding::fine("smtp", format!("{name} {how}")),
        Err(attempt) => {
            let (stage, said) = match &attempt {
                Attempt::Refused { stage, code, text, .. } => (*stage, format!("{code} {text}")),
                Attempt::Lost { stage, what } => (*stage, what.clone()),
                Attempt::Accepted { reply } => (Stage::AfterDot, reply.clone()),
            };
            Finding::new("smtp", Level::Wrong, format!("{name} at {}: {said}", stage.as_str()), advice(stage))
        }
    }
}

fn advice(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => {
            "Look at host and port in mail.smtp_url, and whether this machine may connect out: many hosts block port \
             25, few block 587 and 465."
        }
        Stage::Greeting => {
            "The server does not want this machine. Look whether mail.smtp_url is your own provider's server, and \
             with smtps:// whether the port is the one for TLS from the start (465)."
        }
        Stage::Tls => {
            "The server's certificate is not one that is trusted for its name. Name it in mail.smtp_url as its \
             certificate does, or have the certificate renewed. Passwords are never sent past a wrong certificate."
        }
        Stage::Auth => {
            "User or password in mail.smtp_url is wrong. Write @ : / and % in them as %40 %3A %2F and %25. Some \
             providers want an app password."
        }
        Stage::MailFrom | Stage::RcptTo | Stage::Data | Stage::Body | Stage::AfterDot => {
            "Send yourself a test mail from Settings, and look at it in the outbox."
        }
    }
}

fn encryption(name: &str, settings: &SmtpSettings) -> Finding {
    let is_here = settings.host == "localhost"
        || settings.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match settings.tls {
        Tls::Implicit => Finding::fine("tls", format!("{name}: TLS from the start")),
        Tls::Required => Finding::fine("tls", format!("{name}: STARTTLS, or nothing")),
        Tls::Opportunistic | Tls::None if is_here => Finding::fine("tls", format!("{name} is on this machine")),
        Tls::Opportunistic | Tls::None => Finding::new(
            "tls",
            Level::Warning,
            format!("mail to {name} may travel in the clear"),
            "Take tls=none or tls=opportunistic out of mail.smtp_url.",
        ),
    }
}
