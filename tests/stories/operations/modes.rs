//! What becomes of mail that must not reach people yet, and who is told?

use trellis::{
    actions::send_deliveries::{Hands, send_deliveries},
    config::MailMode,
    demo::smtp_server::{Action, Script, Step},
    domain::{delivery::State, email_address::EmailAddress},
    store::{ledger, participants},
    web::routes,
};

use super::releases::{LENA, group};
use crate::{
    people::ask,
    visitor::Visitor,
    world::{Backend, PASSWORD, World},
};

/// Every page of the coach that can be asked for without naming something.
fn coach_pages() -> Vec<&'static str> {
    let lines = routes::table();
    let pages = lines.lines().iter().filter(|line| {
        line.method == "GET"
            && line.path.starts_with("/coach")
            && !line.path.contains(':')
            && !line.path.contains("sign-in")
            && !line.path.contains("forgot")
    });
    pages.map(|line| line.path).collect()
}

pub async fn banner_is_everywhere(world: &World, words: &str) {
    let visitor = Visitor::of(world);
    let form = [("email", "nadia@group.example"), ("password", PASSWORD)];
    assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &form).await.status, 303);
    let mut seen = 0;
    for page in coach_pages() {
        let shown = visitor.get(page).await;
        if shown.status == 200 && shown.body.contains("<nav") {
            assert!(shown.body.contains(words), "{page}: {}", shown.body);
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen} pages");
}

async fn states(world: &World) -> Vec<State> {
    ledger::everything(world.app.db.reader()).await.unwrap().into_iter().map(|row| row.state).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirected_mail_goes_to_one_address_only() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let settings = [("mail.mode", "\"redirect\""), ("mail.redirect_to", "\"me@operator.example\"")];
        let world = World::with(backend, Script::well(), &settings).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(&world, cohort, &LENA).await;
        world.run().await;
        let mails = world.mails.lock().unwrap().clone();
        assert!(!mails.is_empty() && mails.iter().all(|mail| mail.to == "me@operator.example"), "{mails:?}");
        assert!(states(&world).await.iter().all(|state| *state == State::Sent));
        banner_is_everywhere(&world, "Participants get no mail.").await;
    }
}

/// What bounces then came back from the operator's address: it is no mark against the person's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirected_mail_that_bounces_marks_nobody() {
    let script = Script::new(|step| match step {
        Step::RcptTo(_) => Action::Say("550 5.1.1 No such user".to_owned()),
        _ => Action::Go,
    });
    let settings = [("mail.mode", "\"redirect\""), ("mail.redirect_to", "\"gone@operator.example\"")];
    let world = World::with(Backend::Sqlite, script, &settings).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    ask(&world, cohort, &LENA).await;
    world.run().await;
    assert_eq!(states(&world).await, [State::Bounced]);
    let email = EmailAddress::parse(LENA.email).unwrap();
    let person = participants::with_email(world.app.db.reader(), practice.id, &email).await.unwrap().unwrap();
    assert_eq!(person.mail_problem, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_mail_waits_and_goes_out_once_the_mode_is_live() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let world = World::with(backend, Script::well(), &[("mail.mode", "\"hold\"")]).await;
        let practice = world.practice().await;
        let cohort = world.cohort(&practice, |_| {}).await;
        ask(&world, cohort, &LENA).await;
        world.run().await;
        assert!(world.mails.lock().unwrap().is_empty());
        assert_eq!(states(&world).await, [State::Queued]);
        banner_is_everywhere(&world, "Nobody gets mail.").await;

        // The operator changes the setting and starts it anew.
        let mut config = world.app.config.clone();
        config.mail.mode = MailMode::Live;
        let live = trellis::app::App::open(config, world.app.clock.clone(), world.app.random.clone()).await.unwrap();
        let mut sender = live.mailer.sender();
        send_deliveries(&live, &Hands::default(), &mut sender).await.unwrap();
        world.run().await;
        assert_eq!(world.mails_to(LENA.email).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_to_files_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{:?}", folder.path().display().to_string());
    let world =
        World::with(Backend::Sqlite, Script::well(), &[("mail.mode", "\"file\""), ("mail.folder", &path)]).await;
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    ask(&world, cohort, &LENA).await;
    world.run().await;
    assert!(world.mails.lock().unwrap().is_empty(), "nothing left by SMTP");
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1);
    let mail = std::fs::read_to_string(files.into_iter().next().unwrap().unwrap().path()).unwrap();
    assert!(mail.contains("lena@berlin.example"), "{mail}");
    banner_is_everywhere(&world, "Messages are written to a folder").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_mail_has_no_banner() {
    let world = World::new(Backend::Sqlite).await;
    group(&world).await;
    let visitor = Visitor::of(&world);
    let form = [("email", "nadia@group.example"), ("password", PASSWORD)];
    visitor.submit("/coach/sign-in", "/coach/sign-in", &form).await;
    let shown = visitor.get("/coach").await.body;
    assert!(shown.contains("Email is sending normally.") && !shown.contains("Nobody gets mail"), "{shown}");
}
