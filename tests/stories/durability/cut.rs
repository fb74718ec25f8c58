//! What happens when PostgreSQL goes away for a while, and comes back?

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    time::{sleep, timeout},
};
use trellis::{
    actions::release_due::release_due,
    demo::smtp_server::{Action, Script, Step},
    domain::delivery::State,
    worker::Worker,
};

use super::{a_lease, lessons, with_people};
use crate::{
    post::header,
    scale,
    visitor::Visitor,
    world::{Backend, World},
};

const SENDERS: usize = 2;

fn people() -> usize {
    scale::of(30, 400)
}

/// The way to the server, which can be cut.
struct Way {
    address: SocketAddr,
    open: watch::Sender<bool>,
}

impl Way {
    /// To the server that is named by the address of a database; returns the address by this way, too.
    async fn to(database: &str) -> (Self, String) {
        let (path, query) = database.split_once('?').unwrap();
        let host = query.split('&').find_map(|pair| pair.strip_prefix("host=")).unwrap().to_owned();
        let name = path.rsplit('/').next().unwrap().to_owned();
        let user = path.trim_start_matches("postgres://").split('@').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                if *is_open.borrow() {
                    tokio::spawn(carry(tcp, format!("{host}/.s.PGSQL.5432"), is_open.clone()));
                }
            }
        });
        let url = format!("postgres://{user}@127.0.0.1:{}/{name}", address.port());
        (Self { address, open }, url)
    }

    fn cut(&self) {
        self.open.send_replace(false);
    }

    fn mend(&self) {
        self.open.send_replace(true);
    }
}

async fn carry(mut tcp: TcpStream, socket: String, mut is_open: watch::Receiver<bool>) {
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut tcp, &mut server) => {}
        _ = is_open.wait_for(|open| !open) => {}
    }
}

/// A mail takes a moment, so that what happens comes in the middle.
fn takes_a_moment() -> Script {
    Script::new(|step| match step {
        Step::Message(_) => Action::Wait(Duration::from_millis(30)),
        _ => Action::Go,
    })
}

async fn ready(visitor: &Visitor) -> u16 {
    visitor.get("/health/ready").await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_waited_for_and_nothing_doubles() {
    let (way, url) = Way::to(&crate::databases::fresh_postgres().await).await;
    assert!(way.address.ip().is_loopback());
    let url = format!("{url:?}");
    let settings = [("database.url", url.as_str()), ("mail.on_unknown", "\"hold\""), ("mail.senders", "2")];
    let world = World::with(Backend::Postgres, takes_a_moment(), &settings).await;
    let practice = world.practice().await;
    let (_, first) = with_people(&world, &practice, people()).await;
    world.to(first - TimeDelta::minutes(1)).await;
    world.forget_mails();
    world.app.clock.set(first);
    release_due(&world.app).await.unwrap();
    let worker = Worker::start(&world.app);
    sleep(Duration::from_millis(400)).await;

    way.cut();
    let visitor = Visitor::of(&world);
    sleep(Duration::from_millis(200)).await;
    let page = timeout(Duration::from_secs(40), visitor.get("/link")).await.expect("it answers");
    assert!(page.body.contains("<html"), "a page, whatever it says: {}", page.status);
    assert_eq!(ready(&visitor).await, 503);
    let cut_for = Duration::from_secs(scale::of(3, 30));
    sleep(cut_for).await;
    way.mend();
    let mended = Instant::now();
    while ready(&visitor).await != 200 {
        assert!(mended.elapsed() < Duration::from_secs(15), "well again in fifteen seconds");
        sleep(Duration::from_millis(100)).await;
    }
    let ready_after = mended.elapsed();
    worker.stop().await;
    // Somebody starts it again.
    world.app.closing.send_replace(trellis::app::Closing::Open);
    world.app.clock.advance(a_lease());
    world.run().await;

    let rows = lessons(&world, &practice).await;
    let are = |state: State| rows.iter().filter(|row| row.state == state).count();
    let (sent, doubtful) = (are(State::Sent), are(State::Unknown));
    assert_eq!((rows.len(), sent + doubtful), (people(), people()), "each is accounted for");
    assert!(doubtful <= SENDERS, "at most one a sender is in doubt: {doubtful}");
    let ids: Vec<_> = world.mails.lock().unwrap().iter().map(|mail| header(&mail.raw, "Message-ID")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no mail twice");
    assert!(ids.len() >= sent, "what is sent has arrived");
    let counts = format!("{sent} mails sent, {doubtful} in doubt, 0 doubled, 0 lost");
    scale::shown("R13, cut off", format!("{cut_for:?}, ready {ready_after:.1?} after it; {counts}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_restarts_costs_nobody_anything() {
    use trellis::store::Connection;
    let world = World::with(Backend::Postgres, takes_a_moment(), &[("mail.on_unknown", "\"hold\"")]).await;
    let practice = world.practice().await;
    let (_, first) = with_people(&world, &practice, people()).await;
    world.to(first - TimeDelta::minutes(1)).await;
    world.forget_mails();
    world.app.clock.set(first);
    release_due(&world.app).await.unwrap();
    let worker = Worker::start(&world.app);
    let times = scale::of(5, 20);
    for _ in 0..times {
        sleep(Duration::from_millis(100)).await;
        // What a restart does to everybody who is connected; our own answer is cut off, too.
        let everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()";
        let _cut = world.app.db.reader().execute_unprepared(everybody).await;
    }
    let restarts = match scale::restart() {
        Some(command) => restarted(&command, 3).await,
        None => 0,
    };
    let began = Instant::now();
    while going_on(&world).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "it goes on");
        sleep(Duration::from_millis(100)).await;
        // A lease whose holder was cut off runs out by the clock, and a story's stands still by itself.
        world.app.clock.advance(TimeDelta::seconds(1));
    }
    worker.stop().await;
    // Somebody starts it again.
    world.app.closing.send_replace(trellis::app::Closing::Open);
    world.app.clock.advance(a_lease());
    world.run().await;
    let rows = lessons(&world, &practice).await;
    assert_eq!(rows.len(), people());
    assert!(rows.iter().all(|row| matches!(row.state, State::Sent | State::Unknown)));
    let ids: Vec<_> = world.mails.lock().unwrap().iter().map(|mail| header(&mail.raw, "Message-ID")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no mail twice");
    let doubtful = rows.iter().filter(|row| row.state == State::Unknown).count();
    let counts = format!("{} mails, {doubtful} in doubt, 0 doubled, 0 lost", rows.len());
    let how = format!("everybody cut off {times} times, {restarts} fast restarts");
    scale::shown("R13, restarted", format!("{how}; {counts}; done {:.1?} after it", began.elapsed()));
}

/// Starts the server anew so many times, in the midst of it; returns how many.
async fn restarted(command: &str, times: u32) -> u32 {
    for _ in 0..times {
        let command = command.to_owned();
        let run = move || std::process::Command::new("sh").args(["-c", &command]).output();
        let done = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        sleep(Duration::from_millis(300)).await;
    }
    times
}

async fn going_on(world: &World) -> u64 {
    trellis::store::ledger::count_going_on(world.app.db.reader(), world.app.clock.now()).await.unwrap_or(u64::MAX)
}
