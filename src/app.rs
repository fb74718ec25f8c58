//! What does everything need? Handed around whole, made once.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::sync::{Notify, watch};

use crate::{
    clock::Clock,
    config::{Config, MailMode},
    keys::Keys,
    links::Links,
    mail::{
        dkim::Signer, mailbox::Mailbox, mailer::Mailer, post_office::PostOffice, smtp::SmtpRelay,
        smtp_settings::SmtpSettings, templates::Templates,
    },
    metrics::Metrics,
    random::Random,
    store::{
        asking::{Confirmations, Line},
        database::Database,
        ledger::{AtWork, Together},
        sent_forms::Desk,
    },
};

#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub random: Random,
    pub links: Links,
    pub db: Database,
    pub templates: Templates,
    pub mailer: Mailer,
    /// Whether the next mail may leave: shared by all senders of this process.
    pub post: PostOffice,
    /// Where the senders leave what is to be written down.
    pub ledger: Together,
    /// Which of its rows are in hand here.
    pub at_work: AtWork,
    /// `None`: signing is left to the relay.
    pub signer: Option<Arc<Signer>>,
    /// Who asks for a place right now.
    pub line: Line,
    /// Who confirms their place right now.
    pub confirming: Confirmations,
    /// Forms that may have been sent before, and answers that are kept for them.
    pub sent_forms: Desk,
    /// Rung after a commit that made mail due, so that nobody waits for the next tick.
    pub bell: Notify,
    /// A rehearsal keeps what it sends, to be looked at; `None` where mail leaves the house.
    pub mailbox: Option<Arc<Mailbox>>,
    pub metrics: Metrics,
    /// How far the process has come in stopping.
    pub closing: watch::Sender<Closing>,
}

/// Asked to stop, it finishes what it has in hand; in the end it lets go of that, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closing {
    Open,
    /// Nothing new is begun.
    Draining,
    /// What is still in hand is given up, and written down as what it is.
    Now,
}

impl App {
    /// Opens the database and brings it up to date, reads the key. Nothing listens or sends yet.
    pub async fn open(config: Config, clock: Clock, random: Random) -> anyhow::Result<Arc<Self>> {
        Self::make(config, clock, random, None).await
    }

    /// The same for a rehearsal, whose mail server puts everything into this mailbox.
    pub async fn rehearse(
        config: Config,
        clock: Clock,
        random: Random,
        mailbox: Arc<Mailbox>,
    ) -> anyhow::Result<Arc<Self>> {
        Self::make(config, clock, random, Some(mailbox)).await
    }

    async fn make(
        config: Config,
        clock: Clock,
        random: Random,
        mailbox: Option<Arc<Mailbox>>,
    ) -> anyhow::Result<Arc<Self>> {
        let db = Database::open(config.database.url.expose_secret(), config.database.connections).await?;
        db.migrate().await.context("the database cannot be brought up to date; was a newer Trellis here before?")?;
        let keys = match config.secrets.key.expose_secret() {
            "" => Keys::from_file(&config.secrets.key_file, &random)?,
            text => Keys::parse(text)?,
        };
        let (mailer, signer) = (mailer(&config)?, signer(&config)?.map(Arc::new));
        let links = Links::new(&config.server.base_url, keys);
        let (templates, bell) = (Templates::new()?, Notify::new());
        let hands = (config.mail.senders, config.mail.most_senders);
        let post = PostOffice::new(config.pace.into(), hands, clock.now().real);
        let (metrics, closing) = (Metrics::default(), watch::Sender::new(Closing::Open));
        db.watch_commits(metrics.commits());
        Ok(Arc::new(Self {
            config,
            clock,
            random,
            links,
            db,
            templates,
            mailer,
            post,
            ledger: Together::default(),
            at_work: AtWork::default(),
            line: Line::default(),
            confirming: Confirmations::default(),
            sent_forms: Desk::default(),
            signer,
            bell,
            mailbox,
            metrics,
            closing,
        }))
    }

    #[must_use]
    pub fn is_closing(&self) -> bool {
        *self.closing.borrow() > Closing::Open
    }

    /// Resolves when what is in hand must be let go of.
    pub async fn must_let_go(&self) {
        let mut closing = self.closing.subscribe();
        // The sender lives as long as the app.
        let _gone = closing.wait_for(|closing| *closing == Closing::Now).await;
    }

    /// Host and port of the mail server, for a person to read; never the password.
    #[must_use]
    pub fn relay_name(&self) -> String {
        let url = self.config.mail.smtp_url.expose_secret();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.rsplit('@').next().unwrap_or(rest).split(['/', '?']).next().unwrap_or(rest).to_owned()
    }
}

fn mailer(config: &Config) -> anyhow::Result<Mailer> {
    match config.mail.mode {
        MailMode::File => Ok(Mailer::Folder(config.mail.folder.clone())),
        MailMode::Live | MailMode::Redirect | MailMode::Hold => {
            let settings = SmtpSettings::parse(config.mail.smtp_url.expose_secret())?;
            let deadline = Duration::from_secs(u64::from(config.mail.attempt_seconds));
            Ok(Mailer::Smtp(SmtpRelay::new(settings).with_deadline(deadline)))
        }
    }
}

fn signer(config: &Config) -> anyhow::Result<Option<Signer>> {
    let dkim = &config.dkim;
    let pairs = [(&dkim.rsa_selector, &dkim.rsa_key_file), (&dkim.ed25519_selector, &dkim.ed25519_key_file)];
    let mut signer: Option<Signer> = None;
    for (selector, file) in pairs.into_iter().filter(|(selector, file)| !selector.is_empty() && !file.is_empty()) {
        let pem = std::fs::read_to_string(file).with_context(|| format!("the DKIM key {file} cannot be read"))?;
        signer = Some(signer.unwrap_or_else(|| Signer::new(&dkim.domain)).with_key(selector, &pem)?);
    }
    Ok(signer)
}
