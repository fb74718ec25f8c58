//! The pipe and the hook: who may hand over a mail, and what the mail server is told.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use secrecy::ExposeSecret;

use super::{ANA, About, TOKEN, coach, delivery, everything, hand, inbound, page, person, post, with_ana};
use crate::{
    mailed,
    world::{Backend, World},
};

/// `trellis receive` as a mail server runs it; returns its exit code and what it said.
fn pipe(settings: &[(&str, &str)], arguments: &[&str], mail: &[u8]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trellis"));
    command.arg("receive").args(arguments).envs(settings.iter().copied());
    let folder = tempfile::tempdir().unwrap();
    let mut child = command
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(mail).unwrap();
    let done = child.wait_with_output().unwrap();
    (done.status.code(), format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
}

fn settings(world: &World) -> Vec<(&'static str, String)> {
    let config = &world.app.config;
    vec![
        ("TRELLIS_DATABASE_URL", config.database.url.expose_secret().to_owned()),
        ("TRELLIS__SECRETS__KEY", config.secrets.key.expose_secret().to_owned()),
        ("TRELLIS_BASE_URL", config.server.base_url.clone()),
    ]
}

mailed! {
    async fn a_bounce_goes_out_by_smtp_and_comes_home_by_the_pipe(world: &World) {
        let (cohort, _) = with_ana(world).await;
        let mail = world.last_to(ANA.email);
        let about = About::mail(&mail);
        // The recipient stands in the envelope only, as some mail servers leave it.
        let recipient = format!("b+{}@bounce.group.example", about.token);
        let nameless = About { token: String::new(), message_id: "<none@localhost>".to_owned(), ..about.clone() };
        let report = inbound("dsn_postfix_unknown_user", &nameless);
        let settings = settings(world);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (code, said) = pipe(&settings, &["--recipient", &recipient], &report);
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains(ANA.email) && !said.contains(&about.token), "S15: {said}");
        assert_eq!(delivery(world, &about.message_id).await.0, "bounced");
        let coach = coach(world).await;
        assert!(page(&coach, &format!("/coach/cohorts/{cohort}")).await.contains("Address bounces"));

        let before = everything(world).await;
        for junk in [&b""[..], b"\0\xff", &vec![b'x'; 3_000_000]] {
            assert_eq!(pipe(&settings, &[], junk).0, Some(0), "junk is never bounced");
        }
        assert_eq!(everything(world).await, before);
    }
}

#[test]
fn a_mail_that_cannot_be_taken_in_is_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = format!("sqlite://{}/none/t.sqlite", folder.path().display());
    for settings in [
        &[("TRELLIS_DATABASE_URL", nowhere.as_str())][..],
        &[("TRELLIS_DATABASE_URL", "postgres://trellis@127.0.0.1:1/none")],
        &[("TRELLIS__MAIL__SENDERS", "none")],
    ] {
        let (code, said) = pipe(settings, &[], b"From: a@b.example\r\n\r\nx");
        assert_eq!(code, Some(75), "{said}");
    }
}

/// Another process writes, and does not stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_says_try_again() {
    let world = super::house(Backend::Sqlite).await;
    with_ana(&world).await;
    let report = inbound("dsn_postfix_unknown_user", &About::mail(&world.last_to(ANA.email)));
    let settings = settings(&world);
    let held = world.app.db.begin().await.unwrap();
    let refused = tokio::task::spawn_blocking(move || {
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        pipe(&settings, &[], &report)
    });
    let (code, said) = refused.await.unwrap();
    drop(held);
    assert_eq!(code, Some(75), "{said}");
    assert_eq!(person(&world, ANA.email).await.mail_problem, None);
}

mailed! {
    async fn the_hook_is_for_whoever_holds_its_token(world: &World) {
        with_ana(world).await;
        let report = inbound("dsn_postfix_unknown_user", &About::mail(&world.last_to(ANA.email)));
        let before = everything(world).await;
        let nowhere = reqwest::get(format!("{}/hooks/none", world.base)).await.unwrap();
        for token in [None, Some(""), Some("wrong"), Some(&TOKEN[..TOKEN.len() - 1]), Some(&*format!("{TOKEN}a"))] {
            let answer = post(world, report.clone(), token).await;
            assert_eq!(answer.status(), nowhere.status(), "as if there were nothing: {token:?}");
        }
        let get = reqwest::Client::new().get(format!("{}/hooks/mail", world.base)).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(get.status(), 405, "nothing is changed by a GET");
        assert_eq!(everything(world).await, before);
        assert_eq!(hand(world, report).await, "bounce");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_there_is_no_hook() {
    let world = World::new(Backend::Sqlite).await;
    for token in [None, Some(""), Some(TOKEN)] {
        assert_eq!(post(&world, b"a: b\r\n\r\n".to_vec(), token).await.status(), 404);
    }
}

mailed! {
    async fn what_a_person_writes_is_not_lost_where_no_mailbox_keeps_it(world: &World) {
        with_ana(world).await;
        let about = About::mail(&world.last_to(ANA.email));
        for _ in 0..2 {
            assert_eq!(hand(world, inbound("personal_check_in", &about)).await, "reply");
        }
        let coach = coach(world).await;
        let hers = page(&coach, &format!("/coach/people/{}", person(world, ANA.email).await.id)).await;
        assert_eq!(hers.matches("We talked for an hour").count(), 1, "once");
        assert!(!hers.contains("this week is about trust"), "without what was quoted");
        let stranger = About { message_id: "<guess@localhost>".to_owned(), ..about };
        assert_eq!(hand(world, inbound("personal_check_in", &stranger)).await, "nothing");
    }
}
