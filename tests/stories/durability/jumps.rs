//! Does a clock that jumps do harm?

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use tokio::time::sleep;
use trellis::{
    actions::{release_due::release_due, send_deliveries::sweep},
    app::Closing,
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::State,
    store::ledger,
    worker::Worker,
};

use super::{lessons, with_people};
use crate::{
    post::header,
    scale, story,
    world::{Backend, World},
};

const PEOPLE: usize = 12;

story! {
    async fn a_clock_that_jumps_an_hour_or_a_day_neither_doubles_nor_loses_a_mail(world: &World) {
        let practice = world.practice().await;
        let (_, first) = with_people(world, &practice, PEOPLE).await;
        world.to(first - TimeDelta::minutes(1)).await;
        let clock = &world.app.clock;
        for jump in [TimeDelta::hours(-1), TimeDelta::hours(1), TimeDelta::days(-1), TimeDelta::days(1)] {
            clock.advance(jump);
            world.run().await;
        }
        assert!(lessons(world, &practice).await.is_empty(), "nothing is due yet, whatever the clock said");

        // Due, and while it is being sent the clock goes back a day: it says *not yet* again, and it stays sent.
        clock.set(first);
        world.run().await;
        clock.advance(TimeDelta::days(-1));
        world.run().await;
        clock.advance(TimeDelta::hours(25));
        world.run().await;
        let sent = lessons(world, &practice).await;
        assert_eq!(sent.len(), PEOPLE);
        assert!(sent.iter().all(|row| row.state == State::Sent), "each once, and none forgotten");

        // An hour too far, and back: the next lesson comes when it is time, not before, and once.
        let next = world.next_instant().await.unwrap();
        clock.set(next + TimeDelta::hours(1));
        world.run().await;
        clock.set(next - TimeDelta::hours(1));
        world.run().await;
        clock.set(next + TimeDelta::hours(2));
        world.run().await;
        let mails = world.mails.lock().unwrap().len();
        world.run().await;
        assert_eq!(world.mails.lock().unwrap().len(), mails, "nothing twice");
    }
}

/// While mail is on its way, whoever looks for leases that ran out sees a clock that is an hour or a day off.
async fn jumps_in_the_midst_of_it(backend: Backend) {
    let script = Script::new(|step| match step {
        Step::Message(_) => Action::Wait(Duration::from_millis(25)),
        _ => Action::Go,
    });
    let world = World::with(backend, script, &[]).await;
    let practice = world.practice().await;
    let (people, jumps) = (scale::of(60, 400), scale::of(6, 60));
    let (_, first) = with_people(&world, &practice, people).await;
    world.to(first - TimeDelta::minutes(1)).await;
    world.forget_mails();
    let clock = &world.app.clock;
    clock.set(first);
    release_due(&world.app).await.unwrap();
    let worker = Worker::start(&world.app);
    let far = [TimeDelta::hours(1), TimeDelta::hours(-1), TimeDelta::days(1), TimeDelta::days(-1)];
    for jump in far.into_iter().cycle().take(jumps) {
        sleep(Duration::from_millis(60)).await;
        clock.advance(jump);
        sweep(&world.app).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        clock.advance(-jump);
    }
    let began = Instant::now();
    while ledger::count_going_on(world.app.db.reader(), clock.now()).await.unwrap() > 0 {
        assert!(began.elapsed() < Duration::from_secs(scale::of(60, 240)), "it goes on");
        sleep(Duration::from_millis(100)).await;
        clock.advance(TimeDelta::seconds(1));
    }
    worker.stop().await;
    world.app.closing.send_replace(Closing::Open);
    world.run().await;
    let rows = lessons(&world, &practice).await;
    let sent = rows.iter().filter(|row| row.state == State::Sent).count();
    assert_eq!(
        (rows.len(), sent),
        (people, people),
        "each is sent: {:?}",
        rows.iter().find(|row| row.state != State::Sent)
    );
    let ids: Vec<_> = world.mails.lock().unwrap().iter().map(|mail| header(&mail.raw, "Message-ID")).collect();
    let once: BTreeSet<_> = ids.iter().collect();
    assert!(once.len() >= people, "none is lost");
    assert_eq!(ids.len(), once.len(), "none twice");
    scale::shown("R15", format!("{backend:?}, {jumps} jumps of an hour or a day: {people} mails, 0 doubled, 0 lost"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_while_mail_is_on_its_way_does_no_harm_on_sqlite() {
    jumps_in_the_midst_of_it(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_while_mail_is_on_its_way_does_no_harm_on_postgres() {
    jumps_in_the_midst_of_it(Backend::Postgres).await;
}
