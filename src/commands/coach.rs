//! Somebody is added who signs in with a password; the first of them brings the practice along.

use std::io::{IsTerminal, Read};

use clap::Subcommand;

use super::program::the_practice;
use crate::{
    actions::{
        add_coach::{NewCoach, add_coach},
        passwords::hash_password,
    },
    app::App,
    domain::{email_address::EmailAddress, name::Name, people::Role, zone::Zone},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a coach. The password is read from standard input; on a terminal one is made and shown.
    Add {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// The practice's name: an existing one, or a new one.
        #[arg(long)]
        practice: Option<String>,
        /// An IANA time zone, such as Europe/Dublin.
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// Keeps the roster and the attendance; reads answers only if the owner allows it.
        #[arg(long)]
        assistant: bool,
    },
}

pub(super) async fn obey(app: &App, command: Command) -> anyhow::Result<()> {
    let Command::Add { email, name, practice, zone, assistant } = command;
    let new = NewCoach {
        email: EmailAddress::parse(&email).map_err(|error| anyhow::anyhow!("--email: {error}"))?,
        name: Name::parse(&name).map_err(|error| anyhow::anyhow!("--name: {error}"))?,
        zone: Zone::parse(&zone).map_err(|error| anyhow::anyhow!("--zone: {error}"))?,
        role: if assistant { Role::Assistant } else { Role::Coach },
        practice: match practice {
            Some(name) => Name::parse(&name).map_err(|error| anyhow::anyhow!("--practice: {error}"))?,
            None => match the_practice(app, None).await {
                Ok(practice) => practice.name,
                Err(_) => Name::parse(&name)?,
            },
        },
    };
    let (password, made) = password(app)?;
    let hash = hash_password(app, &password).await?;
    add_coach(app, &new, &hash).await?;
    println!("{} can sign in at {}", new.name.expose(), app.links.to("/coach/sign-in"));
    if made {
        println!("Password (shown this once): {password}");
    }
    Ok(())
}

fn password(app: &App) -> anyhow::Result<(String, bool)> {
    if std::io::stdin().is_terminal() {
        return Ok((app.random.token().chars().take(20).collect(), true));
    }
    let mut text = String::new();
    std::io::stdin().take(1_024).read_to_string(&mut text)?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() { Ok((app.random.token().chars().take(20).collect(), true)) } else { Ok((text, false)) }
}
