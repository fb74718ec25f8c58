//! Mail stands still, or is in doubt: does everybody see it who can do something about it?

use chrono::TimeDelta;
use trellis::{
    actions::{
        doctor::{Level, examine},
        health::reading,
        settle_doubt::it_arrived,
    },
    demo::smtp_server::{Action, Script, Step},
};

use super::{modes::banner_is_everywhere, releases::LENA};
use crate::{
    people::{Person, ask},
    visitor::Visitor,
    world::{Backend, PASSWORD, World},
};

const BACKENDS: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];
const METRICS: (&str, &str) = ("health.metrics_token", "\"0123456789abcdef0123456789abcdef\"");

async fn asked(script: Script, settings: &[(&str, &str)], backend: Backend, person: &Person) -> World {
    let world = World::with(backend, script, settings).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    ask(&world, cohort, person).await;
    world.run().await;
    world
}

async fn gauge(world: &World, line: &str) -> bool {
    let page = world.app.metrics.page(&reading(&world.app).await.unwrap(), world.now()).unwrap();
    page.lines().any(|known| known == line)
}

async fn no_banner(world: &World, words: &str) {
    let visitor = Visitor::of(world);
    visitor
        .submit("/coach/sign-in", "/coach/sign-in", &[("email", "nadia@group.example"), ("password", PASSWORD)])
        .await;
    let page = visitor.get("/coach/outbox").await;
    assert!(page.status == 200 && !page.body.contains(words), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_cannot_be_used_is_on_every_page() {
    for backend in BACKENDS {
        let script = Script::new(|step| match step {
            Step::MailFrom(_) => Action::Say("535 5.7.8 Bad credentials".to_owned()),
            _ => Action::Go,
        });
        let world = asked(script, &[METRICS], backend, &LENA).await;
        banner_is_everywhere(&world, "The mail server has not been usable since").await;
        assert!(gauge(&world, "trellis_breaker_open 1").await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_refuses_us_is_named_on_every_page_and_by_the_doctor() {
    for backend in BACKENDS {
        let (is_ill, asked_for) = (std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true)), LENA);
        let ill = is_ill.clone();
        let script = Script::new(move |step| match step {
            Step::RcptTo(_) if ill.load(std::sync::atomic::Ordering::SeqCst) => {
                Action::Say("550 5.7.26 This mail is unauthenticated".to_owned())
            }
            _ => Action::Go,
        });
        let world = asked(script, &[METRICS], backend, &asked_for).await;
        banner_is_everywhere(&world, "berlin.example refuses our email.").await;
        assert!(gauge(&world, "trellis_providers_refusing 1").await);
        let findings = examine(&world.app).await;
        let found = findings.iter().find(|found| found.what.contains("a provider refuses us as a sender")).unwrap();
        assert!(found.level == Level::Wrong && found.advice.contains("dkim"), "{found:?}");
        is_ill.store(false, std::sync::atomic::Ordering::SeqCst);
        for _ in 0..12 {
            world.pass(TimeDelta::minutes(1)).await;
        }
        no_banner(&world, "refuses our email").await;
        assert!(gauge(&world, "trellis_providers_refusing 0").await);
        assert!(!examine(&world.app).await.iter().any(|found| found.what.contains("refuses us")));
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_in_doubt_that_waits_for_a_person_is_on_every_page() {
    for backend in BACKENDS {
        let script = Script::new(|step| match step {
            Step::Message(_) => Action::TakeAndDrop,
            _ => Action::Go,
        });
        let world = asked(script, &[METRICS, ("mail.on_unknown", "{ security = \"hold\" }")], backend, &LENA).await;
        banner_is_everywhere(&world, "One message may or may not have arrived.").await;
        assert!(gauge(&world, "trellis_deliveries_in_doubt 1").await);
        let findings = examine(&world.app).await;
        assert!(findings.iter().any(|found| found.what.contains("may or may not have arrived")), "{findings:?}");
        let row = trellis::store::ledger::everything(world.app.db.reader()).await.unwrap().remove(0);
        it_arrived(&world.app, (row.practice_id, row.id), "Nadia").await.unwrap();
        no_banner(&world, "may or may not have arrived").await;
        assert!(gauge(&world, "trellis_deliveries_in_doubt 0").await);
    }
}
