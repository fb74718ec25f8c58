//! After a restore: what is held, what is shown of it, and what goes out when it is released?

use std::collections::BTreeMap;

use chrono::TimeDelta;
use trellis::{
    actions::{
        hold_mail::{Choice, LetGo, MayHaveGone, hold, let_go},
        release_due::release_due,
    },
    domain::delivery::{Occasion, State},
    store::{ledger, silences},
};

use super::process::{Settings, refused, told, trellis};
use crate::{
    people::{Person, enroll},
    story,
    visitor::Visitor,
    world::{PASSWORD, World, utc},
};

pub const LENA: Person =
    Person { name: "Lena", email: "lena@berlin.example", zone: "Europe/Berlin", track: "hurt", calendar: "invites" };
pub const ADA: Person =
    Person { name: "Ada", email: "ada@lisbon.example", zone: "Europe/Lisbon", track: "broke", calendar: "feed" };

/// A practice with a cohort in which two people take part.
pub async fn group(world: &World) {
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |_| {}).await;
    enroll(world, cohort, &LENA).await;
    enroll(world, cohort, &ADA).await;
    world.pass(TimeDelta::minutes(5)).await;
}

pub fn occasions(mails: &[crate::post::Mail]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for mail in mails {
        *counted.entry(format!("{} to {}", mail.subject, mail.to)).or_default() += 1;
    }
    counted
}

async fn sign_in(visitor: &Visitor) {
    let form = [("email", "nadia@group.example"), ("password", PASSWORD)];
    assert_eq!(visitor.submit("/coach/sign-in", "/coach/sign-in", &form).await.status, 303);
}

story! {
    async fn after_another_tools_restore_nothing_goes_out_before_it_is_released(world: &World) {
        group(world).await;
        world.to(utc("2026-10-11 20:00")).await;
        // In the ledger, and not sent yet: what a dump would find.
        world.app.clock.set(utc("2026-10-12 05:00"));
        assert!(release_due(&world.app).await.unwrap() > 0);
        world.forget_mails();
        let (found, held) = hold(&world.app, utc("2026-10-11 22:00")).await.unwrap();
        assert!(held >= 2, "both lessons: {held}");
        let list = MayHaveGone::look(&world.app.db, &found).await.unwrap();
        assert!(list.emails.iter().filter(|email| email.occasion == "lesson").count() == 2, "{list:?}");

        let visitor = Visitor::of(world);
        sign_in(&visitor).await;
        for page in ["/coach", "/coach/cohorts", "/coach/outbox", "/coach/settings", "/coach/programs"] {
            let shown = visitor.get(page).await;
            assert!(shown.status == 200 && shown.body.contains("a backup was restored"), "{page}: {}", shown.body);
            assert!(shown.body.contains("Email is held back.") && !shown.body.contains("sending normally"), "{page}");
        }
        // A coach can say that one of them goes out in spite of everything; it waits for the release, too.
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        let lesson = rows.iter().find(|row| row.occasion == Occasion::Lesson && row.state == State::Held).unwrap();
        assert!(lesson.reason.as_deref().unwrap().starts_with("restored from a backup of 2026-10-11 22:00:00 UTC"));
        let path = format!("/coach/outbox/{}", lesson.id);
        let sent = visitor.submit(&path, &format!("{path}/again"), &[]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        world.to(utc("2026-10-12 08:00")).await;
        assert!(world.mails.lock().unwrap().is_empty(), "nothing goes out");

        let outcome = let_go(&world.app, Choice::SkipDoubtful).await.unwrap().unwrap();
        assert!(outcome.skipped >= 1, "{outcome:?}");
        world.run().await;
        let mails = world.mails.lock().unwrap().clone();
        assert_eq!(mails.len(), 1, "only what the coach asked for: {:?}", occasions(&mails));
        assert_eq!(silences::find(world.app.db.reader()).await.unwrap(), None);
        // So much time went by that she signs in again.
        sign_in(&visitor).await;
        let shown = visitor.get("/coach").await;
        assert!(!shown.body.contains("a backup was restored") && shown.body.contains("Email is sending"), "{}", shown.body);
        world.to(utc("2026-10-12 20:00")).await;
    }
}

story! {
    async fn released_whole_everything_goes_out_once(world: &World) {
        group(world).await;
        world.to(utc("2026-10-11 20:00")).await;
        world.app.clock.set(utc("2026-10-12 05:00"));
        release_due(&world.app).await.unwrap();
        world.forget_mails();
        let (_, held) = hold(&world.app, utc("2026-10-11 22:00")).await.unwrap();
        world.run().await;
        assert!(world.mails.lock().unwrap().is_empty());
        let outcome = let_go(&world.app, Choice::All).await.unwrap().unwrap();
        assert_eq!(outcome, LetGo { skipped: 0, queued: held });
        world.run().await;
        assert_eq!(world.mails.lock().unwrap().len() as u64, held);
    }
}

story! {
    async fn released_from_an_instant_on_only_what_is_later_goes_out(world: &World) {
        group(world).await;
        world.to(utc("2026-10-11 20:00")).await;
        world.forget_mails();
        hold(&world.app, utc("2026-10-11 19:00")).await.unwrap();
        // Lessons at 05:00, reminders an hour before the session, at 16:00: all of it behind the hold.
        world.to(utc("2026-10-12 16:30")).await;
        assert!(world.mails.lock().unwrap().is_empty());
        let_go(&world.app, Choice::DueAfter(utc("2026-10-12 12:00"))).await.unwrap().unwrap();
        world.run().await;
        let rows = ledger::everything(world.app.db.reader()).await.unwrap();
        let states = |occasion| {
            let of = rows.iter().filter(move |row| row.occasion == occasion);
            of.map(|row| row.state).collect::<Vec<_>>()
        };
        assert_eq!(states(Occasion::Lesson), [State::Skipped; 2]);
        assert_eq!(states(Occasion::ReminderHour), [State::Sent; 2]);
    }
}

/// The commands, as an operator types them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_say_what_they_did_and_what_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let settings: Settings = vec![("TRELLIS__MAIL__MODE", "file".to_owned())];
    let trellis = |arguments: &[&str]| trellis(folder.path(), &settings, arguments);
    let why = refused(&trellis(&["backup"]));
    assert!(
        why.contains("there is no database at trellis.sqlite") && !folder.path().join("trellis.sqlite").exists(),
        "{why}"
    );
    told(&trellis(&["coach", "add", "--email", "nadia@group.example", "--name", "Nadia Brandt"]));
    let said = told(&trellis(&["backup"]));
    assert!(said.contains("verified; not encrypted") && said.contains("the key trellis.key"), "{said}");
    let file = said.lines().next().unwrap().to_owned();

    let why = refused(&trellis(&["restore", &file]));
    assert!(why.contains("--force") && why.lines().count() == 1, "{why}");
    let said = told(&trellis(&["restore", &file, "--force"]));
    assert!(said.contains("Restored as of 20") && said.contains("trellis.sqlite.before-"), "{said}");
    assert!(said.contains("nothing goes out before `trellis ledger release`"), "{said}");
    assert!(told(&trellis(&["ledger", "held"])).contains("Restored from a backup of"));
    let why = refused(&trellis(&["ledger", "release"]));
    assert!(why.contains("--skip-doubtful") && why.contains("--all") && why.contains("--due-after"), "{why}");
    assert!(told(&trellis(&["ledger", "release", "--skip-doubtful"])).contains("Mail goes out again"));
    assert!(told(&trellis(&["ledger", "held"])).contains("Nothing is held back"));

    let said = told(&trellis(&["backup", "--new-key", "key.txt"]));
    let public = said.split('"').nth(1).unwrap().to_owned();
    assert!(public.starts_with("age1"), "{said}");
    assert!(refused(&trellis(&["backup", "--new-key", "key.txt"])).contains("key.txt"), "a key is never written over");
    std::fs::write(folder.path().join("trellis.toml"), format!("[backup]\nrecipients = [\"{public}\"]\n")).unwrap();
    let said = told(&trellis(&["backup"]));
    assert!(said.contains("verified and encrypted"), "{said}");
    let file = said.lines().next().unwrap().to_owned();
    told(&trellis(&["restore", &file, "--force", "--key", "key.txt"]));
}

/// PostgreSQL has a tool of its own: it is named, whole, and without the password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_the_right_command_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings: Settings = vec![("TRELLIS_DATABASE_URL", "postgres://trellis:hunter2@db.example/groups".to_owned())];
    let why = refused(&trellis(folder.path(), &settings, &["backup"]));
    assert!(why.contains("pg_dump --format=custom") && why.contains("db.example/groups"), "{why}");
    assert!(why.contains("trellis ledger hold --backup-of") && !why.contains("hunter2"), "{why}");
    let why = refused(&trellis(folder.path(), &settings, &["restore", "x.dump"]));
    assert!(why.contains("pg_restore") && why.contains("ledger hold"), "{why}");
}
