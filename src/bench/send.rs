//! How many lessons go out in a second, written, handed over and written down; and what does each cost?

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Report, Setup, cost,
    house::{Group, House, begins, berlin},
    number,
    sink::{Manner, Sink, Taken},
};
use crate::{
    actions::{
        compose::{self, gather::Gathered},
        release_due::release_due,
        send_deliveries::{Hands, Round, send_deliveries},
    },
    app::App,
    clock::Clock,
    domain::{delivery::State, email_address::EmailAddress, ids::CohortId, schedule::LessonClock},
    mail::mailer::Envelope,
    store::{
        ledger::{self, Delivery, Filter},
        timetable,
    },
    transact,
};

/// What is to be sent, and to what.
#[derive(Debug, Clone)]
pub struct Sending {
    /// So many senders at once, one run each.
    pub senders: Vec<usize>,
    pub manner: Manner,
    /// A mail server of another's, as `host:port`, in place of our own.
    pub relay: Option<String>,
}

const IN_A_COHORT: usize = 500;
/// The shipped program has as many lessons.
const MOST_RUNS: usize = 6;

pub async fn send(setup: &Setup, sending: &Sending) -> anyhow::Result<()> {
    anyhow::ensure!(sending.senders.len() < MOST_RUNS, "at most {} runs in one go", MOST_RUNS - 1);
    let mails = setup.size.of([1_000, 5_000, 20_000]);
    let mut sink = match &sending.relay {
        Some(_) => None,
        None => Some(Sink::start(sending.manner)?),
    };
    let relay = sending.relay.as_deref().or(sink.as_ref().map(|sink| sink.address.as_str())).unwrap_or_default();
    let house = House::open(setup, Clock::fixed(begins()), relay).await?;
    let began = Instant::now();
    let mut cohorts = Vec::new();
    for number in 0..mails / IN_A_COHORT {
        let group = Group { number, zone: berlin()?, capacity: 500, clock: LessonClock::Cohort, starts_on: None };
        let cohort = house.cohort(group).await?;
        house.people(cohort, number, IN_A_COHORT).await?;
        only_lessons(&house, cohort).await?;
        cohorts.push(cohort);
    }
    let report = Report::new("send", setup)
        .with("relay", if sending.relay.is_some() { "another's" } else { "our own" })
        .with("wait_ms", sending.manner.wait_millis)
        .with("later_percent", sending.manner.later_percent);
    report.say("seconds to seed", began.elapsed().as_secs_f64(), "s");
    let lessons = lessons(&house.app, cohorts[0]).await?;
    let mut weeks = lessons.into_iter();
    for senders in &sending.senders {
        let due = weeks.next().context("no lesson is left")?;
        let report = report.with("senders", *senders);
        release(&house, due, &report).await?;
        let run = Run::begin(&mut sink)?;
        recorded(&house.app, *senders).await?;
        run.end(&mut sink, mails, &report.with("recorded", true))?;
    }
    let senders = sending.senders.iter().copied().max().unwrap_or(1);
    let report = report.with("senders", senders);
    release(&house, weeks.next().context("no lesson is left")?, &report).await?;
    let queued = queued(&house).await?;
    let run = Run::begin(&mut sink)?;
    unrecorded(&house.app, senders, queued).await?;
    run.end(&mut sink, mails, &report.with("recorded", false))
}

/// Reminders would come in between.
pub(super) async fn only_lessons(house: &House, cohort: CohortId) -> anyhow::Result<()> {
    let app = &house.app;
    let rows = timetable::of_cohort(app.db.reader(), cohort).await?;
    let lessons: Vec<_> = rows.into_iter().filter(|row| row.work == "lesson").collect();
    transact!(app.db, |tx| {
        timetable::clear(tx, cohort).await?;
        timetable::replace(tx, &[], lessons.clone()).await
    })?;
    Ok(())
}

async fn lessons(app: &App, cohort: CohortId) -> anyhow::Result<Vec<DateTime<Utc>>> {
    let rows = timetable::of_cohort(app.db.reader(), cohort).await?;
    let weeks: BTreeSet<_> = rows.into_iter().map(|row| row.due_at).collect();
    Ok(weeks.into_iter().collect())
}

async fn release(house: &House, due: DateTime<Utc>, report: &Report) -> anyhow::Result<()> {
    house.app.clock.set(due + TimeDelta::seconds(1));
    let began = Instant::now();
    let released = release_due(&house.app).await?;
    report.say("seconds to release", began.elapsed().as_secs_f64(), "s");
    anyhow::ensure!(released > 0, "nothing was due at {due}");
    Ok(())
}

async fn recorded(app: &Arc<App>, senders: usize) -> anyhow::Result<()> {
    let hands = Arc::<Hands>::default();
    let tasks: Vec<_> = (0..senders)
        .map(|_| {
            let (app, hands) = (app.clone(), hands.clone());
            tokio::spawn(async move {
                let mut sender = app.mailer.sender();
                while send_deliveries(&app, &hands, &mut sender).await? == Round::Worked {}
                sender.close().await;
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn queued(house: &House) -> anyhow::Result<Vec<Delivery>> {
    let mut rows = Vec::new();
    loop {
        let page = u64::try_from(rows.len())? / 1_000;
        let filter = Filter { states: vec![State::Queued], page, page_size: 1_000, ..Filter::default() };
        let (more, _) = ledger::of_practice(house.app.db.reader(), house.practice.id, &filter).await?;
        let is_last = more.len() < 1_000;
        rows.extend(more);
        if is_last {
            return Ok(rows);
        }
    }
}

/// The same letters to the same server, and nothing is written down: what recording costs.
async fn unrecorded(app: &Arc<App>, senders: usize, rows: Vec<Delivery>) -> anyhow::Result<()> {
    let share = rows.len().div_ceil(senders).max(1);
    let tasks: Vec<_> = rows
        .chunks(share)
        .map(|rows| {
            let (app, rows) = (app.clone(), rows.to_vec());
            tokio::spawn(async move {
                let mut sender = app.mailer.sender();
                for rows in rows.chunks(64) {
                    let now = app.clock.now();
                    let gathered = Gathered::of(&app, rows, now).await?;
                    for row in rows {
                        let facts = gathered.facts(&app, row).await?;
                        let composed = compose::compose(&app, row, &facts, now).await?;
                        let return_path = EmailAddress::parse(&compose::return_path(&app, row, &facts))?;
                        let envelope = Envelope { return_path, to: facts.reader.address().clone() };
                        sender.send(&envelope, &composed.frozen.message).await;
                    }
                }
                sender.close().await;
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// What was spent before.
struct Run {
    began: Instant,
    processor: f64,
    taken: Taken,
}

impl Run {
    fn begin(sink: &mut Option<Sink>) -> anyhow::Result<Self> {
        let taken = taken(sink)?;
        Ok(Self { processor: cost::processor(None)?.as_secs_f64(), taken, began: Instant::now() })
    }

    fn end(self, sink: &mut Option<Sink>, mails: usize, report: &Report) -> anyhow::Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        let processor = cost::processor(None)?.as_secs_f64() - self.processor;
        let taken = taken(sink)?;
        let arrived = taken.mails - self.taken.mails;
        let mails = if sink.is_some() { f64::from(arrived) } else { number(mails) };
        anyhow::ensure!(mails > 0.0, "no mail arrived");
        report.say("mails", mails, "");
        report.say("rate", mails / seconds, "mails/s");
        report.say("processor", processor * 1_000.0 / mails, "ms/mail");
        if sink.is_some() {
            report.say("processor of the sink", (taken.processor - self.taken.processor) * 1_000.0 / mails, "ms/mail");
            let bytes = usize::try_from(taken.bytes - self.taken.bytes)?;
            report.say("size", number(bytes) / mails / 1_000.0, "kB/mail");
        }
        Ok(())
    }
}

fn taken(sink: &mut Option<Sink>) -> anyhow::Result<Taken> {
    // The last one is counted a moment after its sender hears that it was taken.
    std::thread::sleep(std::time::Duration::from_millis(50));
    sink.as_mut().map_or_else(|| Ok(Taken::default()), Sink::taken)
}
