//! The site listens, the worker works, and both stop cleanly.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpAcceptor, TcpListener},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{app::App, web::routes, worker::Worker};

/// Requests in flight have this long once the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Takes the address before anything else is done: two processes on one port is the commonest mistake.
pub async fn listen(address: &str) -> anyhow::Result<TcpAcceptor> {
    let listener = TcpListener::bind(address).into_acceptor().await;
    listener.with_context(|| format!("cannot listen on {address}: something else does, or the address is not ours"))
}

/// Serves until SIGTERM or ctrl-c.
pub async fn serve(app: Arc<App>, acceptor: TcpAcceptor) -> anyhow::Result<()> {
    for address in acceptor.local_addr() {
        tracing::info!(%address, base_url = app.config.server.base_url, "listening");
    }
    let site = routes::site(app.clone())?;
    let worker = Worker::start(&app);
    Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(site, asked_to_stop(), Some(DRAIN)).await?;
    tracing::info!("stopping: what is in hand is finished first");
    worker.stop().await;
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
