//! Is the process that serves with these settings alive? For whatever can start a program and read how it ended.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, ensure};

use crate::config::{Config, Role};

/// Longer, and it is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks `/health/live`: a database that is away for a while is no reason to start a process anew.
pub(super) fn ask(config: &Config) -> anyhow::Result<()> {
    let apart = &config.health.metrics_listen;
    let is_worker = config.server.role == Role::Worker;
    ensure!(!is_worker || !apart.is_empty(), "a worker listens only at health.metrics_listen, and that is empty");
    let address = here((if is_worker { apart } else { &config.server.listen }).parse()?);
    let answer = answer(address).with_context(|| format!("nobody answers at {address}"))?;
    ensure!(answer.starts_with("HTTP/1.1 200 "), "{address} answers {:?}", answer.lines().next().unwrap_or_default());
    println!("live");
    Ok(())
}

/// Whoever listens everywhere listens on this machine, too.
fn here(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let (four, six) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
        address.set_ip(if address.is_ipv4() { four } else { six });
    }
    address
}

fn answer(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
