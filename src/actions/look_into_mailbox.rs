//! The mailbox that bounces return to is looked into: each mail taken in once, what was ours put away.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::take_in::{Door, Outcome, take_in};
use crate::{
    app::App,
    config::{After, Bounces, MailboxTls},
    domain::ids::PracticeId,
    mail::{
        imap::{Folder, ImapError, ImapSettings, ImapTls, Mark, PutAway, pause},
        receive::OCTETS,
    },
    store::{self, settings},
    transact,
};

/// A mailbox, and the way into it while it is open.
#[derive(Debug)]
pub struct Watch {
    imap: ImapSettings,
    open: Option<Folder>,
    /// Where the mark is kept: names no user and no server.
    name: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CannotLook {
    #[error(transparent)]
    Imap(#[from] ImapError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    pub put_away: u32,
    pub left: u32,
}

/// How far back the first look goes: a bounce of last month is no news.
const FIRST_LOOK: TimeDelta = TimeDelta::days(14);

impl Watch {
    /// `None` where no mailbox is set.
    #[must_use]
    pub fn of(app: &App) -> Option<Self> {
        let bounces = &app.config.bounces;
        let imap = imap_settings(bounces)?;
        let place = format!("{}/{}/{}/{}", bounces.host, bounces.port, bounces.user, bounces.folder);
        let name = format!("mailbox/{}", app.links.keys().hash("mailbox", &place));
        Some(Self { imap, open: None, name })
    }

    /// Whether there is a way in: signs in, opens the folder, and leaves everything as it is.
    pub async fn try_door(&self) -> Result<(), ImapError> {
        Folder::open(&self.imap).await?.close().await;
        Ok(())
    }

    /// Whether the folder can be opened.
    pub async fn open(&mut self) -> Result<(), CannotLook> {
        if self.open.is_none() {
            self.open = Some(Folder::open(&self.imap).await?);
        }
        Ok(())
    }

    /// Takes in whatever is new. After an error the way in is opened anew.
    pub async fn look(&mut self, app: &App) -> Result<Looked, CannotLook> {
        let mut folder = match self.open.take() {
            Some(folder) => folder,
            None => Folder::open(&self.imap).await?,
        };
        let looked = self.look_through(app, &mut folder).await?;
        self.open = Some(folder);
        Ok(looked)
    }

    async fn look_through(&self, app: &App, folder: &mut Folder) -> Result<Looked, CannotLook> {
        let mut looked = Looked::default();
        loop {
            let now = app.clock.now();
            let mark = settings::get(app.db.reader(), NOBODY, &self.name).await?.and_then(|text| parse(&text));
            let waiting = folder.waiting(mark, (now.real - FIRST_LOOK).date_naive()).await?;
            if waiting.is_empty() {
                return Ok(looked);
            }
            for (uid, octets) in waiting {
                match self.take(app, folder, (uid, octets)).await? {
                    Outcome::Nothing => looked.left += 1,
                    Outcome::Bounce | Outcome::Complaint | Outcome::Answer | Outcome::Reply => {
                        put_away(folder, uid).await?;
                        looked.put_away += 1;
                    }
                }
                self.remember(app, folder.marked(uid), now.real).await?;
            }
        }
    }

    async fn take(&self, app: &App, folder: &mut Folder, of: (u32, u32)) -> Result<Outcome, CannotLook> {
        let (uid, octets) = of;
        if usize::try_from(octets).unwrap_or(usize::MAX) > OCTETS {
            tracing::info!(octets, "a mail is too large to be one for us; it stays where it is");
            return Ok(Outcome::Nothing);
        }
        match folder.read(uid).await? {
            Some(bytes) => Ok(take_in(app, &bytes, Door::Mailbox).await?),
            None => Ok(Outcome::Nothing),
        }
    }

    async fn remember(&self, app: &App, mark: Mark, at: DateTime<Utc>) -> store::Result<()> {
        let value = format!("{}:{}", mark.validity, mark.uid);
        let id = app.random.uuid(at);
        transact!(app.db, |tx| settings::set(tx, id, (NOBODY, &self.name), &value, at).await)
    }

    /// Until there is something new, or for this long.
    pub async fn wait(&mut self, most: Duration) {
        match self.open.take() {
            // What breaks here is opened anew at the next look.
            Some(folder) => self.open = folder.wait(most).await.ok(),
            None => pause(most).await,
        }
    }

    pub async fn close(self) {
        if let Some(folder) = self.open {
            folder.close().await;
        }
    }
}

/// A folder that refuses to give a mail away must not keep the next ones from being looked at.
async fn put_away(folder: &mut Folder, uid: u32) -> Result<(), ImapError> {
    match folder.put_away(uid).await {
        Err(error @ ImapError::Refused { .. }) => {
            tracing::warn!(%error, "a mail that was dealt with stays where it is");
            Ok(())
        }
        outcome => outcome,
    }
}

/// A mailbox is the installation's, not a practice's.
const NOBODY: PracticeId = PracticeId(uuid::Uuid::nil());

fn parse(text: &str) -> Option<Mark> {
    let (validity, uid) = text.split_once(':')?;
    Some(Mark { validity: validity.parse().ok()?, uid: uid.parse().ok()? })
}

fn imap_settings(bounces: &Bounces) -> Option<ImapSettings> {
    if bounces.host.is_empty() {
        return None;
    }
    // Read when the settings were checked; a file that has gone since shows as a refused sign-in.
    let password = bounces.password().unwrap_or_default();
    let tls = match bounces.tls {
        MailboxTls::Implicit => ImapTls::Implicit,
        MailboxTls::StartTls => ImapTls::StartTls,
        MailboxTls::None => ImapTls::None,
    };
    let put_away = match bounces.after {
        After::Move => PutAway::Move(bounces.move_to.clone()),
        After::Mark => PutAway::Mark,
    };
    let settings = ImapSettings::new(
        (bounces.host.clone(), bounces.port, tls),
        (bounces.user.clone(), password),
        (bounces.folder.clone(), put_away),
    );
    // A file that has gone since vouches for nobody.
    match bounces.authorities().unwrap_or_else(|_| Some(String::new())) {
        Some(pem) => Some(settings.trusting(&pem)),
        None => Some(settings),
    }
}
