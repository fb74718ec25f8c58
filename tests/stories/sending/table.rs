//! What follows from each answer a mail server can give, at each stage of handing over a mail?
//!
//! One mail a row: the state it is in afterwards, then the server is well for three hours, and what arrived is
//! counted. Nothing is lost, and nothing is doubled but what the table says may be.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use trellis::{
    demo::smtp_server::{Action, Encryption, Pipelining, Script, Step},
    store::ledger::{self, Delivery},
};

use super::{coach, queue};
use crate::world::{Backend, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
}

fn at(step: &Step<'_>) -> At {
    match step {
        Step::Greeting => At::Greeting,
        Step::Ehlo => At::Ehlo,
        Step::StartTls => At::StartTls,
        Step::Auth => At::Auth,
        Step::MailFrom(_) => At::Mail,
        Step::RcptTo(_) => At::Rcpt,
        Step::Data => At::Data,
        Step::Message(_) => At::Dot,
    }
}

/// Says so once.
type Fault = Arc<Mutex<Option<(At, Action)>>>;

fn script(fault: &Fault) -> Script {
    let fault = fault.clone();
    Script::new(move |step| {
        let mut fault = fault.lock().unwrap();
        match &*fault {
            Some((stage, _)) if *stage == at(&step) => fault.take().map_or(Action::Go, |(_, action)| action),
            Some(_) | None => Action::Go,
        }
    })
}

/// State, tries and doubts after the fault; the state in the end, and how often it arrived.
type Row = (At, Action, (&'static str, i32, i32), (&'static str, usize));

fn say(text: &str) -> Action {
    Action::Say(text.to_owned())
}

/// The way to the server: no mail is to blame, and none spends a try.
const CHANNEL: (&str, i32, i32) = ("queued", 0, 0);
/// This mail, not now.
const LATER: (&str, i32, i32) = ("deferred", 1, 0);
/// The dot may have left.
const DOUBT: (&str, i32, i32) = ("unknown", 1, 1);
const NEVER: (&str, i32, i32) = ("failed", 1, 0);
const NOBODY: (&str, i32, i32) = ("bounced", 1, 0);
const ARRIVES: (&str, usize) = ("sent", 1);

fn table() -> Vec<Row> {
    let mut rows: Vec<Row> = vec![
        (At::Greeting, say("421 4.3.2 Too many connections"), CHANNEL, ARRIVES),
        (At::Greeting, say("554 5.7.1 Your host is not welcome"), CHANNEL, ARRIVES),
        (At::Greeting, say("a greeting of nobody's"), CHANNEL, ARRIVES),
        (At::Ehlo, say("421 4.3.0 Closing"), CHANNEL, ARRIVES),
        (At::Ehlo, say("550 5.7.1 Not with that name"), CHANNEL, ARRIVES),
        (At::Mail, say("421 4.7.0 Closing"), CHANNEL, ARRIVES),
        (At::Mail, say("451 4.3.0 Later"), LATER, ARRIVES),
        (At::Mail, say("454 4.7.0 Not now"), CHANNEL, ARRIVES),
        (At::Mail, say("530 5.7.0 Sign in first"), CHANNEL, ARRIVES),
        (At::Mail, say("535 5.7.8 Bad credentials"), CHANNEL, ARRIVES),
        (At::Mail, say("550 5.7.1 Sender not permitted"), CHANNEL, ARRIVES),
        (At::Mail, say("553 5.1.8 Sender domain not found"), LATER, ARRIVES),
        (At::Mail, say("552 5.3.4 Too big"), NEVER, ("failed", 0)),
        (At::Mail, say("354 Out of step"), LATER, ARRIVES),
        (At::Rcpt, say("421 4.7.0 Slow down"), CHANNEL, ARRIVES),
        (At::Rcpt, say("450 4.7.1 Greylisted"), LATER, ARRIVES),
        (At::Rcpt, say("450 4.7.27 SPF did not pass"), LATER, ARRIVES),
        (At::Rcpt, say("452 4.2.2 Mailbox full"), LATER, ARRIVES),
        (At::Rcpt, say("552 5.2.2 Mailbox full"), LATER, ARRIVES),
        (At::Rcpt, say("550 5.1.1 No such user"), NOBODY, ("bounced", 0)),
        (At::Rcpt, say("550 Sorry"), NOBODY, ("bounced", 0)),
        (At::Rcpt, say("550 5.7.1 Relaying denied"), LATER, ARRIVES),
        (At::Rcpt, say("554 Listed by Spamhaus"), LATER, ARRIVES),
        (At::Rcpt, say("552 Too much"), NEVER, ("failed", 0)),
        (At::Data, say("421 4.3.0 Closing"), CHANNEL, ARRIVES),
        (At::Data, say("451 4.3.0 Later"), LATER, ARRIVES),
        (At::Data, say("554 No valid recipients"), LATER, ARRIVES),
        (At::Data, say("250 Out of step"), LATER, ARRIVES),
        (At::Dot, say("421 4.3.0 Closing"), CHANNEL, ARRIVES),
        (At::Dot, say("451 4.7.1 Later"), LATER, ARRIVES),
        (At::Dot, say("452 4.3.1 No room"), LATER, ARRIVES),
        (At::Dot, say("550 5.7.26 Unauthenticated"), LATER, ARRIVES),
        (At::Dot, say("550 5.7.515 Access denied"), LATER, ARRIVES),
        (At::Dot, say("554 Transaction failed"), LATER, ARRIVES),
        (At::Dot, say("554 5.6.0 Malformed"), NEVER, ("failed", 0)),
        (At::Dot, say("552 5.3.4 Too big"), NEVER, ("failed", 0)),
        (At::Dot, say("550 5.1.1 User unknown"), NOBODY, ("bounced", 0)),
        (At::Dot, say("gibberish"), DOUBT, ARRIVES),
        (At::Dot, Action::Drop, DOUBT, ARRIVES),
        (At::Dot, Action::Hang, DOUBT, ARRIVES),
        // The one case in which somebody has it twice.
        (At::Dot, Action::TakeAndDrop, DOUBT, ("sent", 2)),
    ];
    for silent in [Action::Drop, Action::Hang] {
        rows.extend([At::Greeting, At::Ehlo].map(|stage| (stage, silent.clone(), CHANNEL, ARRIVES)));
        rows.extend([At::Mail, At::Rcpt, At::Data].map(|stage| (stage, silent.clone(), LATER, ARRIVES)));
    }
    let slowly = Action::Drip(Duration::from_millis(2));
    let everywhere = [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Dot];
    rows.extend(everywhere.map(|stage| (stage, slowly.clone(), ("sent", 1, 0), ARRIVES)));
    rows
}

async fn newest(world: &World) -> Delivery {
    let mut rows = ledger::everything(world.app.db.reader()).await.unwrap();
    rows.sort_unstable_by_key(|row| row.created_at);
    rows.pop().unwrap()
}

/// One row after the other on one world; what one leaves behind must be over before the next.
async fn walk(world: &World, fault: &Fault, rows: &[Row]) {
    let nadia = coach(&world.app, "nadia@group.example").await;
    for (stage, action, first, last) in rows {
        world.forget_mails();
        world.pass(TimeDelta::hours(3)).await;
        queue(&world.app, &nadia, 1).await;
        *fault.lock().unwrap() = Some((*stage, action.clone()));
        world.run().await;
        let row = newest(world).await;
        assert_eq!((row.state.as_str(), row.tries, row.doubts), *first, "{stage:?} {action:?}: {:?}", row.reason);
        assert!(fault.lock().unwrap().is_none(), "{stage:?} {action:?}: nobody came there");
        world.pass(TimeDelta::hours(3)).await;
        let row = newest(world).await;
        let mails = world.mails_to("nadia@group.example");
        assert_eq!((row.state.as_str(), mails.len()), *last, "{stage:?} {action:?}: {:?}", row.reason);
        assert!(mails.windows(2).all(|pair| pair[0].raw == pair[1].raw), "{stage:?} {action:?}: not the same bytes");
        assert_eq!(world.app.post.shut_since(), None, "{stage:?} {action:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_at_each_stage_leads_where_the_table_says() {
    for (backend, pipelining) in [(Backend::Sqlite, Pipelining::Offered), (Backend::Postgres, Pipelining::NotOffered)] {
        let fault = Fault::default();
        let quick = [("mail.attempt_seconds", "1"), ("mail.senders", "1")];
        let world = World::with(backend, script(&fault).with_pipelining(pipelining), &quick).await;
        walk(&world, &fault, &table()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_fails_is_the_channel() {
    let fault = Fault::default();
    let relay =
        [("mail.smtp_url", "\"smtp://nadia:secret@{smtp}\""), ("mail.attempt_seconds", "1"), ("mail.senders", "1")];
    let world = World::with(Backend::Sqlite, script(&fault).with_sign_in("nadia", "secret"), &relay).await;
    let rows = [
        (At::Auth, say("535 5.7.8 Bad credentials"), CHANNEL, ARRIVES),
        (At::Auth, say("454 4.7.0 Temporary authentication failure"), CHANNEL, ARRIVES),
        (At::Auth, say("534 5.7.9 Mechanism too weak"), CHANNEL, ARRIVES),
        (At::Auth, Action::Drop, CHANNEL, ARRIVES),
        (At::Auth, Action::Hang, CHANNEL, ARRIVES),
    ];
    walk(&world, &fault, &rows).await;
}

fn unknown_to_everybody() -> Arc<ServerConfig> {
    let pem = include_bytes!("unknown_certificate.pem");
    let (chain, key) = (CertificateDer::from_pem_slice(pem).unwrap(), PrivateKeyDer::from_pem_slice(pem).unwrap());
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![chain], key).unwrap())
}

/// A certificate of an authority nobody knows, a server that stops offering encryption, one that says no to it: no
/// mail is given to it, and none is spent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_handed_to_a_server_that_does_not_show_who_it_is() {
    let url = [("mail.smtp_url", "\"smtp://{smtp}?tls=required\""), ("mail.attempt_seconds", "2")];
    let offered = || Encryption::StartTls(unknown_to_everybody());
    let no = |text: &'static str| move |step: Step<'_>| if at(&step) == At::StartTls { say(text) } else { Action::Go };
    for script in [
        Script::well().with_encryption(offered()),
        Script::well(),
        Script::new(no("454 4.7.0 TLS not available")).with_encryption(offered()),
        Script::new(no("220 Go ahead\r\n250 and here is what somebody put in between")).with_encryption(offered()),
        Script::new(|step| if at(&step) == At::StartTls { Action::Drop } else { Action::Go })
            .with_encryption(offered()),
    ] {
        let world = World::with(Backend::Sqlite, script, &url).await;
        let nadia = coach(&world.app, "nadia@group.example").await;
        queue(&world.app, &nadia, 3).await;
        for _ in 0..3 {
            world.run().await;
            world.app.clock.advance(TimeDelta::minutes(6));
        }
        for row in ledger::everything(world.app.db.reader()).await.unwrap() {
            assert_eq!((row.state.as_str(), row.tries), ("queued", 0), "{:?}", row.reason);
        }
        assert!(world.mails.lock().unwrap().is_empty());
        assert!(world.app.post.shut_since().is_some());
    }
}

/// A server that takes no message as large as ours says so at EHLO: it is not even offered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_beyond_the_size_a_server_takes_fails_alone() {
    let world = World::with(Backend::Sqlite, Script::well().with_largest(500), &[]).await;
    let nadia = coach(&world.app, "nadia@group.example").await;
    queue(&world.app, &nadia, 1).await;
    world.run().await;
    let row = newest(&world).await;
    assert_eq!((row.state.as_str(), row.tries), ("failed", 1));
    assert!(row.reason.as_deref().unwrap().contains("the mail server takes 500"), "{:?}", row.reason);
    assert_eq!(world.app.post.shut_since(), None, "no other mail is to blame");
    world.end().await;
}
