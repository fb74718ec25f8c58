//! What is measured, and how much of it?

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::bench::{self, Sending, Setup, sink::Manner};

/// What is to be measured. Each prints its figures as JSON objects, one a line.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Plan many cohorts from empty, then shift one.
    Plan(Common),
    /// Send real lessons through real SMTP, recorded and not.
    Send {
        #[command(flatten)]
        common: Common,
        /// One run for each number of senders.
        #[arg(long, value_delimiter = ',', default_value = "1,4,10")]
        senders: Vec<usize>,
        #[command(flatten)]
        manner: Behavior,
        /// Another's mail server, as HOST:PORT, in place of our own.
        #[arg(long)]
        relay: Option<String>,
    },
    /// Many people ask for twelve places at once.
    Storm(Common),
    /// Calendars that ask for their dates, and a public page.
    Feeds(Common),
    /// What a look at what is due costs, when little is.
    Tick(Common),
    /// A few lessons and calendars, for a tool that counts instructions.
    Count(Common),
    /// Memory held: idle, with many people, while sending.
    Memory(Common),
    /// From the start of the process to its first answer.
    Start(Common),
    /// The mail server of `send`, which starts it by itself.
    #[command(hide = true)]
    Sink(Behavior),
    /// The clients of `storm` and `feeds`, which start them by themselves.
    #[command(hide = true)]
    Clients { plan: PathBuf },
}

#[derive(Debug, Args)]
pub(super) struct Common {
    #[arg(long, value_enum, default_value = "s")]
    size: Size,
    /// A PostgreSQL server on which the database `trellis_bench` may be dropped and made; otherwise SQLite.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Is emptied, and holds what is made.
    #[arg(long, default_value = "/tmp/trellis-bench")]
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Behavior {
    /// The mail server waits so long before each answer.
    #[arg(long, default_value_t = 0)]
    wait_ms: u64,
    /// Of a hundred mails it puts off so many.
    #[arg(long, default_value_t = 0)]
    later_percent: u64,
}

impl From<Behavior> for Manner {
    fn from(behavior: Behavior) -> Self {
        Self { wait_millis: behavior.wait_ms, later_percent: behavior.later_percent }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Size {
    S,
    M,
    L,
}

impl From<Common> for Setup {
    fn from(common: Common) -> Self {
        let size = match common.size {
            Size::S => bench::Size::S,
            Size::M => bench::Size::M,
            Size::L => bench::Size::L,
        };
        Self { size, server: common.server, folder: common.folder }
    }
}

pub(super) async fn obey(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Plan(common) => bench::plan(&common.into()).await,
        Command::Send { common, senders, manner, relay } => {
            bench::send(&common.into(), &Sending { senders, manner: manner.into(), relay }).await
        }
        Command::Storm(common) => bench::storm(&common.into()).await,
        Command::Feeds(common) => bench::feeds(&common.into()).await,
        Command::Tick(common) => bench::tick(&common.into()).await,
        Command::Count(common) => bench::count(&common.into()).await,
        Command::Memory(common) => bench::memory(&common.into()).await,
        Command::Start(common) => bench::start(&common.into()).await,
        Command::Sink(behavior) => bench::sink::serve(behavior.into()).await,
        Command::Clients { plan } => bench::clients::ask(&plan).await,
    }
}
