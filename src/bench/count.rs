//! How many instructions does a lesson cost, and a calendar? So few of each that a tool which counts every instruction
//! comes to an end: `tests/bench/ceilings` runs this under it, and stops at each mark to read what was counted since
//! the one before.

use anyhow::{Context, ensure};
use chrono::TimeDelta;

use super::{
    Report, Setup,
    clients::{Ask, Clients, Plan},
    feeds::{calendars, get},
    house::{Group, House, begins, berlin},
    sink::{Manner, Sink},
};
use crate::{
    actions::{
        release_due::release_due,
        send_deliveries::{Hands, Round, send_deliveries},
    },
    clock::Clock,
    domain::schedule::LessonClock,
    store::timetable,
};

/// Calendars that are asked for in full, and as often that what is known is still true.
const ASKED: [usize; 3] = [25, 100, 500];

pub async fn count(setup: &Setup) -> anyhow::Result<()> {
    let people = setup.size.of([50, 200, 500]);
    let mut sink = Sink::start(Manner::default())?;
    let mut house = House::open(setup, Clock::fixed(begins()), &sink.address).await?;
    let group = Group { number: 1, zone: berlin()?, capacity: 500, clock: LessonClock::Cohort, starts_on: None };
    let tokens = calendars(&house, group, people).await?;
    let report = Report::new("count", setup);
    // The first lesson pays for what is made once.
    release(&house).await?;
    send(&house).await?;
    let first = sink.taken()?.mails;
    release(&house).await?;
    mark(&report, "nothing", 0);
    send(&house).await?;
    let mails = usize::try_from(sink.taken()?.mails - first)?;
    mark(&report, "mails", mails);
    ensure!(mails >= people, "{mails} mails to {people} people");

    house.serve()?;
    let asked = setup.size.of(ASKED).min(tokens.len());
    let feed = |head: &'static str| {
        let asks = tokens.iter().take(asked).map(move |token| get(format!("/c/{token}.ics"), head));
        vec![asks.collect::<Vec<Ask>>()]
    };
    let known = feed("If-None-Match: {etag}\r\n");
    let plan = Plan { address: house.address.clone(), rounds: vec![feed(""), feed(""), known] };
    let mut clients = Clients::start(&plan, setup.folder())?;
    clients.round()?;
    for (what, status) in [("calendars", 200), ("known calendars", 304)] {
        mark(&report, "nothing", 0);
        let answers = clients.round()?;
        mark(&report, what, answers.all());
        ensure!(answers.with(status) == asked, "{what}: {:?}", answers.statuses);
    }
    Ok(())
}

/// Where the counting stops and starts; says how many of what were counted since the mark before.
#[inline(never)]
fn mark(report: &Report, what: &str, number: usize) {
    report.say_count(what, number);
}

/// The clock goes on to the next lesson, and what is due by then is in the ledger.
async fn release(house: &House) -> anyhow::Result<()> {
    let app = &house.app;
    let rows = timetable::due(app.db.reader(), begins() + TimeDelta::days(60), 10_000).await?;
    let next = rows.into_iter().find(|row| row.work == "lesson").context("no lesson is left")?;
    app.clock.set(next.due_at + TimeDelta::seconds(1));
    ensure!(release_due(app).await? > 0, "nothing was due at {}", next.due_at);
    Ok(())
}

/// One after the other.
async fn send(house: &House) -> anyhow::Result<()> {
    let (mut sender, hands) = (house.app.mailer.sender(), Hands::default());
    while send_deliveries(&house.app, &hands, &mut sender).await? == Round::Worked {}
    sender.close().await;
    Ok(())
}
