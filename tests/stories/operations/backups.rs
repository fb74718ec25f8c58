//! Does a copy hold everything, does it come back, and does what comes back keep silent until it is told to speak?

use std::{collections::BTreeMap, path::Path, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use trellis::{
    actions::{
        backup::{Made, make_backup},
        hold_mail::{Choice, let_go},
        release_due::release_due,
        restore::{Over, Restored, Wanted, restore},
        send_deliveries::{Hands, Round, send_deliveries, sweep},
    },
    app::App,
    clock::Clock,
    config::Config,
    demo::smtp_server::Script,
    domain::delivery::{Occasion, State},
    random::Random,
    seal,
    store::{Connection, ledger, practices},
};

use super::releases::{ADA, group, occasions};
use crate::{
    durability::with_people,
    people::{Person, ask},
    scale,
    world::{Backend, PASSWORD, World, utc},
};

/// Settings with another database or backup folder.
fn with(config: &Config, database: &Path, backups: &Path) -> Config {
    let mut config = config.clone();
    config.database.url = SecretString::from(format!("sqlite://{}", database.display()));
    config.backup.folder = backups.to_owned();
    config
}

async fn copy(world: &World, backups: &Path) -> Made {
    let mut config = world.app.config.clone();
    config.backup.folder = backups.to_owned();
    make_backup(&config, world.now()).await.unwrap()
}

async fn bring_back(config: &Config, backup: &Path, now: DateTime<Utc>) -> anyhow::Result<Restored> {
    let wanted = Wanted { backup: backup.to_owned(), key_file: None, over: Over::OnlyEmpty };
    restore(config, &wanted, now).await
}

/// What a worker does, on a database that is not the world's.
async fn work(app: &App) {
    let mut sender = app.mailer.sender();
    loop {
        let released = release_due(app).await.unwrap();
        sweep(app).await.unwrap();
        if send_deliveries(app, &Hands::default(), &mut sender).await.unwrap() != Round::Worked && released == 0 {
            return sender.close().await;
        }
    }
}

async fn work_until(app: &App, target: DateTime<Utc>) {
    while app.clock.now().program < target {
        work(app).await;
        app.clock.set((app.clock.now().program + TimeDelta::hours(6)).min(target));
    }
    work(app).await;
}

/// R8, R17
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_backup_does_not_mail_the_past_again() {
    let world = World::new(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    group(&world).await;
    let practice = practices::on_this_installation(world.app.db.reader()).await.unwrap().remove(0);
    let more = scale::of(8, 300);
    with_people(&world, &practice, more).await;
    // Before the first lesson: Monday 12 October, 07:00 in Berlin.
    world.to(utc("2026-10-11 20:00")).await;
    let made = copy(&world, folder.path()).await;
    let backup_of = made.label.made_at;
    world.forget_mails();
    // The first lesson and the reminders go out; then the disk dies.
    world.to(utc("2026-10-12 20:00")).await;
    let gone = occasions(&world.mails.lock().unwrap());
    assert!(gone.len() >= 2 * (2 + more), "lessons and reminders: {gone:?}");
    world.forget_mails();

    let config = with(&world.app.config, &folder.path().join("again.sqlite"), folder.path());
    let now = utc("2026-10-12 21:00");
    let restored = bring_back(&config, &made.file, now).await.unwrap();
    assert_eq!(restored.label.rows, made.label.rows);
    assert!(restored.put_aside.is_none());
    let works: Vec<&str> = restored.may_have_gone.planned.iter().map(|planned| planned.work.as_str()).collect();
    assert!(works.contains(&"lesson") && works.contains(&"reminder_hour"), "{works:?}");
    assert!(restored.may_have_gone.planned.iter().all(|planned| planned.due_at > backup_of && planned.due_at <= now));

    let app = App::open(config, Clock::fixed(now), Random::seeded(8)).await.unwrap();
    work_until(&app, now + TimeDelta::hours(2)).await;
    world.run().await;
    assert_eq!(occasions(&world.mails.lock().unwrap()), BTreeMap::new(), "nothing goes out before the release");

    let outcome = let_go(&app, Choice::SkipDoubtful).await.unwrap().unwrap();
    assert!(outcome.skipped >= 2 * (2 + more as u64), "{outcome:?}");
    work(&app).await;
    world.run().await;
    assert_eq!(occasions(&world.mails.lock().unwrap()), BTreeMap::new(), "nor what went out before");
    // Life goes on: the next week's lesson comes, to both, once.
    work_until(&app, utc("2026-10-19 06:00")).await;
    world.run().await;
    let later = occasions(&world.mails.lock().unwrap());
    assert!(later.values().all(|count| *count == 1), "{later:?}");
    let rows = ledger::everything(app.db.reader()).await.unwrap();
    let sent_lessons = |state| rows.iter().filter(|row| row.occasion == Occasion::Lesson && row.state == state).count();
    assert_eq!((sent_lessons(State::Skipped), sent_lessons(State::Sent)), (2 + more, 2 + more));
    assert!(
        later.keys().any(|mail| mail.ends_with(super::releases::LENA.email))
            && later.keys().any(|mail| mail.ends_with(ADA.email))
    );
    assert_eq!(let_go(&app, Choice::All).await.unwrap(), None, "there is nothing to let go of any more");
    let counts = format!("{} mails gone since the backup, 0 of them sent again", gone.len());
    scale::shown("R8", format!("{counts}; {} held back; then {} new ones, once each", outcome.skipped, later.len()));
}

/// R17: while people enroll, a copy is taken; it is of one moment, and the coach can sign in to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_of_one_moment_and_comes_back_whole() {
    let world = Arc::new(World::new(Backend::Sqlite).await);
    let folder = tempfile::tempdir().unwrap();
    let practice = world.practice().await;
    let cohort = world.cohort(&practice, |new| new.capacity = 400).await;
    let asking = world.clone();
    let (asked, copied) = (scale::of(60, 600), scale::of(4, 12));
    let load = tokio::spawn(async move {
        for number in 0..asked {
            let email: &'static str = Box::leak(format!("person{number}@load.example").into_boxed_str());
            ask(&asking, cohort, &Person { name: "Ada", email, ..ADA }).await;
        }
    });
    let mut copies = Vec::new();
    for second in 0..copied {
        let mut config = world.app.config.clone();
        config.backup.folder = folder.path().to_owned();
        copies.push(make_backup(&config, utc("2026-10-05 09:00") + TimeDelta::seconds(second)).await.unwrap());
    }
    load.await.unwrap();
    let made: Vec<u64> = copies.iter().map(|made| made.label.rows["enrollments"]).collect();
    for (number, made) in copies.iter().enumerate() {
        // One moment: whoever has a place in line has their mail in the ledger.
        let rows = &made.label.rows;
        assert_eq!(rows["enrollments"], rows["deliveries"], "{rows:?}");
        assert_eq!(rows["enrollments"], rows["journeys"], "{rows:?}");
        let config = with(&world.app.config, &folder.path().join(format!("again-{number}.sqlite")), folder.path());
        let restored = bring_back(&config, &made.file, world.now()).await.unwrap();
        assert_eq!(restored.held, rows["deliveries"], "what was open is held");
    }
    let config = with(&world.app.config, &folder.path().join(format!("again-{}.sqlite", copied - 1)), folder.path());
    for number in 0..copied {
        let url = format!("sqlite://{}", folder.path().join(format!("again-{number}.sqlite")).display());
        assert_eq!(integrity(&url).await, "ok");
    }
    let app = App::open(config, Clock::fixed(world.now()), Random::seeded(9)).await.unwrap();
    let site = trellis::web::routes::site(app).unwrap();
    let client = poem::test::TestClient::new(site);
    let token = trellis::web::csrf::FormToken::new([7; 16]);
    let form = [("email", "nadia@group.example"), ("password", PASSWORD), ("form_token", token.as_str())];
    let signed = client.post("/coach/sign-in").header("sec-fetch-site", "same-origin").form(&form).send().await;
    assert_eq!(signed.0.status().as_u16(), 303, "the coach's password is what it was");
    scale::shown(
        "R17",
        format!("{copied} copies while {asked} people asked, with {made:?} of them; each whole, integrity ok"),
    );
}

async fn integrity(url: &str) -> String {
    let db = sea_orm::Database::connect(url).await.unwrap();
    let check = sea_orm::Statement::from_string(db.get_database_backend(), "PRAGMA integrity_check");
    let said = db.query_one_raw(check).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    db.close().await.unwrap();
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_copy_is_refused_and_nothing_is_touched() {
    let world = World::new(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    group(&world).await;
    let made = copy(&world, folder.path()).await;
    assert!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().ends_with(".part") })
    );
    let target = folder.path().join("again.sqlite");
    let config = with(&world.app.config, &target, folder.path());
    let whole = std::fs::read(&made.file).unwrap();
    let sum = folder.path().join(format!("{}.sha256", made.file.display()));

    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xA5);
    std::fs::write(&made.file, &damaged).unwrap();
    let why = bring_back(&config, &made.file, world.now()).await.unwrap_err().to_string();
    assert!(why.contains("is not what was backed up"), "{why}");
    // Without its sum the damage is found by looking, or by counting.
    std::fs::remove_file(&sum).unwrap();
    std::fs::write(&made.file, &whole[..whole.len() / 3]).unwrap();
    let why = format!("{:#}", bring_back(&config, &made.file, world.now()).await.unwrap_err());
    assert!(why.contains("damaged") || why.contains("could not be made or read"), "{why}");
    // Somebody's own copy of the file does not say of when it is.
    let other = folder.path().join("copied.sqlite");
    let source = world.app.config.clone();
    let path = secrecy::ExposeSecret::expose_secret(&source.database.url).trim_start_matches("sqlite://").to_owned();
    std::fs::copy(path, &other).unwrap();
    let why = format!("{:#}", bring_back(&config, &other, world.now()).await.unwrap_err());
    assert!(why.contains("when it was taken") || why.contains("could not"), "{why}");
    assert!(!target.exists(), "nothing came of any of them");
    assert!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().contains("restoring") })
    );

    std::fs::write(&made.file, &whole).unwrap();
    bring_back(&config, &made.file, world.now()).await.unwrap();
    // What is in use now is not written over by a second try; with force it is put aside, whole.
    let why = bring_back(&config, &made.file, world.now()).await.unwrap_err().to_string();
    assert!(why.contains("--force"), "{why}");
    let wanted = Wanted { backup: made.file.clone(), key_file: None, over: Over::Anything };
    let again = restore(&config, &wanted, world.now()).await.unwrap();
    assert!(again.put_aside.unwrap().exists() && target.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_copy_shows_nobody_and_opens_with_its_key() {
    let world = World::new(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    group(&world).await;
    let key = folder.path().join("key.txt");
    let mut config = world.app.config.clone();
    config.backup.folder = folder.path().join("backups");
    config.backup.recipients = vec![seal::new_key(&key).unwrap()];
    let made = make_backup(&config, world.now()).await.unwrap();
    assert!(made.file.display().to_string().ends_with(".sqlite.age"));
    for entry in std::fs::read_dir(&config.backup.folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(4).any(|four| four == b"lena"), "{}", path.display());
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert!(path.extension().is_some_and(|kind| kind == "sha256") || mode & 0o077 == 0, "{}", path.display());
    }
    let target = with(&world.app.config, &folder.path().join("again.sqlite"), folder.path());
    let why = bring_back(&target, &made.file, world.now()).await.unwrap_err().to_string();
    assert!(why.contains("is encrypted") && why.contains("--key"), "{why}");
    let wanted = Wanted { backup: made.file, key_file: Some(key), over: Over::OnlyEmpty };
    assert_eq!(restore(&target, &wanted, world.now()).await.unwrap().label.rows, made.label.rows);
}

/// S12: what was erased leaves the backups.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_copies_go_once_a_new_one_is_there_and_nothing_else_goes() {
    let world = World::new(Backend::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    world.practice().await;
    let old = copy(&world, folder.path()).await;
    std::fs::write(folder.path().join("my-own-notes.sqlite"), "x").unwrap();
    world.app.clock.advance(TimeDelta::days(29));
    assert_eq!(copy(&world, folder.path()).await.removed, 0);
    world.app.clock.advance(TimeDelta::days(2));
    assert_eq!(copy(&world, folder.path()).await.removed, 1);
    assert!(!old.file.exists() && folder.path().join("my-own-notes.sqlite").exists());
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 5, "two copies, their sums, and the notes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_fails_leaves_nothing_that_looks_like_one() {
    let world = World::with(Backend::Sqlite, Script::well(), &[]).await;
    world.practice().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = world.app.config.clone();
    config.backup.folder = folder.path().to_owned();
    config.backup.recipients = vec!["age1nonsense".to_owned()];
    let why = format!("{:#}", make_backup(&config, world.now()).await.unwrap_err());
    assert!(why.contains("age1nonsense"), "{why}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
