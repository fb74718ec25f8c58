//! Where does a finished message go?

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use super::smtp::{SmtpRelay, SmtpSession};
use crate::domain::{
    attempt::{Attempt, Stage},
    email_address::EmailAddress,
};

/// The way out, shared by all senders.
#[derive(Debug, Clone)]
pub enum Mailer {
    Smtp(SmtpRelay),
    /// Nothing leaves: each message becomes a file that a mail client opens.
    Folder(PathBuf),
}

/// One task's own way out: one message at a time, a connection of its own.
#[derive(Debug)]
pub enum Sender {
    Smtp(Box<SmtpSession>),
    Folder(PathBuf),
}

/// Who a message is for, as far as servers on the way see it.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Where bounces go: an address of ours that knows its message (VERP, B2).
    pub return_path: EmailAddress,
    /// Exactly one: nobody sees another's address.
    pub to: EmailAddress,
}

impl Mailer {
    #[must_use]
    pub fn sender(&self) -> Sender {
        match self {
            Self::Smtp(relay) => Sender::Smtp(Box::new(SmtpSession::new(relay.clone()))),
            Self::Folder(folder) => Sender::Folder(folder.clone()),
        }
    }
}

impl Sender {
    /// One try. Never retries a message on its own, never says `Accepted` without the server's word for it.
    pub async fn send(&mut self, envelope: &Envelope, message: &[u8]) -> Attempt {
        match self {
            Self::Smtp(session) => session.send(envelope, message).await,
            Self::Folder(folder) => keep(folder, message).await,
        }
    }

    /// The same, but let go of when the process has to stop; how far it had come is in the answer. The deadline
    /// counts from `begun`.
    pub async fn send_unless(
        &mut self,
        (envelope, message): (&Envelope, &[u8]),
        begun: Instant,
        stopped: impl Future<Output = ()>,
    ) -> Attempt {
        match self {
            Self::Smtp(session) => session.send_unless((envelope, message), begun, stopped).await,
            Self::Folder(folder) => keep(folder, message).await,
        }
    }

    /// Before a pause: lets a kept connection go.
    pub async fn close(&mut self) {
        match self {
            Self::Smtp(session) => session.close().await,
            Self::Folder(_) => {}
        }
    }
}

/// Waits so long at most for an attempt that is under way. `None`: it goes on.
pub async fn wait_for(attempt: &mut (impl Future<Output = Attempt> + Unpin), at_most: Duration) -> Option<Attempt> {
    tokio::time::timeout(at_most, attempt).await.ok()
}

/// The file's name comes from the bytes, so a retry of the same message is the same file.
async fn keep(folder: &Path, message: &[u8]) -> Attempt {
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(message)[..12]);
    let (part, whole) = (folder.join(format!(".{digest}.part")), folder.join(format!("{digest}.eml")));
    let written = async {
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&part, message).await?;
        tokio::fs::rename(&part, &whole).await
    };
    match written.await {
        Ok(()) => Attempt::Accepted { reply: format!("Kept as {digest}.eml") },
        Err(error) => Attempt::lost(Stage::Connect, format!("The folder for mail cannot be written: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_keeps_each_message_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut sender = Mailer::Folder(folder.path().join("mail")).sender();
        let envelope = Envelope { return_path: "b@x.example".parse().unwrap(), to: "sam@example.org".parse().unwrap() };
        for message in ["one", "one", "two"] {
            assert!(matches!(sender.send(&envelope, message.as_bytes()).await, Attempt::Accepted { .. }));
        }
        assert_eq!(std::fs::read_dir(folder.path().join("mail")).unwrap().count(), 2);

        let mut sender = Mailer::Folder("/dev/null/mail".into()).sender();
        assert!(matches!(sender.send(&envelope, b"x").await, Attempt::Lost { stage: Stage::Connect, .. }));
    }
}
