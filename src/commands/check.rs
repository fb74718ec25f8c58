//! What is set, what works, and what does not: for whoever runs this.

use anyhow::bail;
use secrecy::ExposeSecret;

use crate::{
    app::App,
    clock::Clock,
    config::{Config, MailMode},
    mail::{letters, mailer::Mailer, templates::Templates},
    random::Random,
    store::practices,
};

/// Every check runs; the command fails when one of them does.
pub(super) async fn check(config: Config) -> anyhow::Result<()> {
    println!("Settings");
    for (key, value) in effective(&config) {
        println!("  {key:<26} {value}");
    }
    let mut failed = 0;
    let mut say = |what: &str, outcome: Result<String, String>| match outcome {
        Ok(fine) => println!("ok      {what}: {fine}"),
        Err(wrong) => {
            failed += 1;
            println!("FAILED  {what}: {wrong}");
        }
    };
    println!();
    say("letters", all_letters());
    match App::open(config, Clock::System, Random::Os).await {
        Err(error) => say("database", Err(format!("{error:#}. Look at database.url and secrets"))),
        Ok(app) => {
            let practices = practices::on_this_installation(app.db.reader()).await?;
            say("database", Ok(format!("open and up to date, {} practices", practices.len())));
            say("mail", mail(&app).await);
        }
    }
    if failed > 0 {
        bail!("{failed} of these need attention");
    }
    Ok(())
}

fn all_letters() -> Result<String, String> {
    let templates = Templates::new().map_err(|error| error.to_string())?;
    let samples = letters::gallery(&templates).map_err(|error| error.to_string())?;
    Ok(format!("{} samples of every letter were written", samples.len()))
}

async fn mail(app: &App) -> Result<String, String> {
    match (&app.mailer, app.config.mail.mode) {
        (_, MailMode::Hold) => Ok("held: nothing is sent".to_owned()),
        (Mailer::Folder(folder), _) => Ok(format!("written to the folder {}", folder.display())),
        (Mailer::Smtp(relay), _) => match relay.greet().await {
            Ok(()) => Ok(format!("{} takes our sign-in", app.relay_name())),
            Err(attempt) => Err(format!("{} does not: {attempt:?}. Look at mail.smtp_url", app.relay_name())),
        },
    }
}

/// The settings in force; secrets masked.
fn effective(config: &Config) -> Vec<(&'static str, String)> {
    let (server, mail) = (&config.server, &config.mail);
    vec![
        ("server.listen", server.listen.clone()),
        ("server.base_url", server.base_url.clone()),
        ("server.trusted_proxies", format!("{:?}", server.trusted_proxies)),
        ("server.leave_url", server.leave_url.clone()),
        ("database.url", masked(config.database.url.expose_secret())),
        ("database.connections", config.database.connections.to_string()),
        ("mail.mode", format!("{:?}", mail.mode).to_lowercase()),
        ("mail.redirect_to", mail.redirect_to.clone()),
        ("mail.folder", mail.folder.display().to_string()),
        ("mail.smtp_url", masked(mail.smtp_url.expose_secret())),
        ("mail.bounce_domain", mail.bounce_domain.clone()),
        ("mail.senders", mail.senders.to_string()),
        ("mail.most_senders", mail.most_senders.to_string()),
        ("mail.on_unknown", mail.on_unknown.to_string()),
        ("mail.attempt_seconds", mail.attempt_seconds.to_string()),
        ("pace", format!("{:?}", config.pace)),
        ("dkim.domain", config.dkim.domain.clone()),
        ("dkim.rsa_selector", config.dkim.rsa_selector.clone()),
        ("dkim.ed25519_selector", config.dkim.ed25519_selector.clone()),
        (
            "secrets.key",
            if config.secrets.key.expose_secret().is_empty() { "(in the key file)" } else { "(set)" }.to_owned(),
        ),
        ("secrets.key_file", config.secrets.key_file.display().to_string()),
        ("log.format", format!("{:?}", config.log.format).to_lowercase()),
        ("log.filter", config.log.filter.clone()),
        ("limits", format!("{:?}", config.limits)),
    ]
}

/// `smtp://user:•••@host`: what stands between the first colon after the scheme and the last @ is a password.
fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "•••".to_owned() };
    match rest.rsplit_once('@') {
        Some((credentials, host)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:•••@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn passwords_are_masked() {
        assert_eq!(masked("smtp://u:p@ss@host:587"), "smtp://u:•••@host:587");
        assert_eq!(masked("sqlite://x.sqlite"), "sqlite://x.sqlite");
        assert_eq!(masked("nonsense"), "•••");
    }
}
