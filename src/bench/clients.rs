//! Who asks for pages while answering is measured? Many clients in a process of their own, each with a connection
//! that stays open, and a barrier before each round.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{cost, median_and_99th, millis};

/// One request. `{etag}` in its head stands for the tag that this path was answered with last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ask {
    pub(super) method: String,
    pub(super) path: String,
    /// Further lines of the head, each with its line end.
    pub(super) head: String,
    pub(super) body: String,
}

/// Rounds of connections of requests, those of one connection one after the other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) address: String,
    pub(super) rounds: Vec<Vec<Vec<Ask>>>,
}

/// What came of one round.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Answers {
    pub(super) seconds: f64,
    /// How often each status came.
    pub(super) statuses: BTreeMap<u16, usize>,
    pub(super) median_ms: f64,
    pub(super) ninety_ninth_ms: f64,
    /// Processor time of the clients, in seconds.
    pub(super) processor: f64,
    pub(super) bytes: usize,
}

impl Answers {
    pub(super) fn all(&self) -> usize {
        self.statuses.values().sum()
    }

    pub(super) fn with(&self, status: u16) -> usize {
        self.statuses.get(&status).copied().unwrap_or_default()
    }
}

/// The process, from the side of who started it.
pub(super) struct Clients {
    _process: Child,
    go: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Clients {
    pub(super) fn start(plan: &Plan, folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("clients.json");
        fs::create_dir_all(folder)?;
        fs::write(&file, serde_json::to_vec(plan)?)?;
        let mut process = Command::new(std::env::current_exe()?)
            .args(["bench", "clients"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let go = process.stdin.take().context("its input")?;
        let answers = BufReader::new(process.stdout.take().context("its output")?);
        let mut clients = Self { _process: process, go, answers };
        anyhow::ensure!(clients.line()?.trim() == "ready", "the clients could not connect");
        Ok(clients)
    }

    /// All at once, from a standing start.
    pub(super) fn round(&mut self) -> anyhow::Result<Answers> {
        writeln!(self.go, "go")?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }
}

type Tags = Arc<Mutex<HashMap<String, String>>>;

/// The process itself.
#[allow(clippy::print_stdout, reason = "it answers on standard output")]
pub async fn ask(file: &Path) -> anyhow::Result<()> {
    let plan: Plan = serde_json::from_slice(&fs::read(file)?)?;
    let most = plan.rounds.iter().map(Vec::len).max().unwrap_or_default();
    let mut connections = Vec::new();
    for _ in 0..most {
        connections.push(Connection::open(&plan.address).await?);
    }
    println!("ready");
    let tags = Tags::default();
    for round in plan.rounds {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        let before = cost::processor(None)?;
        let began = Instant::now();
        let mut tasks = Vec::new();
        for asks in round {
            let mut connection = connections.pop().context("a connection is missing")?;
            let tags = tags.clone();
            tasks.push(tokio::spawn(async move {
                let outcome = connection.ask_all(&asks, &tags).await;
                (connection, outcome)
            }));
        }
        let mut answers = Answers::default();
        let mut times = Vec::new();
        for task in tasks {
            let (connection, outcome) = task.await?;
            connections.push(connection);
            for (status, took, bytes) in outcome? {
                *answers.statuses.entry(status).or_default() += 1;
                answers.bytes += bytes;
                times.push(took);
            }
        }
        answers.seconds = began.elapsed().as_secs_f64();
        answers.processor = (cost::processor(None)? - before).as_secs_f64();
        (answers.median_ms, answers.ninety_ninth_ms) = median_and_99th(times);
        println!("{}", serde_json::to_string(&answers)?);
    }
    Ok(())
}

struct Connection {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let port = address.rsplit(':').next().unwrap_or_default();
        Ok(Self { stream, host: format!("localhost:{port}"), buffer: Vec::new() })
    }

    /// Status, milliseconds and bytes of each.
    async fn ask_all(&mut self, asks: &[Ask], tags: &Tags) -> anyhow::Result<Vec<(u16, f64, usize)>> {
        let mut outcome = Vec::with_capacity(asks.len());
        for ask in asks {
            let tag = tags.lock().unwrap_or_else(PoisonError::into_inner).get(&ask.path).cloned();
            let head = ask.head.replace("{etag}", tag.as_deref().unwrap_or("\"none\""));
            let (length, host) = (ask.body.len(), &self.host);
            let first = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", ask.method, ask.path);
            let text = format!("{first}Content-Length: {length}\r\n{head}\r\n{}", ask.body);
            let began = Instant::now();
            self.stream.write_all(text.as_bytes()).await?;
            let (status, bytes, tag) = self.answer().await?;
            outcome.push((status, millis(began.elapsed()), bytes));
            if let Some(tag) = tag {
                tags.lock().unwrap_or_else(PoisonError::into_inner).insert(ask.path.clone(), tag);
            }
        }
        Ok(outcome)
    }

    async fn answer(&mut self) -> anyhow::Result<(u16, usize, Option<String>)> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let status: u16 = head.get(9..12).context("a status")?.parse()?;
        let field = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find_map(|(is, value)| is.eq_ignore_ascii_case(name).then(|| value.to_owned()))
        };
        let length = field("content-length").map_or(Ok(0), |length| length.parse::<usize>())?;
        anyhow::ensure!(field("transfer-encoding").is_none(), "an answer in chunks is not understood");
        while self.buffer.len() < end + length {
            self.more().await?;
        }
        self.buffer.drain(..end + length);
        Ok((status, end + length, field("etag")))
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        anyhow::ensure!(read > 0, "the server hung up");
        Ok(())
    }
}
