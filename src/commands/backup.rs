//! A copy is made, and one is brought back: what was done, what to keep, and what to look at next.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::ledger::list_may_have_gone;
use crate::{
    actions::{
        backup::make_backup,
        restore::{Over, Wanted, restore},
    },
    clock::Clock,
    config::Config,
    seal,
};

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Make a key for encrypted backups instead: its private half goes into FILE, its public half is shown.
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// A file that `trellis backup` made.
    backup: PathBuf,
    /// The file with the private key of an encrypted backup.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Restore in the place of a database that is in use: it is put aside under another name.
    #[arg(long)]
    force: bool,
}

pub(super) async fn backup(config: &Config, arguments: &Backup) -> anyhow::Result<()> {
    match &arguments.new_key {
        Some(file) => new_key(file),
        None => copy(config).await,
    }
}

fn new_key(file: &Path) -> anyhow::Result<()> {
    let public = seal::new_key(file).with_context(|| format!("the key cannot be written to {}", file.display()))?;
    println!("The private key is in {}. Keep it elsewhere: whoever has it can read every backup,", file.display());
    println!("and without it nobody can. To encrypt backups from now on, set\n");
    println!("[backup]\nrecipients = [\"{public}\"]");
    Ok(())
}

async fn copy(config: &Config) -> anyhow::Result<()> {
    let made = make_backup(config, Clock::System.now().real).await?;
    println!("{}", made.file.display());
    println!(
        "{} rows in {} tables, {} KB, verified{}.",
        made.label.all_rows(),
        made.label.rows.len(),
        made.bytes.div_ceil(1024),
        if config.backup.recipients.is_empty() { "; not encrypted" } else { " and encrypted" }
    );
    if made.removed > 0 {
        println!("{} older than {} days removed.", made.removed, config.backup.keep_days);
    }
    println!(
        "Keep it on another machine, and apart from it the key {}: it signs every link and is not inside.",
        config.secrets.key_file.display()
    );
    Ok(())
}

pub(super) async fn bring_back(config: &Config, arguments: Restore) -> anyhow::Result<()> {
    let over = if arguments.force { Over::Anything } else { Over::OnlyEmpty };
    let wanted = Wanted { backup: arguments.backup, key_file: arguments.key, over };
    let restored = restore(config, &wanted, Clock::System.now().real).await?;
    println!(
        "Restored as of {}: {} rows.",
        restored.label.made_at.format("%Y-%m-%d %H:%M:%S UTC"),
        restored.label.all_rows()
    );
    if let Some(aside) = &restored.put_aside {
        println!("The database that was there before is in {}.", aside.display());
    }
    println!("{} emails were put aside, and nothing goes out before `trellis ledger release`.", restored.held);
    list_may_have_gone(&restored.may_have_gone);
    Ok(())
}
