//! How much memory does it hold, and how soon is it there? Of a `trellis serve` in a process of its own.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use chrono::TimeDelta;

use super::{
    Report, Setup, cost,
    house::{Group, House, berlin},
    median_and_99th, millis,
    send::only_lessons,
    sink::{Manner, Sink},
};
use crate::{clock::Clock, domain::schedule::LessonClock};

const IN_A_COHORT: usize = 10_000;
const STARTS: usize = 7;

/// Memory of an idle process, with nobody in it and with many, and while it sends.
pub async fn memory(setup: &Setup) -> anyhow::Result<()> {
    let report = Report::new("memory", setup);
    let mut sink = Sink::start(Manner::default())?;
    let empty = filled(setup, 0, &sink.address).await?;
    let serving = Serving::start(&empty, setup.folder())?;
    thread::sleep(Duration::from_secs(3));
    report.with("enrollments", 0).say("resident, idle", serving.resident()?, "MB");
    drop(serving);

    let people = setup.size.of([10_000, 100_000, 1_000_000]);
    let many = filled(setup, people, &sink.address).await?;
    let report = report.with("enrollments", people);
    let serving = Serving::start(&many, setup.folder())?;
    let began = sink.taken()?.mails;
    // The first look releases a lesson for each of the first cohort, and the senders begin.
    let mut most: f64 = 0.0;
    for _ in 0..40 {
        thread::sleep(Duration::from_millis(250));
        most = most.max(serving.resident()?);
    }
    let sent = sink.taken()?.mails - began;
    ensure!(sent > 0, "nothing was sent");
    report.say("resident, sending, at most", most, "MB");
    report.say("sent in the first ten seconds", f64::from(sent), "mails");
    drop(serving);
    let quiet: Settings = many.into_iter().chain([("mail.mode", "\"hold\"".to_owned())]).collect();
    let serving = Serving::start(&quiet, setup.folder())?;
    thread::sleep(Duration::from_secs(3));
    report.say("resident, idle", serving.resident()?, "MB");
    Ok(())
}

/// From the start of the process to its first page.
pub async fn start(setup: &Setup) -> anyhow::Result<()> {
    for people in [0, setup.size.of([10_000, 100_000, 1_000_000])] {
        let mut settings = filled(setup, people, "127.0.0.1:1").await?;
        settings.push(("mail.mode", "\"hold\"".to_owned()));
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let serving = Serving::start(&settings, setup.folder())?;
            times.push(millis(serving.first_answer));
        }
        let report = Report::new("start", setup).with("enrollments", people);
        report.say("first answer, median", median_and_99th(times).0, "ms");
    }
    Ok(())
}

type Settings = Vec<(&'static str, String)>;

/// A database with so many people, whose first lesson is due in the clock of the machine.
async fn filled(setup: &Setup, people: usize, relay: &str) -> anyhow::Result<Settings> {
    // The clock stands two days back: the first cohort's first lesson was due yesterday, the others' are to come.
    let real = Clock::System.now().real;
    let house = House::open(setup, Clock::fixed(real - TimeDelta::days(2)), relay).await?;
    let mut number = 0;
    while number * IN_A_COHORT < people {
        let starts_on = real + if number == 0 { TimeDelta::days(-1) } else { TimeDelta::days(60) };
        let starts_on = Some(starts_on.date_naive());
        let group = Group { number, zone: berlin()?, capacity: 10_000, clock: LessonClock::Cohort, starts_on };
        let cohort = house.cohort(group).await?;
        house.people(cohort, number, IN_A_COHORT).await?;
        if number == 0 {
            // Its reminders are too late by now: they would be written down as missed before a lesson leaves.
            only_lessons(&house, cohort).await?;
        }
        number += 1;
    }
    let db = house.app.db.clone();
    let settings = house.leave();
    db.close().await?;
    Ok(settings)
}

/// Ends when it is dropped.
struct Serving {
    process: Child,
    first_answer: Duration,
}

impl Serving {
    fn start(settings: &Settings, folder: &Path) -> anyhow::Result<Self> {
        let file = written(settings, folder)?;
        let address = settings.iter().find(|(name, _)| *name == "server.listen").context("an address")?;
        let address = address.1.trim_matches('"').to_owned();
        let began = Instant::now();
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--config", &file.display().to_string(), "serve"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        while !answers(&address) {
            if let Some(status) = process.try_wait()? {
                anyhow::bail!("`trellis serve` ended: {status}");
            }
            ensure!(began.elapsed() < Duration::from_secs(60), "`trellis serve` does not answer");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(Self { process, first_answer: began.elapsed() })
    }

    fn resident(&self) -> anyhow::Result<f64> {
        cost::resident(Some(self.process.id()))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn answers(address: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.ends_with(b"200"))
    };
    ask().unwrap_or(false)
}

/// As a file of settings.
fn written(settings: &Settings, folder: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let file = folder.join("bench.toml");
    let lines: Vec<_> = settings.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    fs::write(&file, lines.concat())?;
    Ok(file)
}
