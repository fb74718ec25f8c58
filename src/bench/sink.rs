//! What takes the mail while sending is measured? A mail server in a process of its own.

use std::{
    io::{BufRead, BufReader, Write},
    net::Ipv4Addr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::cost;
use crate::demo::smtp_server::{self, Action, Script, Step};

/// How the server behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// From the last octet that came to the answer: how far away it is.
    pub wait_millis: u64,
    /// Of a hundred mails so many are to come again later (451).
    pub later_percent: u64,
}

/// What it took since the start.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) mails: u32,
    pub(super) bytes: u64,
    /// Processor time, in seconds.
    pub(super) processor: f64,
}

/// The process, from the side of who started it; it ends when this is dropped.
pub(super) struct Sink {
    _process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// `host:port`
    pub(super) address: String,
}

impl Sink {
    pub(super) fn start(manner: Manner) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["bench", "sink", "--wait-ms", &manner.wait_millis.to_string()])
            .args(["--later-percent", &manner.later_percent.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = process.stdin.take().context("its input")?;
        let mut answers = BufReader::new(process.stdout.take().context("its output")?);
        let mut address = String::new();
        answers.read_line(&mut address)?;
        Ok(Self { _process: process, ask, answers, address: address.trim().to_owned() })
    }

    pub(super) fn taken(&mut self) -> anyhow::Result<Taken> {
        writeln!(self.ask, "how much")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

/// The process itself: says where it listens, then how much it took whenever it is asked; ends with its input.
#[allow(clippy::print_stdout, reason = "it answers on standard output")]
pub async fn serve(manner: Manner) -> anyhow::Result<()> {
    let (address, mut taken) = smtp_server::start((Ipv4Addr::LOCALHOST, 0).into(), script(manner)).await?;
    println!("{address}");
    let (asked, mut asks) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || asked.send(()).is_err() {
                return;
            }
        }
    });
    let mut so_far = Taken::default();
    loop {
        tokio::select! {
            biased;
            received = taken.recv() => {
                let received = received.context("the server has stopped")?;
                so_far.mails += 1;
                so_far.bytes += received.bytes.len() as u64;
            }
            ask = asks.recv() => {
                if ask.is_none() {
                    return Ok(());
                }
                so_far.processor = cost::processor(None)?.as_secs_f64();
                println!("{}", serde_json::to_string(&so_far)?);
            }
        }
    }
}

fn script(manner: Manner) -> Script {
    let mails = Arc::new(AtomicU64::new(0));
    Script::new(move |step| {
        if let Step::MailFrom(_) = step {
            let number = mails.fetch_add(1, Ordering::Relaxed);
            if number % 100 < manner.later_percent {
                return Action::Say("451 4.3.0 Come again later".to_owned());
            }
        }
        match manner.wait_millis {
            0 => Action::Go,
            wait => Action::From(Duration::from_millis(wait)),
        }
    })
}
