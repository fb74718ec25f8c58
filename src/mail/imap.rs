//! Which mail waits in the mailbox that bounces return to, and what becomes of it afterwards? (RFC 3501)

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_imap::{Client, Session, types::Capability};
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::smtp_wire::{trusting, web_roots};

/// How to reach one folder, and where what is dealt with goes.
#[derive(Debug, Clone)]
pub struct ImapSettings {
    pub host: String,
    pub port: u16,
    pub tls: ImapTls,
    pub user: String,
    pub password: SecretString,
    pub folder: String,
    pub put_away: PutAway,
    trust: Arc<ClientConfig>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImapTls {
    Implicit,
    StartTls,
    /// On this machine only: the settings see to it.
    None,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutAway {
    Move(String),
    Mark,
}

/// How far a folder was looked through. A folder made anew numbers its mail anew, and says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub validity: u32,
    pub uid: u32,
}

/// What an operator can do something about; a server's words are not in it where they may quote a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImapError {
    #[error("the mailbox's server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the encrypted connection to the mailbox's server failed: {0}")]
    Tls(String),
    #[error("the mailbox's server refused the user or the password")]
    SignIn,
    #[error("the mailbox's server refused {what}: {why}")]
    Refused { what: &'static str, why: String },
    #[error("the connection to the mailbox broke while {0}")]
    Lost(&'static str),
    #[error("the mailbox's server did not answer in time while {0}")]
    Slow(&'static str),
}

/// One command may take this long.
const DEADLINE: Duration = Duration::from_secs(30);

trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug> Wire for T {}
type Io = Box<dyn Wire>;

/// A folder that is open. Whatever is in doubt, it is dropped, and opened anew.
#[derive(Debug)]
pub struct Folder {
    session: Session<Io>,
    validity: u32,
    offers: Offers,
    put_away: PutAway,
}

/// What the server can do beside the bare protocol.
#[derive(Debug, Clone, Copy)]
struct Offers {
    idle: bool,
    r#move: bool,
    uid_plus: bool,
}

impl ImapSettings {
    #[must_use]
    pub fn new(place: (String, u16, ImapTls), sign_in: (String, SecretString), folder: (String, PutAway)) -> Self {
        let ((host, port, tls), (user, password), (folder, put_away)) = (place, sign_in, folder);
        Self { host, port, tls, user, password, folder, put_away, trust: web_roots() }
    }

    /// With other authorities than those of the web, as for a server inside one's own network. What is no
    /// certificate vouches for nobody.
    #[must_use]
    pub fn trusting(self, pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).flatten());
        Self { trust: trusting(roots), ..self }
    }
}

impl Folder {
    /// Connects, signs in and opens the folder.
    pub async fn open(settings: &ImapSettings) -> Result<Self, ImapError> {
        within("signing in", async {
            let client = connect(settings).await?;
            let mut session = client.login(&settings.user, settings.password.expose_secret()).await.map_err(
                |(error, _)| match error {
                    async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => ImapError::SignIn,
                    other => failed("signing in")(other),
                },
            )?;
            let offered = session.capabilities().await.map_err(failed("asking what it offers"))?;
            let has = |word: &str| offered.has(&Capability::Atom(word.to_owned()));
            let offers = Offers { idle: has("IDLE"), r#move: has("MOVE"), uid_plus: has("UIDPLUS") };
            if let PutAway::Move(folder) = &settings.put_away {
                // It says no when there is one already; a folder that cannot be made shows when mail is moved.
                let _made = session.create(folder).await;
            }
            let chosen = session.select(&settings.folder).await.map_err(failed("opening the folder"))?;
            let validity = chosen.uid_validity.unwrap_or_default();
            Ok(Self { session, validity, offers, put_away: settings.put_away.clone() })
        })
        .await
    }

    /// A mark from before the folder was made anew says nothing.
    #[must_use]
    pub fn mark(&self, last: Option<Mark>) -> Option<Mark> {
        last.filter(|mark| mark.validity == self.validity)
    }

    #[must_use]
    pub fn marked(&self, uid: u32) -> Mark {
        Mark { validity: self.validity, uid }
    }

    /// Mail beyond the mark, or that came since a day where there is no mark: its number and its octets, the
    /// oldest first.
    pub async fn waiting(&mut self, mark: Option<Mark>, since: NaiveDate) -> Result<Vec<(u32, u32)>, ImapError> {
        within("looking for mail", async {
            let (first, query) = match self.mark(mark) {
                Some(mark) => (mark.uid.saturating_add(1), format!("UID {}:*", mark.uid.saturating_add(1))),
                None => (1, format!("SINCE {}", since.format("%-d-%b-%Y"))),
            };
            let found = self.session.uid_search(query).await.map_err(failed("looking for mail"))?;
            // `n:*` names the last mail also when its number is lower.
            let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid >= first).collect();
            uids.sort_unstable();
            uids.truncate(AT_ONCE);
            if uids.is_empty() {
                return Ok(Vec::new());
            }
            let set = uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let fetched = self.session.uid_fetch(set, "(UID RFC822.SIZE)").await.map_err(failed("looking for mail"))?;
            let fetched: Vec<_> = fetched.try_collect().await.map_err(failed("looking for mail"))?;
            let sizes: BTreeMap<u32, u32> =
                fetched.iter().filter_map(|fetch| Some((fetch.uid?, fetch.size.unwrap_or_default()))).collect();
            Ok(sizes.into_iter().collect())
        })
        .await
    }

    /// The whole mail, which stays unread. `None`: it is gone.
    pub async fn read(&mut self, uid: u32) -> Result<Option<Vec<u8>>, ImapError> {
        within("reading a mail", async {
            let query = "(UID BODY.PEEK[])";
            let fetched = self.session.uid_fetch(uid.to_string(), query).await.map_err(failed("reading a mail"))?;
            let fetched: Vec<_> = fetched.try_collect().await.map_err(failed("reading a mail"))?;
            let mail = fetched.iter().find(|fetch| fetch.uid == Some(uid)).and_then(|fetch| fetch.body());
            Ok(mail.map(<[u8]>::to_vec))
        })
        .await
    }

    /// Marks as seen, and moves where it is wanted. Another replica may have been faster.
    pub async fn put_away(&mut self, uid: u32) -> Result<(), ImapError> {
        let (folder, offers) = (self.put_away.clone(), self.offers);
        within("putting a mail away", async {
            let session = &mut self.session;
            let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)");
            session.run_command_and_check_ok(command).await.map_err(failed("marking a mail"))?;
            let PutAway::Move(folder) = folder else { return Ok(()) };
            if offers.r#move {
                return session.uid_mv(uid.to_string(), folder).await.map_err(failed("moving a mail"));
            }
            session.uid_copy(uid.to_string(), folder).await.map_err(failed("moving a mail"))?;
            let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)");
            session.run_command_and_check_ok(command).await.map_err(failed("moving a mail"))?;
            // Without UIDPLUS, others' deleted mail would go too.
            if offers.uid_plus {
                let command = format!("UID EXPUNGE {uid}");
                session.run_command_and_check_ok(command).await.map_err(failed("moving a mail"))?;
            }
            Ok(())
        })
        .await
    }

    /// Waits until the folder changes, or for this long; where the server cannot tell, for this long.
    pub async fn wait(self, most: Duration) -> Result<Self, ImapError> {
        if !self.offers.idle {
            sleep(most).await;
            return Ok(self);
        }
        let Self { session, validity, offers, put_away } = self;
        let mut idle = session.idle();
        within("waiting", async { idle.init().await.map_err(failed("waiting")) }).await?;
        let (change, _interrupt) = idle.wait_with_timeout(most);
        // A server that says it is still there may say so for good.
        let _ = timeout(most * 2, change).await;
        let session = within("waiting", async { idle.done().await.map_err(failed("waiting")) }).await?;
        Ok(Self { session, validity, offers, put_away })
    }

    /// Takes leave.
    pub async fn close(mut self) {
        let _ = within("taking leave", async { self.session.logout().await.map_err(failed("taking leave")) }).await;
    }
}

/// However much waits, this many at a look.
const AT_ONCE: usize = 100;

/// For whoever cannot wait for the server.
pub async fn pause(time: Duration) {
    sleep(time).await;
}

/// Where the server waits for the sign-in, its greeting read.
async fn connect(settings: &ImapSettings) -> Result<Client<Io>, ImapError> {
    let unreachable = |error: std::io::Error| ImapError::Unreachable(error.to_string());
    let tcp = TcpStream::connect((settings.host.as_str(), settings.port)).await.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    match settings.tls {
        ImapTls::None => greeted(Box::new(tcp)).await,
        ImapTls::Implicit => greeted(encrypt(Box::new(tcp), settings).await?).await,
        ImapTls::StartTls => {
            let mut client = greeted(Box::new(tcp)).await?;
            client.run_command_and_check_ok("STARTTLS", None).await.map_err(failed("beginning encryption"))?;
            // What was said in the clear after it goes with the buffer, and there is no second greeting.
            Ok(Client::new(encrypt(client.into_inner(), settings).await?))
        }
    }
}

async fn greeted(io: Io) -> Result<Client<Io>, ImapError> {
    let mut client = Client::new(io);
    match client.read_response().await {
        Ok(Some(_)) => Ok(client),
        Ok(None) | Err(_) => Err(ImapError::Lost("waiting for its greeting")),
    }
}

async fn encrypt(io: Io, settings: &ImapSettings) -> Result<Io, ImapError> {
    let name = ServerName::try_from(settings.host.clone()).map_err(|error| ImapError::Tls(error.to_string()))?;
    let stream = TlsConnector::from(settings.trust.clone()).connect(name, io).await;
    Ok(Box::new(stream.map_err(|error| ImapError::Tls(error.to_string()))?))
}

async fn within<T>(what: &'static str, work: impl Future<Output = Result<T, ImapError>>) -> Result<T, ImapError> {
    timeout(DEADLINE, work).await.unwrap_or(Err(ImapError::Slow(what)))
}

/// An error of the library in our words: its own quote what came over the wire.
fn failed(what: &'static str) -> impl Fn(async_imap::error::Error) -> ImapError {
    use async_imap::error::Error;
    move |error| match error {
        Error::No(why) | Error::Bad(why) => ImapError::Refused { what, why: why.chars().take(200).collect() },
        Error::Validate(_) => ImapError::Refused { what, why: "a name or password holds a line break".to_owned() },
        // Io, ConnectionLost, Parse, Append, and what comes with later versions.
        _ => ImapError::Lost(what),
    }
}
