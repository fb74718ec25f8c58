//! Is what was answered a moment ago given again only while it is still true?
//!
//! A site that was made just now has kept nothing: what it answers is what an answer must be.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use trellis::{
    actions::{
        change_person::rotate_feed,
        leave::{By, leave},
        save_cohort::{Doors, set_doors},
    },
    domain::{discretion::Discretion, enrollment::CalendarChoice, plan::Change},
    store::{
        Error,
        cohorts::{self, Cohort},
        database::Database,
        freshness::Source,
        practices::{self, Practice},
    },
    transact,
};

use crate::{
    people::{Person, enroll},
    places::person,
    story,
    world::{Backend, START, World, name, save_practice, utc},
};

mod scene;

use scene::Scene;

const BEN: Person = person("Ben", "ben@example.org", "Asia/Tokyo");

async fn save_and_refuse(db: &Database, cohort: &Cohort) -> Result<(), Error> {
    transact!(db, |tx| {
        cohorts::save(tx, cohort.clone()).await?;
        Err(Error::SentBefore)
    })
}

async fn save(db: &Database, practice: &Practice) -> Result<(), Error> {
    transact!(db, |tx| practices::save(tx, practice.clone()).await)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Keep,
    TakeBack,
}

async fn run(db: &Database, statement: &str, wish: Wish) -> Result<(), Error> {
    transact!(db, |tx| {
        tx.execute_unprepared(statement).await?;
        if wish == Wish::Keep { Ok(()) } else { Err(Error::SentBefore) }
    })
}

/// An error page says its request's id.
fn without_id(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find("mention <span class=\"mono\">") {
        text.truncate(at);
    }
    text
}

story! {
    async fn whatever_the_coach_or_a_person_changes_the_very_next_page_and_calendar_show_it(world: &World) {
        let scene = Scene::new(world).await;
        let before = scene.is_true("nothing").await;
        assert_eq!(before.iter().map(|given| given.status).collect::<Vec<_>>(), [200; 4]);
        let session = scene.sessions().await[1].id;
        let (date, time) = ("2026-10-20".parse().unwrap(), "18:00:00".parse().unwrap());
        scene.apply(&Change::MoveSession { session, date, time, minutes: 75 }).await;
        let before = scene.changed(&before, "a moved session").await;
        scene.apply(&Change::CancelSession { session: scene.sessions().await[2].id }).await;
        let before = scene.changed(&before, "a canceled session").await;
        scene.apply(&Change::InsertBreak { before: 5 }).await;
        let before = scene.changed(&before, "a break").await;
        scene.rename("Another title").await;
        let before = scene.changed(&before, "another title").await;
        assert!(before[0].text.contains("Another title"));
        let renamed = Practice { name: name("Brandt & Daughters"), neutral_name: name("B. D."), ..scene.practice.clone() };
        save_practice(&world.app, &renamed).await.unwrap();
        let before = scene.changed(&before, "another name").await;
        scene.be(Discretion::Minimal).await;
        let before = scene.changed(&before, "a higher level").await;
        for number in 0..9 {
            let email: &'static str = format!("p{number}@example.org").leak();
            enroll(world, scene.cohort, &person("Pat", email, "Europe/Berlin")).await;
        }
        let before = scene.changed(&before, "nine places taken").await;
        assert!(before[0].text.contains("2 places left"));
        enroll(world, scene.cohort, &BEN).await;
        let before = scene.changed(&before, "one place taken").await;
        assert!(before[0].text.contains("1 place left"));
        scene.choose(CalendarChoice::Neither).await;
        let before = scene.changed(&before, "another way to tell dates").await;
        assert!(!before[3].text.contains("BEGIN:VEVENT"));
        scene.choose(CalendarChoice::Feed).await;
        let before = scene.changed(&before, "the calendar again").await;
        assert!(before[3].text.contains("BEGIN:VEVENT"));
        leave(&world.app, scene.place, &By::Participant).await.unwrap();
        let before = scene.changed(&before, "leaving").await;
        assert!(!before[3].text.contains("BEGIN:VEVENT") && before[0].text.contains("2 places left"));
        set_doors(&world.app, (scene.practice.id, scene.cohort), Doors::Closed, "Nadia").await.unwrap();
        let before = scene.changed(&before, "closed doors").await;
        assert!(before[0].text.contains("No dates yet"));
        world.pass(TimeDelta::hours(2)).await;
        scene.is_true("hours").await;
    }
}

story! {
    async fn an_address_nobody_has_is_never_kept_and_one_that_was_replaced_is_gone_at_once(world: &World) {
        let scene = Scene::new(world).await;
        let next = scene.feed(1);
        for _ in 0..3 {
            assert_eq!(scene.ask(&next).await.status, 404);
            assert_eq!(scene.ask("/c/nobody.ics").await.status, 404);
            assert_eq!(scene.ask("/g/nobody").await.status, 404);
        }
        let known = scene.ask(&scene.feed(0)).await;
        let etag = known.has("etag").unwrap().to_owned();
        assert_eq!(scene.knows(&scene.feed(0), &etag).await, 304);
        rotate_feed(&world.app, scene.practice.id, scene.person).await.unwrap();
        assert_eq!(scene.knows(&scene.feed(0), &etag).await, 404, "with its tag");
        assert_eq!(scene.knows(&scene.feed(0), "*").await, 404);
        assert_eq!((scene.ask(&scene.feed(0)).await.status, scene.ask(&next).await.status), (404, 200));
        assert_eq!(scene.ask(&next).await.text, known.text, "the same calendar");
    }
}

story! {
    async fn what_was_taken_back_changes_nothing(world: &World) {
        let scene = Scene::new(world).await;
        let before = scene.is_true("nothing").await;
        let db = world.app.db.reader();
        let mut cohort = cohorts::anywhere(db, scene.cohort).await.unwrap().unwrap();
        cohort.capacity = 1;
        assert!(save_and_refuse(&world.app.db, &cohort).await.is_err());
        assert_eq!(scene.is_true("a refusal").await, before);
    }
}

story! {
    async fn what_only_time_changes_is_seen_when_it_is_time(world: &World) {
        let scene = Scene::new(world).await;
        let canceled = scene.sessions().await[2].id;
        scene.apply(&Change::CancelSession { session: canceled }).await;
        let mut before = scene.is_true("a canceled session").await;
        let last = scene.sessions().await.iter().map(|session| session.ends_at).max().unwrap();
        let gone = utc(START) + TimeDelta::minutes(5) + TimeDelta::days(30);
        // Around the first session, a minute of the list of zones, the canceled one's end, the last session, the end.
        let instants = [utc("2026-10-05 09:06"), utc("2026-10-12 17:00"), gone, last, last + TimeDelta::days(30)];
        for at in instants {
            world.to(at - TimeDelta::seconds(1)).await;
            scene.is_true("a second before").await;
            // Nothing is due between the two, and nobody writes.
            world.app.clock.set(at);
            let after = scene.is_true(&at.to_string()).await;
            assert_ne!(before, after, "{at}");
            before = after;
        }
        assert_eq!(before[3].text.matches("BEGIN:VEVENT").count(), 0, "a month after the end");
    }
}

/// The next of a row of numbers that is the same every time.
fn next(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

story! {
    async fn in_any_order_of_writes_and_reads_it_is_as_if_nothing_were_kept(world: &World) {
        let scene = Scene::new(world).await;
        let mut seed = 11;
        for round in 0..40_u64 {
            let session = scene.sessions().await[usize::try_from(3 + next(&mut seed, 3)).unwrap()].clone();
            let step = next(&mut seed, 7);
            match step {
                0 => scene.rename(&format!("Title {round}")).await,
                1 if session.state == trellis::domain::session::SessionState::Planned => {
                    scene.apply(&Change::CancelSession { session: session.id }).await;
                }
                1 => scene.apply(&Change::RestoreSession { session: session.id }).await,
                2 => scene.choose(CalendarChoice::Neither).await,
                3 => scene.choose(CalendarChoice::Feed).await,
                4 => scene.be([Discretion::Open, Discretion::Discreet, Discretion::Minimal][usize::try_from(round % 3).unwrap()]).await,
                5 => world.app.clock.advance(TimeDelta::seconds(50)),
                _ => {}
            }
            let path = scene.paths()[usize::try_from(next(&mut seed, 4)).unwrap()].clone();
            let given = scene.ask(&path).await;
            assert_eq!(given, scene.anew(&path).await, "{path} in round {round} after {step}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_is_answered_without_a_question_to_the_database() {
    let world = Box::pin(World::new(Backend::Sqlite)).await;
    let scene = Box::pin(Scene::new(&world)).await;
    let (page, feed) = (scene.ask(&scene.page).await, scene.ask(&scene.feed(0)).await);
    world.app.db.reader().clone().close().await.unwrap();
    assert_eq!(scene.ask(&scene.page).await, page);
    assert_eq!(scene.knows(&scene.feed(0), feed.has("etag").unwrap()).await, 304);
    // Everything else asks.
    assert_eq!(scene.ask(&format!("{}?tz=Asia/Tokyo", scene.page)).await.status, 500);
    assert_eq!(scene.knows(&scene.feed(0), "\"another\"").await, 500);
    let head = scene.client.head(format!("{}{}", world.base, scene.page)).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.text().await.unwrap().len()), (200, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_writes_is_seen_a_second_later() {
    let world = Box::pin(World::new(Backend::Sqlite)).await;
    let scene = Box::pin(Scene::new(&world)).await;
    let before = scene.is_true("nothing").await;
    let url = secrecy::ExposeSecret::expose_secret(&world.app.config.database.url);
    let beside = Database::open(url, 1).await.unwrap();
    let renamed = Practice { name: name("Renamed"), neutral_name: name("R."), ..scene.practice.clone() };
    save(&beside, &renamed).await.unwrap();
    let since = Instant::now();
    loop {
        let now = [scene.ask(&scene.page).await, scene.ask(&scene.feed(0)).await];
        if now[0].text.contains("Renamed") && now[1].text.contains("R.") {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(5), "still as before");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_ne!(scene.is_true("a second process").await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_that_answers_are_made_of_tells_of_its_rows() {
    let world = Box::pin(World::new(Backend::Sqlite)).await;
    let scene = Box::pin(Scene::new(&world)).await;
    let db = &world.app.db;
    for table in Source::ALL {
        let name = table.name();
        let schema = format!("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = '{name}'");
        let schema = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, schema);
        let row = db.reader().query_one_raw(schema).await.unwrap().unwrap_or_else(|| panic!("there is no {name}"));
        let sql: String = row.try_get_by_index(0).unwrap();
        assert!(!sql.to_uppercase().contains("WITHOUT ROWID"), "SQLite would not tell of {name}");
        // All of it at once, which is done in a way of its own where nothing hangs on the rows.
        for change in [format!("UPDATE {name} SET id = id"), format!("DELETE FROM {name}")] {
            let before = db.stamp(&[table]).await.unwrap();
            assert!(run(db, &change, Wish::TakeBack).await.is_err());
            assert_ne!(db.stamp(&[table]).await.unwrap(), before, "{change}");
        }
    }
    // What goes with a person goes without a statement of its own.
    let hanging = [Source::Enrollments, Source::Invites];
    let before = [db.stamp(&hanging[..1]).await, db.stamp(&hanging[1..]).await];
    run(db, "DELETE FROM participants", Wish::Keep).await.unwrap();
    assert!(before[0] != db.stamp(&hanging[..1]).await && before[1] != db.stamp(&hanging[1..]).await);
    assert_eq!(scene.ask(&scene.feed(0)).await.status, 404);
    let quiet = db.stamp(&Source::ALL).await;
    assert_eq!(db.stamp(&Source::ALL).await, quiet, "nobody wrote");
}
