//! What does the server say on one connection?

use std::{io, time::Duration};

use data_encoding::BASE64;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

use super::{Action, Encryption, Pipelining, Received, Script, Step};

/// The longest command line (RFC 5321 §4.5.3.1.4), with room for sign-ins.
const LONGEST_COMMAND: usize = 4_096;

/// One connection, to its end; how it ends is the client's to notice.
pub(super) async fn serve(tcp: TcpStream, script: Script, taken: mpsc::UnboundedSender<Received>) {
    let _ = tcp.set_nodelay(true);
    let stream: Box<dyn Stream> = match &script.encryption {
        Encryption::Implicit(config) => match TlsAcceptor::from(config.clone()).accept(tcp).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        },
        Encryption::None | Encryption::StartTls(_) => Box::new(tcp),
    };
    let mut talk = Talk { stream: BufReader::new(stream), script, taken, is_known: false, from: None, to: Vec::new() };
    if talk.answer(Step::Greeting, "220 loopback ESMTP").await.is_ok() {
        while talk.command().await.is_ok() {}
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Talk {
    stream: BufReader<Box<dyn Stream>>,
    script: Script,
    taken: mpsc::UnboundedSender<Received>,
    /// Signed in.
    is_known: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// The connection is over.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self
    }
}

#[derive(PartialEq, Eq)]
enum Answered {
    Well,
    Otherwise,
}

impl Talk {
    async fn say(&mut self, reply: &str) -> Result<(), Over> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        Ok(self.stream.flush().await?)
    }

    /// Answers as the script says, or else with the reply of a well server.
    async fn answer(&mut self, step: Step<'_>, well: &str) -> Result<Answered, Over> {
        match (self.script.act)(step) {
            Action::Go => {}
            Action::Wait(time) => pause(time).await,
            Action::From(time) if self.stream.buffer().is_empty() => pause(time).await,
            Action::From(_) => {}
            Action::Drip(time) => {
                for octet in format!("{well}\r\n").bytes() {
                    pause(time).await;
                    self.stream.write_all(&[octet]).await?;
                    self.stream.flush().await?;
                }
                return Ok(Answered::Well);
            }
            Action::Say(reply) => {
                self.say(&reply).await?;
                return Ok(Answered::Otherwise);
            }
            Action::Hang => return std::future::pending().await,
            Action::Drop => return Err(Over),
            Action::TakeAndDrop => {
                if let Step::Message(message) = step {
                    let _ = self.taken.send(message.clone());
                }
                return Err(Over);
            }
        }
        self.say(well).await?;
        Ok(Answered::Well)
    }

    async fn line(&mut self, longest: usize) -> Result<Vec<u8>, Over> {
        let mut line = Vec::new();
        loop {
            let buffered = self.stream.fill_buf().await?;
            if buffered.is_empty() {
                return Err(Over);
            }
            let end = buffered.iter().position(|octet| *octet == b'\n').map_or(buffered.len(), |at| at + 1);
            line.extend_from_slice(&buffered[..end]);
            self.stream.consume(end);
            if line.ends_with(b"\n") {
                return Ok(line);
            }
            if line.len() > longest {
                return Err(Over);
            }
        }
    }

    async fn command(&mut self) -> Result<(), Over> {
        let line = self.line(LONGEST_COMMAND).await?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.ehlo().await,
            "HELO" | "NOOP" => self.say("250 loopback").await,
            "STARTTLS" => self.start_tls().await,
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.forget();
                self.say("250 2.0.0 Forgotten").await
            }
            "QUIT" => {
                self.say("221 2.0.0 Bye").await?;
                Err(Over)
            }
            _ => self.say("500 5.5.2 Unknown command").await,
        }
    }

    async fn ehlo(&mut self) -> Result<(), Over> {
        let mut offers = vec!["loopback".to_owned(), "8BITMIME".to_owned(), format!("SIZE {}", self.script.largest)];
        if self.script.pipelining == Pipelining::Offered {
            offers.push("PIPELINING".to_owned());
        }
        if self.script.sign_in.is_some() {
            offers.push("AUTH PLAIN LOGIN".to_owned());
        }
        if let Encryption::StartTls(_) = self.script.encryption {
            offers.push("STARTTLS".to_owned());
        }
        let reply: Vec<_> =
            offers.iter().map(|offer| format!("250-{offer}")).chain(["250 ENHANCEDSTATUSCODES".to_owned()]).collect();
        self.forget();
        self.answer(Step::Ehlo, &reply.join("\r\n")).await.map(|_| ())
    }

    async fn start_tls(&mut self) -> Result<(), Over> {
        let Encryption::StartTls(config) = self.script.encryption.clone() else {
            return self.say("502 5.5.1 Not offered").await;
        };
        if self.answer(Step::StartTls, "220 2.0.0 Go ahead").await? == Answered::Otherwise {
            return Ok(());
        }
        let (unused, _) = tokio::io::duplex(1);
        let plain = std::mem::replace(&mut self.stream, BufReader::new(Box::new(unused)));
        self.stream = BufReader::new(Box::new(TlsAcceptor::from(config).accept(plain.into_inner()).await?));
        self.script.encryption = Encryption::None;
        Ok(())
    }

    async fn auth(&mut self, rest: &str) -> Result<(), Over> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let given = if mechanism.eq_ignore_ascii_case("PLAIN") {
            let decoded = decoded(if initial.is_empty() { self.prompt("").await? } else { initial.to_owned() });
            let mut pieces = decoded.split('\0').skip(1).map(ToOwned::to_owned);
            (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default())
        } else {
            (decoded(self.prompt("VXNlcm5hbWU6").await?), decoded(self.prompt("UGFzc3dvcmQ6").await?))
        };
        if self.script.sign_in.as_ref() != Some(&given) {
            return self.say("535 5.7.8 Wrong user or password").await;
        }
        self.is_known = self.answer(Step::Auth, "235 2.7.0 Welcome").await? == Answered::Well;
        Ok(())
    }

    async fn prompt(&mut self, challenge: &str) -> Result<String, Over> {
        self.say(&format!("334 {challenge}")).await?;
        let line = self.line(LONGEST_COMMAND).await?;
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }

    async fn mail(&mut self, rest: &str) -> Result<(), Over> {
        if self.script.sign_in.is_some() && !self.is_known {
            return self.say("530 5.7.0 Sign in first").await;
        }
        let Some(from) = path("FROM:", rest) else {
            return self.say("501 5.5.4 Bad address").await;
        };
        if self.answer(Step::MailFrom(&from), "250 2.1.0 Ok").await? == Answered::Well {
            self.from = Some(from);
        }
        Ok(())
    }

    async fn rcpt(&mut self, rest: &str) -> Result<(), Over> {
        let Some(to) = path("TO:", rest) else {
            return self.say("501 5.5.4 Bad address").await;
        };
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        if self.answer(Step::RcptTo(&to), "250 2.1.5 Ok").await? == Answered::Well {
            self.to.push(to);
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<(), Over> {
        if self.to.is_empty() {
            return self.say("554 5.5.1 No valid recipients").await;
        }
        if self.answer(Step::Data, "354 Go ahead").await? == Answered::Otherwise {
            return Ok(());
        }
        let (mut bytes, mut is_strict) = (Vec::new(), true);
        loop {
            let line = self.line(self.script.largest).await?;
            // As the servers that were burnt by smuggled messages: a line ends with CRLF, and nothing else does.
            is_strict &= line.ends_with(b"\r\n") && !line[..line.len() - 2].contains(&b'\r');
            if line == b".\r\n" {
                break;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            if bytes.len() > self.script.largest {
                return Err(Over);
            }
        }
        if !is_strict {
            self.forget();
            return self.say("550 5.6.11 A line that does not end with CRLF").await;
        }
        let message = Received { from: self.from.take().unwrap_or_default(), to: std::mem::take(&mut self.to), bytes };
        if self.answer(Step::Message(&message), "250 2.0.0 Taken").await? == Answered::Well {
            let _ = self.taken.send(message);
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// A sleeping thread, for timers live elsewhere; there is a handful of these at most.
async fn pause(time: Duration) {
    let _ = tokio::task::spawn_blocking(move || std::thread::sleep(time)).await;
}

/// The address in `FROM:<a@b> SIZE=1`.
fn path(keyword: &str, rest: &str) -> Option<String> {
    let start = rest.get(..keyword.len()).filter(|word| word.eq_ignore_ascii_case(keyword))?.len();
    let (address, _) = rest[start..].trim_start().strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

fn decoded(base64: String) -> String {
    String::from_utf8_lossy(&BASE64.decode(base64.as_bytes()).unwrap_or_default()).into_owned()
}
