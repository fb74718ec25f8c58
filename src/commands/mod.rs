//! What can be asked of the binary?
#![allow(clippy::print_stdout, reason = "commands answer on standard output")]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};

use crate::{
    app::App,
    clock::Clock,
    config::{Config, Role},
    random::Random,
};

mod backup;
mod bench;
mod check;
mod coach;
pub mod demo;
mod doctor;
mod health;
mod ledger;
mod program;
mod receive;
mod seed;
pub mod serve;
mod telling;

/// Trellis runs multi-week group programs: enrollment, calendars that stay true, and the right lesson each week.
#[derive(Debug, Parser)]
#[command(name = "trellis", version)]
struct Arguments {
    /// Settings that differ from the default; ./trellis.toml is read when it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages, and send what is due.
    Serve {
        /// both, web or worker: several processes on one PostgreSQL may share the work so.
        #[arg(long)]
        role: Option<Role>,
    },
    /// Show it all: six weeks in two minutes, with invented people and a mailbox in the browser.
    Demo {
        /// Where everything is kept; starting again goes on from there.
        #[arg(long, default_value = ".demo")]
        folder: PathBuf,
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
        listen: SocketAddr,
    },
    /// Bring the database up to date.
    Migrate,
    /// Bring in a program from a folder with program.toml and its lessons.
    Import {
        folder: PathBuf,
        /// The practice it is for, by name; needed only where there are several.
        #[arg(long)]
        practice: Option<String>,
    },
    /// Write a program to a folder; it can be imported again.
    Export {
        folder: PathBuf,
        /// The program's title; needed only where there are several.
        #[arg(long)]
        program: Option<String>,
    },
    /// People who sign in with a password.
    #[command(subcommand)]
    Coach(coach::Command),
    /// Say what is set, what works, and what does not: settings, database, mail server, every letter.
    Check,
    /// Ask the process that serves with these settings whether it is well: 0 when it is, for a container's health check.
    Health,
    /// Look at everything that must work for mail to arrive and data to last, and say what to do where it does not.
    Doctor {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Copy the database while it is in use: consistent, verified, and encrypted when a key is set.
    Backup(backup::Backup),
    /// Bring a backup back. Nothing is sent from it before `ledger release`.
    Restore(backup::Restore),
    /// Report what was sent to whom and why; addresses are not in it. After a restore: what goes out again.
    Ledger {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<ledger::Command>,
    },
    /// Take in one mail from standard input: what came back, complaints, and calendars' answers. For a mail
    /// server's pipe: 0 when it is dealt with, 75 when it should be offered again.
    Receive {
        /// The envelope's recipient, as in Postfix's `${recipient}`.
        #[arg(long, value_name = "ADDRESS")]
        recipient: Option<String>,
    },
    /// Report every address of the site and who may ask for it.
    Routes {
        #[arg(long)]
        json: bool,
    },
    /// Measure: one JSON object a figure, in a database of its own.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Fill the database with invented cohorts and people, for trying things out at size.
    Seed {
        #[arg(long)]
        cohorts: usize,
        /// People in each cohort.
        #[arg(long)]
        people: usize,
    },
}

/// Reads the command line and does it. One line on standard error says why it did not work.
pub async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let is_pipe = matches!(arguments.command, Command::Receive { .. });
    let outcome = obey(arguments).await;
    if let Err(error) = &outcome {
        eprintln!("trellis: {error:#}");
    }
    match outcome {
        outcome if is_pipe => receive::exit_code(&outcome),
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn obey(arguments: Arguments) -> anyhow::Result<()> {
    if let Command::Demo { folder, listen } = arguments.command {
        // Its settings are its own, whatever is set for the real house.
        return demo::run(folder, listen).await;
    }
    if let Command::Bench(command) = arguments.command {
        return bench::obey(command).await;
    }
    let config = Config::load(arguments.config.as_deref())?;
    telling::start(&config.log)?;
    match arguments.command {
        Command::Demo { folder, listen } => demo::run(folder, listen).await,
        Command::Bench(command) => bench::obey(command).await,
        Command::Serve { role } => {
            let mut config = config;
            config.server.role = role.unwrap_or(config.server.role);
            if config.server.role == Role::Worker {
                let _alone = serve::alone(&config)?;
                return serve::work(open(config).await?).await;
            }
            let acceptor = serve::listen(&config.server.listen).await?;
            let _alone = serve::alone(&config)?;
            serve::serve(open(config).await?, acceptor).await
        }
        Command::Migrate => open(config).await.map(|_| println!("The database is up to date.")),
        Command::Import { folder, practice } => {
            program::import(&*open(config).await?, &folder, practice.as_deref()).await
        }
        Command::Export { folder, program } => {
            program::export(&*open(config).await?, &folder, program.as_deref()).await
        }
        Command::Coach(command) => coach::obey(&*open(config).await?, command).await,
        Command::Check => check::check(config).await,
        Command::Health => health::ask(&config),
        Command::Doctor { json } => doctor::examine(config, json).await,
        Command::Backup(arguments) => backup::backup(&config, &arguments).await,
        Command::Restore(arguments) => backup::bring_back(&config, arguments).await,
        Command::Receive { recipient } => receive::receive(&*open(config).await?, recipient.as_deref()).await,
        Command::Ledger { json, command: None } => ledger::report(&*open(config).await?, json).await,
        Command::Ledger { command: Some(command), .. } => ledger::obey(&*open(config).await?, command).await,
        Command::Routes { json } => routes(json),
        Command::Seed { cohorts, people } => seed::seed(&*open(config).await?, cohorts, people).await,
    }
}

async fn open(config: Config) -> anyhow::Result<Arc<App>> {
    App::open(config, Clock::System, Random::Os).await
}

fn routes(json: bool) -> anyhow::Result<()> {
    let table = crate::web::routes::table();
    if json {
        println!("{}", serde_json::to_string_pretty(table.lines())?);
        return Ok(());
    }
    for line in table.lines() {
        let (who, origin) = (serde_json::to_value(line.who)?, serde_json::to_value(line.origin)?);
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        println!("{:<5} {:<44} {:<12} {}", line.method, line.path, word(&who), word(&origin));
    }
    Ok(())
}
