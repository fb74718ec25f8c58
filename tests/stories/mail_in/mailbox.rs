//! A mailbox that is watched: a real Dovecot, in a folder of its own.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use trellis::{
    actions::look_into_mailbox::{CannotLook, Watch},
    demo::smtp_server::Script,
    worker::Worker,
};

use super::{ANA, About, delivery, inbound, person, with_ana};
use crate::world::{Backend, World};

/// Runs until it is dropped.
struct Dovecot {
    folder: tempfile::TempDir,
    child: Child,
    /// In the clear at first, and encrypted where it is asked for (STARTTLS).
    port: u16,
    /// Encrypted from the first byte.
    encrypted: u16,
}

/// Vouches for Dovecot's certificate, and nobody vouches for it.
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories/mail_in/authority.pem");
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories/mail_in/certificate.pem");

/// Whose mailbox it is: nobody of this machine.
const OWNER: u32 = 65_534;

impl Dovecot {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("trellis-imap").tempdir_in("/tmp").unwrap();
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (port, encrypted) = (free(), free());
        let root = folder.path().display().to_string();
        for part in ["mail", "mail/cur", "mail/new", "mail/tmp"] {
            fs::create_dir_all(folder.path().join(part)).unwrap();
            chown(folder.path().join(part), Some(OWNER), Some(OWNER)).unwrap();
        }
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let settings = format!(
            "base_dir = {root}/run\nstate_dir = {root}/run\nlog_path = {root}/log\nprotocols = imap\nssl = yes\nssl_cert = <{CERTIFICATE}\nssl_key = <{CERTIFICATE}\n\
             disable_plaintext_auth = no\nmail_location = maildir:{root}/mail\nfirst_valid_uid = 1\n\
             default_internal_user = nobody\ndefault_login_user = nobody\ndefault_internal_group = nogroup\n\
             passdb {{\n driver = static\n args = password=hunter2\n}}\n\
             userdb {{\n driver = static\n args = uid={OWNER} gid={OWNER} home={root}/home\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n  address = 127.0.0.1\n  port = {port}\n }}\n inet_listener imaps {{\n  address = 127.0.0.1\n  port = {encrypted}\n  ssl = yes\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n"
        );
        let config = folder.path().join("dovecot.conf");
        fs::write(&config, settings).unwrap();
        let child = Command::new("dovecot")
            .args(["-F", "-c", config.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dovecot is installed: run tests/run, which sees to it");
        let dovecot = Self { folder, child, port, encrypted };
        dovecot.wait_until_it_listens();
        dovecot
    }

    fn wait_until_it_listens(&self) {
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("dovecot does not listen: {}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// As a mail server puts it into a Maildir: whole or not at all.
    fn deliver(&self, name: &str, mail: &[u8]) {
        let part = self.mail().join("tmp").join(name);
        fs::write(&part, [format!("X-Name: {name}\r\n").as_bytes(), mail].concat()).unwrap();
        chown(&part, Some(OWNER), Some(OWNER)).unwrap();
        fs::rename(part, self.mail().join("new").join(name)).unwrap();
    }

    /// The mails of a folder, and whether each was seen: `name` or `name seen`.
    fn listed(&self, folder: &str) -> Vec<String> {
        let mut names = Vec::new();
        for part in ["new", "cur"] {
            let entries = fs::read_dir(self.mail().join(folder).join(part));
            for entry in entries.into_iter().flatten() {
                let path = entry.unwrap().path();
                let flags =
                    path.to_string_lossy().split_once(":2,").map_or(String::new(), |(_, flags)| flags.to_owned());
                // Dovecot gives its own names to files that it moves.
                let mail = fs::read(&path).unwrap_or_default();
                let first = String::from_utf8_lossy(mail.split(|octet| *octet == b'\r').next().unwrap()).into_owned();
                let name = first.trim_start_matches("X-Name: ").to_owned();
                names.push(if flags.contains('S') { format!("{name} seen") } else { name });
            }
        }
        names.sort();
        names
    }

    async fn house(&self, backend: Backend, more: &[(&str, &str)]) -> World {
        let port = self.port.to_string();
        let mut settings = vec![
            ("bounces.host", "\"127.0.0.1\""),
            ("bounces.port", port.as_str()),
            ("bounces.tls", "\"none\""),
            ("bounces.user", "\"bounces\""),
            ("bounces.password", "\"hunter2\""),
        ];
        settings.extend_from_slice(more);
        World::with(backend, Script::well(), &settings).await
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its master stops its own children when it is asked to.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// Dovecot gives up rights that only root has.
fn cannot_run() -> bool {
    let missing = !is_root() || !["/usr/sbin/dovecot", "/usr/bin/dovecot"].iter().any(|path| Path::new(path).exists());
    if missing {
        eprintln!(
            "NOT RUN: a mailbox on a real Dovecot. It needs root and Debian's dovecot-imapd; tests/run installs it."
        );
    }
    missing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ours_is_put_away_and_what_is_for_people_stays_unread() {
    if cannot_run() {
        return;
    }
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let dovecot = Dovecot::start();
        let world = dovecot.house(backend, &[]).await;
        with_ana(&world).await;
        let about = About::mail(&world.last_to(ANA.email));
        dovecot.deliver("1-reply", &inbound("reply_gmail_accepted", &about));
        dovecot.deliver("2-person", &inbound("personal_check_in", &about));
        dovecot.deliver("3-spam", &inbound("spam", &about));
        dovecot.deliver(
            "4-forged",
            &inbound("dsn_redacted", &About { message_id: "<guess@localhost>".to_owned(), ..about.clone() }),
        );
        dovecot.deliver("5-large", &vec![b'x'; 1_100_000]);
        dovecot.deliver("6-bounce", &inbound("dsn_postfix_unknown_user", &about));

        let mut watch = Watch::of(&world.app).unwrap();
        let looked = watch.look(&world.app).await.unwrap();
        assert_eq!((looked.put_away, looked.left), (2, 4));
        assert_eq!(dovecot.listed(".Trellis"), ["1-reply seen", "6-bounce seen"]);
        assert_eq!(dovecot.listed(""), ["2-person", "3-spam", "4-forged", "5-large"], "as they were, unread");
        assert_eq!(delivery(&world, &about.message_id).await.0, "bounced");
        assert!(person(&world, ANA.email).await.mail_problem.is_some());

        let again = watch.look(&world.app).await.unwrap();
        assert_eq!((again.put_away, again.left), (0, 0), "what was looked at is not looked at again");
        watch.close().await;
        let mut after_a_restart = Watch::of(&world.app).unwrap();
        assert_eq!(after_a_restart.look(&world.app).await.unwrap().left, 0);
        after_a_restart.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_mail_is_seen_at_once_where_the_server_says_so() {
    if cannot_run() {
        return;
    }
    let dovecot = Dovecot::start();
    let settings = [("bounces.after", "\"mark\""), ("bounces.look_every_seconds", "3600")];
    let world = dovecot.house(Backend::Sqlite, &settings).await;
    with_ana(&world).await;
    let about = About::mail(&world.last_to(ANA.email));
    let worker = Worker::start(&world.app);
    tokio::time::sleep(Duration::from_secs(2)).await;
    dovecot.deliver("1-bounce", &inbound("dsn_postfix_unknown_user", &about));
    let mut waited = 0;
    while dovecot.listed("") != ["1-bounce seen"] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        waited += 1;
        assert!(waited < 150, "an hour is too long: {:?}", dovecot.listed(""));
    }
    assert_eq!(delivery(&world, &about.message_id).await.0, "bounced");
    let stopping = tokio::time::timeout(Duration::from_secs(10), worker.stop());
    stopping.await.expect("waiting for mail keeps nobody from stopping");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_mailbox_is_read_where_somebody_vouches_for_it_and_not_where_nobody_does() {
    if cannot_run() {
        return;
    }
    let dovecot = Dovecot::start();
    let ports = [("\"implicit\"", dovecot.encrypted.to_string()), ("\"starttls\"", dovecot.port.to_string())];
    for (tls, port) in &ports {
        let way = [("bounces.host", "\"localhost\""), ("bounces.tls", *tls), ("bounces.port", port.as_str())];
        let strange = dovecot.house(Backend::Sqlite, &way).await;
        let refused = Watch::of(&strange.app).unwrap().look(&strange.app).await.unwrap_err().to_string();
        assert!(refused.contains("the encrypted connection to the mailbox's server failed"), "{tls}: {refused}");
        assert!(
            refused.contains("UnknownIssuer") && !refused.contains('\n') && !refused.contains("hunter2"),
            "{refused}"
        );
        let findings = trellis::actions::doctor::examine(&strange.app).await;
        let told = findings.iter().find(|found| found.check == "bounces").unwrap();
        assert!(told.advice.contains("bounces.ca_file"), "{told:?}");

        let authority = format!("{AUTHORITY:?}");
        let trusted = [&way[..], &[("bounces.ca_file", authority.as_str())]].concat();
        let world = dovecot.house(Backend::Sqlite, &trusted).await;
        with_ana(&world).await;
        let about = About::mail(&world.last_to(ANA.email));
        dovecot.deliver(port, &inbound("dsn_postfix_unknown_user", &about));
        let mut watch = Watch::of(&world.app).unwrap();
        assert_eq!(watch.look(&world.app).await.unwrap().put_away, 1, "{tls}");
        watch.close().await;
        assert_eq!(delivery(&world, &about.message_id).await.0, "bounced");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_that_cannot_be_opened_says_why_and_is_tried_again() {
    if cannot_run() {
        return;
    }
    let dovecot = Dovecot::start();
    let wrong = dovecot.house(Backend::Sqlite, &[("bounces.password", "\"guess\"")]).await;
    let refused = Watch::of(&wrong.app).unwrap().look(&wrong.app).await.unwrap_err();
    assert!(matches!(refused, CannotLook::Imap(_)));
    assert!(
        refused.to_string().contains("user or the password") && !refused.to_string().contains("guess"),
        "{refused}"
    );
    let nowhere = dovecot.house(Backend::Sqlite, &[("bounces.folder", "\"None\"")]).await;
    let mut watch = Watch::of(&nowhere.app).unwrap();
    for _ in 0..2 {
        let refused = watch.look(&nowhere.app).await.unwrap_err();
        assert!(refused.to_string().contains("opening the folder"), "{refused}");
    }
    drop(dovecot);
    let gone = watch.look(&nowhere.app).await.unwrap_err();
    assert!(gone.to_string().contains("reached"), "{gone}");
}
