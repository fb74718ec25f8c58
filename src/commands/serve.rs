//! The site listens, the worker works, and both stop cleanly.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpAcceptor, TcpListener},
};
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    actions::send_deliveries::sweep_at_start,
    app::{App, Closing},
    config::{Config, MailMode, Role},
    machine::{self, Alone},
    store::database::sqlite_file,
    web::{operations, routes},
    worker::Worker,
};

/// Requests in flight have this long once the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(8);

/// Takes the address before anything else is done: two processes on one port is the commonest mistake.
pub async fn listen(address: &str) -> anyhow::Result<TcpAcceptor> {
    let listener = TcpListener::bind(address).into_acceptor().await;
    listener.with_context(|| format!("cannot listen on {address}: something else does, or the address is not ours"))
}

/// No second process serves from the same file; on PostgreSQL any number does.
pub fn alone(config: &Config) -> anyhow::Result<Option<Alone>> {
    let Some(file) = sqlite_file(config.database.url.expose_secret()) else { return Ok(None) };
    if config.server.role != Role::Both {
        bail!(
            "one process serves an SQLite file, so its role is both: leave the role away, or use PostgreSQL for several"
        );
    }
    if let Some(kind) = machine::network_file_system(&file)? {
        bail!(
            "the database {} is on a network file system ({kind}), where SQLite loses data: put it on a local disk, \
             or use PostgreSQL",
            file.display()
        );
    }
    let alone = machine::alone(&file).map_err(|error| {
        anyhow::anyhow!("{error}. One process serves an SQLite file: stop the other, or use PostgreSQL for several")
    })?;
    Ok(Some(alone))
}

/// Serves until SIGTERM or ctrl-c.
pub async fn serve(app: Arc<App>, acceptor: TcpAcceptor) -> anyhow::Result<()> {
    for address in acceptor.local_addr() {
        tracing::info!(%address, base_url = app.config.server.base_url, "listening");
    }
    match app.config.mail.mode {
        MailMode::Live => {}
        mode @ (MailMode::Redirect | MailMode::Hold | MailMode::File) => {
            tracing::warn!(?mode, "mail is not live: people do not get it");
        }
    }
    sweep_at_start(&app).await?;
    let site = routes::site(app.clone())?;
    watch_apart(&app).await?;
    let worker = (app.config.server.role == Role::Both).then(|| Worker::start(&app));
    let closing = app.clone();
    let stop = async move {
        asked_to_stop().await;
        // Senders finish what they have in hand while the last requests are answered.
        closing.closing.send_replace(Closing::Draining);
        tracing::info!("stopping: what is in hand is finished first");
    };
    Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(site, stop, Some(DRAIN)).await?;
    if let Some(worker) = worker {
        worker.stop().await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Looks at what is due and sends it, until SIGTERM or ctrl-c; others answer the requests.
pub async fn work(app: Arc<App>) -> anyhow::Result<()> {
    watch_apart(&app).await?;
    let worker = Worker::start(&app);
    tracing::info!("working; the pages are served by others");
    asked_to_stop().await;
    tracing::info!("stopping: what is in hand is finished first");
    worker.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// The numbers on an address of their own, where one is set.
async fn watch_apart(app: &Arc<App>) -> anyhow::Result<()> {
    let address = &app.config.health.metrics_listen;
    if !address.is_empty() {
        let acceptor = listen(address).await?;
        tokio::spawn(Server::new_with_acceptor(acceptor).run(operations::apart(app.clone())));
    }
    Ok(())
}

/// Resolves when the process is asked to stop.
pub async fn asked_to_stop() {
    let mut terminate = signal(SignalKind::terminate()).expect("a process can listen to its signals");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
