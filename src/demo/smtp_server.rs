//! What does a mail server say? A small real one on loopback, for the demo's mailbox and the tests.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::mpsc};
use tokio_rustls::rustls::ServerConfig;

mod talk;

/// A message the server took responsibility for, or (see `Action::TakeAndDrop`) seemed not to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The return path, without brackets.
    pub from: String,
    pub to: Vec<String>,
    /// As sent: dots unstuffed, CRLF line ends.
    pub bytes: Vec<u8>,
}

/// Where in the conversation an answer is due.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    MailFrom(&'a str),
    RcptTo(&'a str),
    Data,
    /// After the final dot.
    Message(&'a Received),
}

#[derive(Debug, Clone)]
pub enum Action {
    /// Answer as a well server does.
    Go,
    /// Answer this instead, as in `451 4.3.0 Later`.
    Say(String),
    /// Wait, then answer as a well server does.
    Wait(Duration),
    /// Answer as a well server that is so far away: what came together is answered together, after this time.
    From(Duration),
    /// Answer as a well server does, one octet after another, with this pause before each.
    Drip(Duration),
    /// Never answer.
    Hang,
    /// Close the connection without an answer.
    Drop,
    /// After the final dot: keep the message and close the connection without an answer.
    TakeAndDrop,
}

/// How a server behaves.
#[derive(Clone)]
pub struct Script {
    act: Arc<dyn Fn(Step<'_>) -> Action + Send + Sync>,
    sign_in: Option<(String, String)>,
    pipelining: Pipelining,
    encryption: Encryption,
    /// The largest message it takes, in octets.
    largest: usize,
}

/// Without a limit of its own.
const LARGEST_MESSAGE: usize = 10 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipelining {
    Offered,
    NotOffered,
}

#[derive(Debug, Clone)]
pub enum Encryption {
    None,
    StartTls(Arc<ServerConfig>),
    Implicit(Arc<ServerConfig>),
}

impl Script {
    /// A server that is well and takes everything.
    #[must_use]
    pub fn well() -> Self {
        Self::new(|_| Action::Go)
    }

    pub fn new(act: impl Fn(Step<'_>) -> Action + Send + Sync + 'static) -> Self {
        Self {
            act: Arc::new(act),
            sign_in: None,
            pipelining: Pipelining::Offered,
            encryption: Encryption::None,
            largest: LARGEST_MESSAGE,
        }
    }

    /// Takes mail from this user only.
    #[must_use]
    pub fn with_sign_in(mut self, user: &str, password: &str) -> Self {
        self.sign_in = Some((user.to_owned(), password.to_owned()));
        self
    }

    #[must_use]
    pub fn with_pipelining(mut self, pipelining: Pipelining) -> Self {
        self.pipelining = pipelining;
        self
    }

    /// Takes no larger message, and says so.
    #[must_use]
    pub fn with_largest(mut self, octets: usize) -> Self {
        self.largest = octets;
        self
    }

    #[must_use]
    pub fn with_encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("pipelining", &self.pipelining).finish_non_exhaustive()
    }
}

/// Starts listening; port 0 takes a free one. It serves until the receiver is dropped.
pub async fn start(listen: SocketAddr, script: Script) -> io::Result<(SocketAddr, mpsc::UnboundedReceiver<Received>)> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let (taken, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = taken.closed() => return,
                accepted = listener.accept() => {
                    if let Ok((tcp, _)) = accepted {
                        tokio::spawn(talk::serve(tcp, script.clone(), taken.clone()));
                    }
                }
            }
        }
    });
    Ok((address, receiver))
}

#[cfg(test)]
mod tests;
