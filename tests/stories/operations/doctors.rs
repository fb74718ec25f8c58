//! Does the doctor find what is wrong, and say what to do?

use chrono::TimeDelta;
use trellis::{
    actions::doctor::{Finding, Level, examine},
    demo::smtp_server::{Action, Script, Step},
};

use super::zone::Zone;
use crate::{
    people::{Person, ask},
    world::{Backend, World},
};

const ED25519: &str = "v=DKIM1; k=ed25519; p=oe0q/he4DCWwKXR94SIKOiAW7yMGWp8usfiHH/uXW+A=";
const OTHER: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// What it should be.
fn healthy() -> Zone {
    Zone::default()
        .text("group.example", "google-site-verification=nothing to do with mail")
        .text("group.example", "v=spf1 mx include:_spf.mail.example -all")
        .text("bounce.group.example", "v=spf1 mx -all")
        .text("_dmarc.group.example", "v=DMARC1; p=quarantine; rua=mailto:postmaster@group.example")
        .text("t1._domainkey.group.example", ED25519)
        .mail("group.example", "mx.group.example")
        .mail("bounce.group.example", "mx.group.example")
}

async fn world(backend: Backend, zone: Zone, script: Script) -> World {
    let dns = format!("\"{}\"", zone.serve().await);
    let folder = std::env::temp_dir().join(format!("trellis-doctor-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let key = folder.join("key.pem");
    std::fs::write(&key, include_str!("../dkim_test_key.pem")).unwrap();
    let (key, backups) = (format!("{:?}", key.display().to_string()), format!("{:?}", folder.display().to_string()));
    let settings = [
        ("doctor.dns_server", dns.as_str()),
        ("dkim.domain", "\"group.example\""),
        ("dkim.ed25519_selector", "\"t1\""),
        ("dkim.ed25519_key_file", &key),
        ("backup.folder", &backups),
    ];
    let world = World::with(backend, script, &settings).await;
    world.practice().await;
    world
}

fn of<'a>(findings: &'a [Finding], check: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.check == check).collect()
}

fn level(findings: &[Finding], check: &str) -> Level {
    of(findings, check).iter().map(|finding| finding.level).max().unwrap_or_else(|| panic!("{check}: {findings:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_is_well_the_doctor_says_so() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = world(backend, healthy(), Script::well()).await;
        let findings = examine(&world.app).await;
        let well = ["spf", "dkim", "dmarc", "alignment", "mailbox", "smtp", "tls", "mode", "letters", "database"];
        for check in well.into_iter().chain(["clock", "key", "address", "sending"]) {
            assert_eq!(level(&findings, check), Level::Fine, "{check}: {findings:?}");
        }
        assert_eq!(level(&findings, "bounces"), Level::Note, "no mailbox is set: {findings:?}");
        assert_eq!(of(&findings, "bounces").len(), 1, "said once: {findings:?}");
        // What is not well has advice, always.
        let mute = findings.iter().find(|finding| finding.level > Level::Note && finding.advice.is_empty());
        assert_eq!(mute, None);
        match backend {
            Backend::Sqlite => assert_eq!(level(&findings, "backup"), Level::Wrong, "there is none: {findings:?}"),
            Backend::Postgres => assert_eq!(level(&findings, "backup"), Level::Note),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_record_that_is_missing_or_wrong_is_named_with_what_to_do() {
    let two = healthy().text("bounce.group.example", "v=spf1 -all").text("_dmarc.group.example", "v=DMARC1; p=none");
    let other = Zone::default()
        .text("bounce.group.example", "v=spf1 +all")
        .text("_dmarc.group.example", "v=DMARC1; p=none")
        .text("t1._domainkey.group.example", OTHER)
        .mail("group.example", "");
    let expected = [
        (Zone::default(), "spf", Level::Wrong, "has no SPF record"),
        (Zone::default(), "dmarc", Level::Warning, "has no DMARC record"),
        (Zone::default(), "dkim", Level::Wrong, "t1._domainkey.group.example has no record"),
        (Zone::default(), "mailbox", Level::Wrong, "group.example takes no mail"),
        (two.clone(), "spf", Level::Wrong, "more than one SPF record"),
        (two, "dmarc", Level::Wrong, "stands there twice"),
        (other.clone(), "spf", Level::Wrong, "lets everybody send"),
        (other.clone(), "dmarc", Level::Note, "only watches"),
        (other.clone(), "dkim", Level::Wrong, "is not the record of our key"),
        // The null MX (RFC 7505).
        (other, "mailbox", Level::Wrong, "group.example takes no mail"),
    ];
    for (zone, check, worst, words) in expected {
        let world = world(Backend::Sqlite, zone, Script::well()).await;
        let findings = examine(&world.app).await;
        assert_eq!(level(&findings, check), worst, "{check}: {findings:?}");
        let found = of(&findings, check).into_iter().find(|finding| finding.what.contains(words));
        assert!(found.is_some_and(|found| !found.advice.is_empty()), "{check}: {words}: {findings:?}");
    }
}

/// A DNS that is silent is no verdict about the records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_dns_is_a_note_and_no_verdict() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let dns = format!("\"{}\"", silent.local_addr().unwrap());
    let world = World::with(Backend::Sqlite, Script::well(), &[("doctor.dns_server", &dns)]).await;
    world.practice().await;
    let findings = examine(&world.app).await;
    for check in ["spf", "dmarc", "mailbox"] {
        assert_eq!(level(&findings, check), Level::Note, "{check}: {findings:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_refuses_us_is_told_apart_from_one_that_is_not_there() {
    for (script, words) in [
        (
            Script::new(|step| match step {
                Step::Greeting => Action::Say("554 5.7.1 Not you".to_owned()),
                _ => Action::Go,
            }),
            "does not want this machine",
        ),
        (
            Script::new(|step| match step {
                Step::Greeting => Action::Drop,
                _ => Action::Go,
            }),
            "does not want this machine",
        ),
    ] {
        let world = world(Backend::Sqlite, healthy(), script).await;
        let findings = examine(&world.app).await;
        let found = of(&findings, "smtp")[0];
        assert!(found.level == Level::Wrong && found.advice.contains(words), "{found:?}");
    }
    let nobody = World::with(Backend::Sqlite, Script::well(), &[("mail.smtp_url", "\"smtp://127.0.0.1:9\"")]).await;
    let findings = examine(&nobody.app).await;
    let found = of(&findings, "smtp")[0];
    assert!(found.level == Level::Wrong && found.advice.contains("host and port"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_that_is_stuck_is_found() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = world(backend, healthy(), Script::well()).await;
        let practice = trellis::store::practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
        let cohort = world.cohort(&practice, |_| {}).await;
        let person = Person {
            name: "Lena",
            email: "lena@berlin.example",
            zone: "Europe/Berlin",
            track: "hurt",
            calendar: "feed",
        };
        ask(&world, cohort, &person).await;
        world.app.clock.advance(TimeDelta::minutes(16));
        let findings = examine(&world.app).await;
        let found = of(&findings, "sending")[0];
        assert!(found.level == Level::Wrong && found.what.contains("nobody tried to send it"), "{found:?}");
        assert!(!format!("{findings:?}").contains("lena"), "it names nobody");
        world.run().await;
        assert_eq!(level(&examine(&world.app).await, "sending"), Level::Fine);
    }
}

/// A9: lessons from another domain need its records, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a9_the_records_of_both_senders_are_looked_at() {
    let news = healthy().text("news.example", "v=spf1 mx -all").mail("news.example", "mx.group.example");
    let world = world(Backend::Sqlite, news, Script::well()).await;
    let mut practice = trellis::store::practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    practice.list_email = Some("lessons@news.example".parse().unwrap());
    crate::world::save_practice(&world.app, &practice).await.unwrap();
    let findings = examine(&world.app).await;
    let found = |check: &str, words: &str| of(&findings, check).into_iter().any(|found| found.what.contains(words));
    assert!(found("dmarc", "_dmarc.group.example protects group.example"), "{findings:?}");
    assert!(found("dmarc", "news.example has no DMARC record"), "{findings:?}");
    assert!(found("alignment", "mail from group.example can pass DMARC"), "{findings:?}");
    assert!(found("alignment", "mail from news.example bounces to bounce.group.example"), "{findings:?}");
    assert!(found("mailbox", "news.example takes mail"), "{findings:?}");
}
