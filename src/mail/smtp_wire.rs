//! How does a stream to the mail server come about: without delay, encrypted where it must be?

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use super::smtp_settings::{SmtpSettings, Tls};
use crate::domain::attempt::{Attempt, Stage};

/// The longest answer read before encryption, in octets.
const LONGEST_REPLY: usize = 8_192;

/// A TCP or TLS stream. It counts what was written, so that a loss can be told from a loss after the final dot.
#[derive(Debug)]
pub(super) struct Wire {
    io: Io,
    written: Written,
    /// Read before anything else: lettre waits for a greeting, and STARTTLS has none after it.
    greeting: &'static [u8],
}

/// Octets handed to the stream so far; shared with whoever watches.
#[derive(Debug, Clone, Default)]
pub(super) struct Written(Arc<AtomicU64>);

impl Written {
    pub(super) fn octets(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How to trust the mail server: the authorities of the web.
#[must_use]
pub fn web_roots() -> Arc<ClientConfig> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    trusting(roots)
}

/// How to trust the mail server: exactly these authorities.
#[must_use]
pub fn trusting(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the versions of TLS that rustls defaults to");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

impl Wire {
    /// Opens the stream the settings ask for; `reached` learns how far it came.
    pub(super) async fn open(
        settings: &SmtpSettings,
        trust: &Arc<ClientConfig>,
        written: Written,
        reached: impl Fn(Stage),
    ) -> Result<Self, Attempt> {
        reached(Stage::Connect);
        let lost =
            |error: io::Error| Attempt::lost(Stage::Connect, format!("The mail server cannot be reached: {error}"));
        let tcp = TcpStream::connect((settings.host.as_str(), settings.port)).await.map_err(lost)?;
        tcp.set_nodelay(true).map_err(lost)?;
        let (io, greeting): (Io, &'static [u8]) = match settings.tls {
            Tls::None => (Io::Plain(tcp), b""),
            Tls::Implicit => {
                reached(Stage::Tls);
                (encrypt(tcp, settings, trust).await?, b"")
            }
            Tls::Required | Tls::Opportunistic => {
                reached(Stage::Greeting);
                (start_tls(tcp, settings, trust, reached).await?, b"220 encrypted\r\n")
            }
        };
        Ok(Self { io, written, greeting })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        match self.io {
            Io::Plain(_) => false,
            Io::Tls(_) => true,
        }
    }
}

/// Greeting, EHLO and STARTTLS by hand, so that one octet too many in the clear is noticed (RFC 3207 §4.2).
async fn start_tls(
    mut tcp: TcpStream,
    settings: &SmtpSettings,
    trust: &Arc<ClientConfig>,
    reached: impl Fn(Stage),
) -> Result<Io, Attempt> {
    ask(&mut tcp, "", Stage::Greeting).await?;
    let hello = settings.hello.as_deref().unwrap_or("[127.0.0.1]");
    let offers = ask(&mut tcp, &format!("EHLO {hello}\r\n"), Stage::Greeting).await?;
    reached(Stage::Tls);
    if offers.lines().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))) {
        ask(&mut tcp, "STARTTLS\r\n", Stage::Tls).await?;
        return encrypt(tcp, settings, trust).await;
    }
    match settings.tls {
        Tls::Opportunistic => Ok(Io::Plain(tcp)),
        Tls::Required | Tls::Implicit | Tls::None => Err(Attempt::lost(
            Stage::Tls,
            "The mail server offers no encryption (STARTTLS). Use its encrypted port, or write tls=none if the way there is safe",
        )),
    }
}

async fn encrypt(tcp: TcpStream, settings: &SmtpSettings, trust: &Arc<ClientConfig>) -> Result<Io, Attempt> {
    let lost = |why: String| Attempt::lost(Stage::Tls, format!("The encrypted connection failed: {why}"));
    let name = ServerName::try_from(settings.host.clone()).map_err(|error| lost(error.to_string()))?;
    let stream = TlsConnector::from(trust.clone()).connect(name, tcp).await.map_err(|error| lost(error.to_string()))?;
    Ok(Io::Tls(Box::new(stream)))
}

/// Says a command, unless it is empty, and reads one whole answer of code 2xx.
async fn ask(tcp: &mut TcpStream, command: &str, stage: Stage) -> Result<String, Attempt> {
    let lost = |what: &str| Attempt::lost(stage, what);
    tcp.write_all(command.as_bytes()).await.map_err(|error| lost(&error.to_string()))?;
    let mut answer = Vec::new();
    while !is_whole(&answer) {
        if answer.len() > LONGEST_REPLY {
            return Err(lost("The mail server's answer does not end"));
        }
        if tcp.read_buf(&mut answer).await.map_err(|error| lost(&error.to_string()))? == 0 {
            return Err(lost("The mail server closed the connection"));
        }
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let lines: Vec<&str> = answer.lines().collect();
    if lines.iter().filter(|line| line.as_bytes().get(3) != Some(&b'-')).count() != 1 {
        return Err(lost("The mail server said more than it was asked before encryption began"));
    }
    match answer.get(..3).and_then(|code| code.parse::<u16>().ok()) {
        Some(200..=299) => Ok(answer),
        Some(code) => {
            let words: Vec<&str> = lines.iter().filter_map(|line| line.get(4..)).collect();
            Err(Attempt::refused(stage, code, words.join(" ")))
        }
        None => Err(lost("The mail server does not speak SMTP")),
    }
}

/// Whether the last line ends the answer: three digits, then no hyphen (RFC 5321 §4.2.1).
fn is_whole(answer: &[u8]) -> bool {
    let Some(lines) = answer.strip_suffix(b"\r\n") else {
        return false;
    };
    let last = lines.rsplit(|octet| *octet == b'\n').next().unwrap_or(lines);
    last.get(3) != Some(&b'-')
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let (now, later) = self.greeting.split_at(self.greeting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Io::Tls(tls) => Pin::new(tls).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let poll = match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_write(context, octets),
            Io::Tls(tls) => Pin::new(tls).poll_write(context, octets),
        };
        if let Poll::Ready(Ok(count)) = poll {
            self.written.0.fetch_add(count as u64, Ordering::Relaxed);
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Io::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Io::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.io {
            Io::Plain(tcp) => tcp.peer_addr(),
            Io::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}
