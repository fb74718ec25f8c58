//! What is a rehearsal made of? A house with everything in one folder, its own mail server, invented people,
//! and a clock that runs ahead.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::Context;

use crate::{
    app::App,
    clock::Clock,
    config::Config,
    mail::mailbox::{Arrival, Mailbox},
    random::Random,
};

pub mod driver;
pub mod household;
pub mod people;
pub mod smtp_server;
pub mod story;
#[cfg(test)]
mod tests;

use smtp_server::{Action, Script, Step};

/// A week in twenty seconds.
pub const SPEED: u32 = 7 * 24 * 3_600 / 20;

/// Everything but the pages, opened in this folder; made when it is the first time. Nothing is sent yet.
pub async fn open(folder: &Path, listen: SocketAddr) -> anyhow::Result<Arc<App>> {
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let mailbox = Arc::new(Mailbox::open(&folder.join("mail")).context("the folder of mail cannot be read")?);
    let clock = Clock::fast(Clock::System.now().real, SPEED);
    // The story begins when all is in its place; until then its clock stands.
    clock.turn(|time| time.barrier = Some(time.program));
    let post =
        post_office(mailbox.clone(), clock.clone()).await.context("the mail server cannot listen on 127.0.0.1")?;
    let config = config(folder, listen, post)?;
    App::rehearse(config, clock, Random::Os, mailbox).await
}

/// A mail server of our own on loopback. It says that it has a message once the message is in the folder.
async fn post_office(mailbox: Arc<Mailbox>, clock: Clock) -> io::Result<SocketAddr> {
    let script = Script::new(move |step| {
        let Step::Message(received) = step else { return Action::Go };
        let arrival = Arrival {
            return_path: &received.from,
            to: &received.to,
            bytes: &received.bytes,
            received_at: clock.now().program,
        };
        match mailbox.take(arrival) {
            Ok(_) => Action::Go,
            Err(error) => {
                tracing::error!(%error, "the mailbox cannot keep a message; the sender tries again");
                Action::Say("452 4.3.1 The mailbox cannot be written".to_owned())
            }
        }
    });
    let (address, mut taken) = smtp_server::start((Ipv4Addr::LOCALHOST, 0).into(), script).await?;
    // It serves as long as somebody listens for what it took.
    tokio::spawn(async move { while taken.recv().await.is_some() {} });
    Ok(address)
}

fn config(folder: &Path, listen: SocketAddr, post: SocketAddr) -> anyhow::Result<Config> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let path = |name: &str| folder.join(name).display().to_string();
    // A name, where there is one: a host that is a number makes odd addresses in mail and calendars.
    let host = if listen.ip().is_loopback() { "localhost".to_owned() } else { listen.ip().to_string() };
    let config = Config::with(&[
        ("server.listen", &quoted(&listen.to_string())),
        ("server.base_url", &quoted(&format!("http://{host}:{}", listen.port()))),
        ("database.url", &quoted(&format!("sqlite://{}", path("trellis.sqlite")))),
        ("secrets.key_file", &quoted(&path("trellis.key"))),
        ("mail.smtp_url", &quoted(&format!("smtp://{post}"))),
        // After a kill, the clock waits for the lease of what was in hand: on loopback it can be short.
        ("mail.attempt_seconds", "5"),
        ("log.filter", &quoted("warn")),
    ])?;
    Ok(config)
}
