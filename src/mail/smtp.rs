//! How does one sender hand messages to the mail server, and know exactly how far each one came?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::{
    mailer::Envelope, smtp_conversation::Connection, smtp_progress::Progress, smtp_settings::SmtpSettings, smtp_text,
    smtp_wire::web_roots,
};
use crate::domain::attempt::{Attempt, Stage};

/// A try may take this long; shorter than the lease on its row.
pub const DEADLINE: Duration = Duration::from_secs(45);

/// A mail server and how long it may take.
#[derive(Debug, Clone)]
pub struct SmtpRelay {
    settings: Arc<SmtpSettings>,
    trust: Arc<ClientConfig>,
    deadline: Duration,
}

impl SmtpRelay {
    #[must_use]
    pub fn new(settings: SmtpSettings) -> Self {
        Self { settings: Arc::new(settings), trust: web_roots(), deadline: DEADLINE }
    }

    /// With other authorities than those of the web, as for a mail server inside one's own network.
    #[must_use]
    pub fn trusting(self, trust: Arc<ClientConfig>) -> Self {
        Self { trust, ..self }
    }

    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    pub(super) fn trust(&self) -> &Arc<ClientConfig> {
        &self.trust
    }

    #[must_use]
    pub fn settings(&self) -> &SmtpSettings {
        &self.settings
    }

    /// Connects, signs in and takes leave: whether mail could be sent, without sending any.
    pub async fn greet(&self) -> Result<(), Attempt> {
        let progress = Progress::on(Default::default());
        match timeout(self.deadline, Connection::open(self, &progress)).await {
            Ok(Ok(connection)) => {
                connection.quit().await;
                Ok(())
            }
            Ok(Err(attempt)) => Err(attempt),
            Err(_) => Err(Attempt::lost(progress.stage(), "The mail server did not answer in time")),
        }
    }
}

/// One sender's own way to the server: never shared, so that no reply can be taken for another's.
#[derive(Debug)]
pub struct SmtpSession {
    relay: SmtpRelay,
    kept: Option<Connection>,
}

impl SmtpSession {
    #[must_use]
    pub fn new(relay: SmtpRelay) -> Self {
        Self { relay, kept: None }
    }

    /// One try, within the deadline. Whatever is in doubt afterwards, the connection is dropped: a reply that
    /// comes late would be taken for the next message's.
    pub async fn send(&mut self, envelope: &Envelope, message: &[u8]) -> Attempt {
        self.send_unless((envelope, message), Instant::now(), std::future::pending()).await
    }

    /// The same, but let go of when the process has to stop. The deadline counts from `begun`: when the row came
    /// into our hands, and not when the network was reached.
    pub async fn send_unless(
        &mut self,
        (envelope, message): (&Envelope, &[u8]),
        begun: Instant,
        stopped: impl Future<Output = ()>,
    ) -> Attempt {
        let Ok(framed) = String::from_utf8(smtp_text::frame(message)) else {
            return Attempt::refused(Stage::Data, 554, "5.6.0 The message is not text and was not sent");
        };
        let kept = self.kept.take().filter(Connection::is_fresh);
        let written = kept.as_ref().map(Connection::written).unwrap_or_default();
        let progress = Progress::on(written).until(begun + self.relay.deadline);
        let left = self.relay.deadline.saturating_sub(begun.elapsed());
        let handing_over = timeout(left, attempt(&self.relay, kept, &progress, (envelope, &framed)));
        let outcome = tokio::select! {
            done = handing_over => done.map_err(|_| {
                format!("The mail server did not answer within {} s", self.relay.deadline.as_secs())
            }),
            () = stopped => Err("Trellis was stopped before the mail server answered".to_owned()),
        };
        let (attempt, connection) = outcome.unwrap_or_else(|what| (Attempt::lost(progress.stage(), what), None));
        self.kept = connection;
        attempt
    }

    /// Takes leave of the server, if a connection is kept.
    pub async fn close(&mut self) {
        if let Some(connection) = self.kept.take() {
            connection.quit().await;
        }
    }
}

/// On a kept connection that turns out dead before the message was named, once more on a new one.
async fn attempt(
    relay: &SmtpRelay,
    kept: Option<Connection>,
    progress: &Progress,
    mail: (&Envelope, &str),
) -> (Attempt, Option<Connection>) {
    if let Some(connection) = kept {
        let (attempt, connection) = connection.transact(progress, mail).await;
        if !hung_up_meanwhile(&attempt) {
            return (attempt, connection);
        }
    }
    match Connection::open(relay, progress).await {
        Ok(connection) => connection.transact(progress, mail).await,
        Err(attempt) => (attempt, None),
    }
}

fn hung_up_meanwhile(attempt: &Attempt) -> bool {
    match attempt {
        Attempt::Accepted { .. } => false,
        Attempt::Refused { stage, code, .. } => *stage == Stage::MailFrom && *code == 421,
        Attempt::Lost { stage, .. } => *stage == Stage::MailFrom,
    }
}
