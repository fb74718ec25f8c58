//! What is said on one connection to hand over one message?

use std::time::Duration;

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials as SignIn, Mechanism},
    client::AsyncSmtpConnection,
    extension::ClientId,
    response::Response,
};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};

use super::{
    mailer::Envelope,
    smtp::SmtpRelay,
    smtp_progress::Progress,
    smtp_settings::{SmtpSettings, Tls},
    smtp_wire::{Wire, Written},
};
use crate::domain::{
    attempt::{Attempt, Stage},
    name::is_unprintable,
};

/// A kept connection is replaced after this many messages,
const MOST_MESSAGES: u32 = 100;
/// or when it lay idle this long: servers hang up on the idle, and the next message would pay for it.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// The server's words are kept up to this many characters.
const LONGEST_WORDS: usize = 500;

/// A conversation in step: every reply so far belongs to what was asked.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    written: Written,
    offers: Offers,
    messages: u32,
    used_at: Instant,
}

/// What EHLO offered, of what we use.
#[derive(Debug, Default, Clone, Copy)]
struct Offers {
    pipelining: bool,
    size: bool,
    /// The largest message it takes, in octets; `None`: it does not say.
    most: Option<usize>,
    eight_bit: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("messages", &self.messages).finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn is_fresh(&self) -> bool {
        self.messages < MOST_MESSAGES && self.used_at.elapsed() < LONGEST_IDLE
    }

    pub(super) async fn open(relay: &SmtpRelay, progress: &Progress) -> Result<Self, Attempt> {
        let settings = relay.settings();
        let written = progress.written.clone();
        let wire = Wire::open(settings, relay.trust(), written.clone(), |stage| progress.reach(stage)).await?;
        let is_encrypted = wire.is_encrypted();
        progress.reach(Stage::Greeting);
        let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
        let mut smtp = greeted.map_err(|error| failure(Stage::Greeting, &error))?;
        // lettre keeps none of the offers we look for, so we ask again.
        let reply =
            smtp.command(format!("EHLO {hello}\r\n")).await.map_err(|error| failure(Stage::Greeting, &error))?;
        progress.reach(Stage::Auth);
        sign_in(&mut smtp, settings, is_encrypted).await?;
        Ok(Self { smtp, written, offers: Offers::read(&reply), messages: 0, used_at: Instant::now() })
    }

    /// Politeness only: whatever the answer, the connection is gone.
    pub(super) async fn quit(mut self) {
        let _ = timeout(Duration::from_secs(2), self.smtp.quit()).await;
    }

    /// The counter of the stream, for the next try's progress.
    pub(super) fn written(&self) -> Written {
        self.written.clone()
    }

    /// Gives the connection back where the conversation is in step.
    pub(super) async fn transact(mut self, progress: &Progress, mail: (&Envelope, &str)) -> (Attempt, Option<Self>) {
        let (attempt, is_in_step) = match self.converse(progress, mail).await {
            Ok(reply) => (Attempt::Accepted { reply: words(&reply.message().collect::<Vec<_>>().join(" ")) }, true),
            Err(Failure { attempt, then: Then::HangUp }) => (attempt, false),
            Err(Failure { attempt, then: Then::GoOn }) => (attempt, true),
            Err(Failure { attempt, then: Then::Reset }) => (attempt, self.smtp.command("RSET\r\n").await.is_ok()),
        };
        self.messages += 1;
        self.used_at = Instant::now();
        (attempt, is_in_step.then_some(self))
    }

    async fn converse(&mut self, progress: &Progress, mail: (&Envelope, &str)) -> Result<Response, Failure> {
        let (envelope, framed) = mail;
        if let Some(most) = self.offers.most.filter(|most| framed.len() > *most) {
            let said = format!("5.3.4 The message has {} octets, and the mail server takes {most}", framed.len());
            return Err(Failure { attempt: Attempt::refused(Stage::MailFrom, 552, said), then: Then::GoOn });
        }
        let commands = [
            (Stage::MailFrom, self.mail_command(envelope, framed)),
            (Stage::RcptTo, format!("RCPT TO:<{}>\r\n", envelope.to.expose())),
            (Stage::Data, "DATA\r\n".to_owned()),
        ];
        if self.offers.pipelining {
            self.name_at_once(progress, &commands).await?;
        } else {
            for (stage, command) in commands {
                progress.reach(stage);
                self.smtp
                    .command(command)
                    .await
                    .map_err(|error| failure(stage, &error))
                    .and_then(|r| expect(stage, &r))?;
            }
        }
        if progress.is_late() {
            let late = Attempt::lost(Stage::Data, "It took too long, and nothing of the message was handed over");
            return Err(Failure { attempt: late, then: Then::HangUp });
        }
        progress.reach_body(framed.len());
        let reply = self.smtp.command(framed).await.map_err(|error| match error.status() {
            Some(_) => failure(Stage::AfterDot, &error),
            None => failure(progress.stage(), &error),
        })?;
        expect(Stage::AfterDot, &reply)?;
        Ok(reply)
    }

    /// MAIL, RCPT and DATA in one write, three replies in order (RFC 2920 §3.1). The first refusal counts.
    async fn name_at_once(&mut self, progress: &Progress, commands: &[(Stage, String); 3]) -> Result<(), Failure> {
        let all: String = commands.iter().map(|(_, command)| command.as_str()).collect();
        progress.reach(Stage::MailFrom);
        let mut answer = self.smtp.command(all).await;
        let mut refusal = None;
        for (stage, _) in commands {
            if *stage != Stage::MailFrom {
                progress.reach(*stage);
                answer = self.smtp.read_response().await;
            }
            match &answer {
                Ok(reply) => expect(*stage, reply)?,
                Err(error) if error.status().is_none() => return Err(failure(*stage, error).into()),
                Err(error) => refusal = refusal.or_else(|| Some(Failure::from(failure(*stage, error)))),
            }
        }
        match refusal {
            // The server now waits for the text of a message for nobody: it gets none.
            Some(refusal) if answer.is_ok() => Err(Failure { then: Then::HangUp, ..refusal }),
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    fn mail_command(&self, envelope: &Envelope, framed: &str) -> String {
        let size = if self.offers.size { format!(" SIZE={}", framed.len()) } else { String::new() };
        let body = if self.offers.eight_bit && !framed.is_ascii() { " BODY=8BITMIME" } else { "" };
        format!("MAIL FROM:<{}>{size}{body}\r\n", envelope.return_path.expose())
    }
}

/// A try that failed, and what can still be said on its connection.
struct Failure {
    attempt: Attempt,
    then: Then,
}

enum Then {
    /// Nothing that comes can be trusted to answer what we say.
    HangUp,
    /// The server must forget the message first.
    Reset,
    GoOn,
}

impl From<Attempt> for Failure {
    fn from(attempt: Attempt) -> Self {
        let then = match &attempt {
            Attempt::Lost { .. } | Attempt::Refused { code: 421, .. } => Then::HangUp,
            Attempt::Refused { stage: Stage::AfterDot, .. } | Attempt::Accepted { .. } => Then::GoOn,
            Attempt::Refused { .. } => Then::Reset,
        };
        Self { attempt, then }
    }
}

impl Offers {
    fn read(ehlo: &Response) -> Self {
        let offers = |keyword: &str| {
            ehlo.message()
                .skip(1)
                .any(|line| line.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(keyword)))
        };
        let size = ehlo
            .message()
            .skip(1)
            .find_map(|line| line.to_ascii_uppercase().strip_prefix("SIZE ")?.trim().parse().ok());
        // 0 is no limit (RFC 1870 §4).
        let most = size.filter(|most| *most > 0);
        Self { pipelining: offers("PIPELINING"), size: offers("SIZE"), most, eight_bit: offers("8BITMIME") }
    }
}

async fn sign_in(smtp: &mut AsyncSmtpConnection, settings: &SmtpSettings, is_encrypted: bool) -> Result<(), Attempt> {
    let Some(credentials) = &settings.credentials else {
        return Ok(());
    };
    if settings.tls == Tls::Opportunistic && !is_encrypted {
        return Err(Attempt::lost(Stage::Auth, "The mail server offers no encryption, so the password was not sent"));
    }
    let pair = SignIn::new(credentials.user.clone(), credentials.password.expose_secret().to_owned());
    smtp.auth(&[Mechanism::Plain, Mechanism::Login], &pair).await.map_err(|error| failure(Stage::Auth, &error))?;
    Ok(())
}

/// DATA is answered by 354 and all else by 2xx; anything else is out of step.
fn expect(stage: Stage, reply: &Response) -> Result<(), Attempt> {
    let code = u16::from(reply.code());
    if (code == 354) == (stage == Stage::Data) && (code == 354 || code < 300) {
        return Ok(());
    }
    Err(Attempt::lost(stage, format!("The mail server answered {code} where that means nothing")))
}

fn failure(stage: Stage, error: &Error) -> Attempt {
    match error.status() {
        Some(code) => {
            let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            Attempt::refused(stage, code.into(), words(&said))
        }
        None => Attempt::lost(stage, words(&error.to_string())),
    }
}

/// The server's words as one short line.
fn words(said: &str) -> String {
    said.chars()
        .map(|c| if is_unprintable(c) { ' ' } else { c })
        .take(LONGEST_WORDS)
        .collect::<String>()
        .trim()
        .to_owned()
}
