//! Does the mailer tell the truth about every stage of a try?

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio_rustls::rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::*;
use crate::{
    domain::attempt::{Attempt, Class, Stage, class},
    mail::{
        mailer::{Envelope, Mailer, Sender},
        smtp::SmtpRelay,
        smtp_settings::SmtpSettings,
        smtp_wire::trusting,
    },
};

const LOOPBACK: &str = "127.0.0.1:0";
const BODY: &[u8] = b"Subject: Hi\r\n\r\nHello\r\n";

async fn server(script: Script) -> (SocketAddr, mpsc::UnboundedReceiver<Received>) {
    start(LOOPBACK.parse().unwrap(), script).await.unwrap()
}

fn sender(url: &str) -> Sender {
    let relay = SmtpRelay::new(SmtpSettings::parse(url).unwrap());
    Mailer::Smtp(relay.with_deadline(Duration::from_millis(400))).sender()
}

fn envelope() -> Envelope {
    Envelope { return_path: "b+k7f3@bounce.example.org".parse().unwrap(), to: "sam@example.org".parse().unwrap() }
}

fn is_accepted(attempt: &Attempt) -> bool {
    class(attempt) == Class::Sent
}

fn is_lost_at(attempt: &Attempt, stage: Stage) -> bool {
    matches!(attempt, Attempt::Lost { stage: lost, .. } if *lost == stage)
}

/// Which stage of the try waits for the server's step.
fn stage_of(step: Step<'_>) -> Stage {
    match step {
        Step::Greeting | Step::Ehlo => Stage::Greeting,
        Step::StartTls => Stage::Tls,
        Step::Auth => Stage::Auth,
        Step::MailFrom(_) => Stage::MailFrom,
        Step::RcptTo(_) => Stage::RcptTo,
        Step::Data => Stage::Data,
        Step::Message(_) => Stage::AfterDot,
    }
}

const SERVER_STAGES: [Stage; 5] = [Stage::Greeting, Stage::MailFrom, Stage::RcptTo, Stage::Data, Stage::AfterDot];
const BOTH: [Pipelining; 2] = [Pipelining::Offered, Pipelining::NotOffered];

/// Acts so at one stage and is well at the others.
fn at(stage: Stage, action: Action) -> Script {
    Script::new(move |step| if stage_of(step) == stage { action.clone() } else { Action::Go })
}

#[tokio::test]
async fn a_well_server_takes_the_message_byte_for_byte() {
    for pipelining in BOTH {
        let (address, mut inbox) = server(Script::well().with_pipelining(pipelining)).await;
        let mut sender = sender(&format!("smtp://{address}"));
        assert_eq!(sender.send(&envelope(), BODY).await, Attempt::Accepted { reply: "2.0.0 Taken".into() });
        let received = inbox.recv().await.unwrap();
        assert_eq!(received.from, "b+k7f3@bounce.example.org");
        assert_eq!(received.to, ["sam@example.org"]);
        assert_eq!(received.bytes, BODY);
        sender.close().await;
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_its_stage_code_and_words() {
    for (pipelining, stage) in BOTH.into_iter().flat_map(|p| SERVER_STAGES.map(|s| (p, s))) {
        for (code, words) in [(451, "4.3.0 Later"), (550, "5.1.1 No such user"), (421, "4.7.0 Closing")] {
            let script = at(stage, Action::Say(format!("{code} {words}"))).with_pipelining(pipelining);
            let (address, mut inbox) = server(script).await;
            let attempt = sender(&format!("smtp://{address}")).send(&envelope(), BODY).await;
            assert_eq!(attempt, Attempt::refused(stage, code, words), "{pipelining:?}");
            assert!(inbox.try_recv().is_err());
        }
    }
}

#[tokio::test]
async fn a_dropped_or_silent_connection_is_lost_at_its_stage() {
    for (pipelining, stage) in BOTH.into_iter().flat_map(|p| SERVER_STAGES.map(|s| (p, s))) {
        for action in [Action::Drop, Action::Hang] {
            let (address, _inbox) = server(at(stage, action.clone()).with_pipelining(pipelining)).await;
            let attempt = sender(&format!("smtp://{address}")).send(&envelope(), BODY).await;
            assert!(is_lost_at(&attempt, stage), "{pipelining:?} {action:?} {stage:?}: {attempt:?}");
        }
    }
}

#[tokio::test]
async fn a_message_taken_without_an_answer_is_unknown() {
    let (address, mut inbox) = server(at(Stage::AfterDot, Action::TakeAndDrop)).await;
    let attempt = sender(&format!("smtp://{address}")).send(&envelope(), BODY).await;
    assert_eq!(class(&attempt), Class::Unknown);
    assert_eq!(inbox.recv().await.unwrap().bytes, BODY);
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_next_message() {
    let count = Arc::new(AtomicUsize::new(0));
    let script = Script::new(move |step| match step {
        Step::Message(_) if count.fetch_add(1, Ordering::SeqCst) == 0 => Action::Wait(Duration::from_millis(700)),
        Step::Message(_) => Action::Say("554 5.6.0 Refused".into()),
        _ => Action::Go,
    });
    let (address, mut inbox) = server(script).await;
    let mut sender = sender(&format!("smtp://{address}"));
    assert_eq!(class(&sender.send(&envelope(), BODY).await), Class::Unknown);
    tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(500))).await.unwrap();
    let second = sender.send(&envelope(), b"Subject: Second\r\n\r\n").await;
    assert_eq!(second, Attempt::refused(Stage::AfterDot, 554, "5.6.0 Refused"));
    assert_eq!(inbox.recv().await.unwrap().bytes, BODY);
    assert!(inbox.try_recv().is_err());
}

#[tokio::test]
async fn a_text_that_cannot_be_written_out_was_certainly_not_taken() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"220 x\r\n").await.unwrap();
        for reply in ["250 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"] {
            let mut command = [0; 512];
            assert!(tcp.read(&mut command).await.unwrap() > 0);
            tcp.write_all(reply.as_bytes()).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    // More than the buffers on the way hold; the time counts from before it is framed, which takes some of it.
    let relay = SmtpRelay::new(SmtpSettings::parse(&format!("smtp://{address}")).unwrap());
    let mut sender = Mailer::Smtp(relay.with_deadline(Duration::from_secs(5))).sender();
    let attempt = sender.send(&envelope(), &b"x".repeat(30_000_000)).await;
    assert!(is_lost_at(&attempt, Stage::Body), "{attempt:?}");
    assert_eq!(class(&attempt), Class::MessageTransient);
}

#[tokio::test]
async fn a_closed_port_is_the_channel() {
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let attempt = sender(&format!("smtp://{address}")).send(&envelope(), BODY).await;
    assert!(is_lost_at(&attempt, Stage::Connect), "{attempt:?}");
}

#[tokio::test]
async fn a_connection_is_kept_until_its_limit_and_after_a_refusal() {
    let greetings = Arc::new(AtomicUsize::new(0));
    let counted = greetings.clone();
    let script = Script::new(move |step| match step {
        Step::Greeting => {
            counted.fetch_add(1, Ordering::SeqCst);
            Action::Go
        }
        Step::RcptTo("no@example.org") => Action::Say("550 5.1.1 No such user".into()),
        _ => Action::Go,
    });
    let (address, _inbox) = server(script).await;
    let mut sender = sender(&format!("smtp://{address}"));
    let nobody = Envelope { to: "no@example.org".parse().unwrap(), ..envelope() };
    for number in 1..=100 {
        let (to, expected) =
            if number % 10 == 0 { (&nobody, Class::RecipientPermanent) } else { (&envelope(), Class::Sent) };
        assert_eq!(class(&sender.send(to, BODY).await), expected);
    }
    assert_eq!(greetings.load(Ordering::SeqCst), 1);
    assert!(is_accepted(&sender.send(&envelope(), BODY).await));
    assert_eq!(greetings.load(Ordering::SeqCst), 2, "the 101st message has a new connection");
}

#[tokio::test]
async fn a_kept_connection_that_the_server_left_costs_no_try() {
    for left in [Action::Drop, Action::Say("421 4.4.2 Idle too long".into())] {
        let mails = AtomicUsize::new(0);
        let script = Script::new(move |step| match step {
            Step::MailFrom(_) if mails.fetch_add(1, Ordering::SeqCst) == 1 => left.clone(),
            _ => Action::Go,
        });
        let (address, mut inbox) = server(script).await;
        let mut sender = sender(&format!("smtp://{address}"));
        for _ in 0..2 {
            assert!(is_accepted(&sender.send(&envelope(), BODY).await));
            assert!(inbox.recv().await.is_some());
        }
    }
}

#[tokio::test]
async fn hostile_text_arrives_as_one_message() {
    let (address, mut inbox) = server(Script::well()).await;
    let mut sender = sender(&format!("smtp://{address}"));
    for (text, arrived) in [
        ("\r\n.\r\n", "\r\n.\r\n"),
        (".", ".\r\n"),
        ("..\r\n.\r\nMAIL FROM:<x@y.example>\r\n", "..\r\n.\r\nMAIL FROM:<x@y.example>\r\n"),
        ("a\r\n\r\n\r\n.b\r\n", "a\r\n\r\n\r\n.b\r\n"),
        ("\u{e9}\r\n", "\u{e9}\r\n"),
        ("a\r.\rQUIT\r", "a\r\n.\r\nQUIT\r\n"),
        ("a\n.\nQUIT\n", "a\r\n.\r\nQUIT\r\n"),
        ("a\r\r\n.\r\n", "a\r\n\r\n.\r\n"),
    ] {
        assert!(is_accepted(&sender.send(&envelope(), text.as_bytes()).await));
        assert_eq!(String::from_utf8(inbox.recv().await.unwrap().bytes).unwrap(), arrived, "{text:?}");
    }
    assert!(inbox.try_recv().is_err());
}

#[tokio::test]
async fn a_password_is_asked_for_and_a_wrong_one_is_the_channel() {
    let (address, mut inbox) = server(Script::well().with_sign_in("sam", "p:ss")).await;
    assert!(is_accepted(&sender(&format!("smtp://sam:p%3Ass@{address}")).send(&envelope(), BODY).await));
    assert!(inbox.recv().await.is_some());
    let wrong = sender(&format!("smtp://sam:no@{address}")).send(&envelope(), BODY).await;
    assert_eq!(wrong, Attempt::refused(Stage::Auth, 535, "5.7.8 Wrong user or password"));
    let none = sender(&format!("smtp://{address}")).send(&envelope(), BODY).await;
    assert_eq!((class(&wrong), class(&none)), (Class::Channel, Class::Channel));
}

#[tokio::test]
async fn encryption_is_used_where_it_is_asked_for_and_never_pretended() {
    for (url, encryption, lost_at) in [
        ("smtp://localhost:PORT?tls=required", Encryption::StartTls(certified()), None),
        ("smtp://sam:pass@localhost:PORT?tls=opportunistic", Encryption::StartTls(certified()), None),
        ("smtps://sam:pass@localhost:PORT", Encryption::Implicit(certified()), None),
        ("smtp://localhost:PORT?tls=opportunistic", Encryption::None, None),
        ("smtp://localhost:PORT?tls=required", Encryption::None, Some(Stage::Tls)),
        ("smtp://sam:pass@localhost:PORT?tls=opportunistic", Encryption::None, Some(Stage::Auth)),
        ("smtps://localhost:PORT", Encryption::None, Some(Stage::Tls)),
    ] {
        let mut script = Script::well().with_encryption(encryption.clone());
        if url.contains('@') {
            script = script.with_sign_in("sam", "pass");
        }
        let (address, _inbox) = server(script).await;
        let settings = SmtpSettings::parse(&url.replace("PORT", &address.port().to_string())).unwrap();
        let relay = SmtpRelay::new(settings).with_deadline(Duration::from_secs(2));
        let attempt = Mailer::Smtp(relay.clone().trusting(trusting(roots()))).sender().send(&envelope(), BODY).await;
        match lost_at {
            None => assert!(is_accepted(&attempt), "{url}: {attempt:?}"),
            Some(stage) => assert!(is_lost_at(&attempt, stage), "{url}: {attempt:?}"),
        }
        if !matches!(encryption, Encryption::None) {
            let stranger = Mailer::Smtp(relay).sender().send(&envelope(), BODY).await;
            assert!(is_lost_at(&stranger, Stage::Tls), "an unknown authority: {stranger:?}");
        }
    }
}

fn certified() -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap()).unwrap();
    roots
}

// An authority that nobody trusts and its certificate for localhost: for these tests only, for a century.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBmjCCAT+gAwIBAgIUXFtNaOPyjgiKuf9e0b15svZqtTowCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWVHJlbGxpcyB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjMwMjIz
NDhaGA8yMTI2MTAzMDAyMjM0OFowITEfMB0GA1UEAwwWVHJlbGxpcyB0ZXN0IGF1
dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPwItjl+MTIh/5etB842
z+dQrMXCKVWctVDyF2eZ0ZY/cAmnpbHRmKbvSreFQcumIQblRv4Cr5+Jld/PY4gj
RXejUzBRMB0GA1UdDgQWBBQP4PChNwifk9WzaBCodudTWvKPvDAfBgNVHSMEGDAW
gBQP4PChNwifk9WzaBCodudTWvKPvDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49
BAMCA0kAMEYCIQC45iDXWIGDP75FUbJ/f4AYF7++exx4eFX6I4nDP2SUzQIhANNi
ScKWq9mAvR81PGgAflz1eYDThoyWYzb5jAX/jNc0
-----END CERTIFICATE-----";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBpjCCAUugAwIBAgIUK953L3oIfD9AXJyWKx6zNUDHrWswCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWVHJlbGxpcyB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjMwMjIz
NDhaGA8yMTI2MTAzMDAyMjM0OFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAEha9Vjt14pT53r2plEfLf6SBjU7rxQ6/4w5BG
kJymt/vWPcI3kMwCfLM9QBEorQr39QG96QygkeEz6QB8rVmin6NsMGowGgYDVR0R
BBMwEYIJbG9jYWxob3N0hwR/AAABMAwGA1UdEwEB/wQCMAAwHQYDVR0OBBYEFDla
LJeyAWbw4RzyY4imDsnFr7RpMB8GA1UdIwQYMBaAFA/g8KE3CJ+T1bNoEKh251Na
8o+8MAoGCCqGSM49BAMCA0kAMEYCIQD8NFYm67sUW6hwoeYXzZ5QW8doNDdcfih5
VQKng6UVoAIhAK4mi47YjEUHoqLYOPbdhvdGZzRhAUUBUEaTITcNIEf4
-----END CERTIFICATE-----";
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLP3zUsF07rgVaZt6
pUnJ7M/BYTx+bJxyiudSVInSoUWhRANCAASFr1WO3XilPnevamUR8t/pIGNTuvFD
r/jDkEaQnKa3+9Y9wjeQzAJ8sz1AESitCvf1Ab3pDKCR4TPpAHytWaKf
-----END PRIVATE KEY-----";
