//! A copy becomes the database again, and nothing goes out of it until somebody has looked.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::{
    backup::{beside, digest, remove_if_there},
    hold_mail::{MayHaveGone, hold_restored},
};
use crate::{
    config::Config,
    machine, seal,
    store::{
        backup::{self, Label},
        database::{Database, sqlite_file},
        silences::Silence,
    },
};

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    pub backup: PathBuf,
    /// The private key of an encrypted copy.
    pub key_file: Option<PathBuf>,
    pub over: Over,
}

/// What becomes of a database that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// One that was worked in is not touched.
    OnlyEmpty,
    /// It is put aside under another name.
    Anything,
}

#[derive(Debug)]
pub struct Restored {
    pub label: Label,
    /// Where the database went that was there before.
    pub put_aside: Option<PathBuf>,
    pub held: u64,
    pub may_have_gone: MayHaveGone,
}

/// Everything is done to a file beside the database; it takes the database's name last.
pub async fn restore(config: &Config, wanted: &Wanted, now: DateTime<Utc>) -> anyhow::Result<Restored> {
    let target = target(config)?;
    let _alone = machine::alone(&target).map_err(|error| anyhow::anyhow!("{error}. Stop it first"))?;
    if target.exists() && wanted.over == Over::OnlyEmpty && backup::is_used(&target).await? {
        bail!("{} is a database that is in use: --force puts it aside and restores in its place", target.display());
    }
    whole(&wanted.backup)?;
    let part = with_ending(&target, ".restoring");
    clear_away(&part)?;
    let prepared = prepare(wanted, &part, now).await;
    let (label, held, may_have_gone) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            clear_away(&part)?;
            return Err(error);
        }
    };
    let put_aside = put_aside(&target, now)?;
    fs::rename(&part, &target)?;
    File::open(target.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(Restored { label, put_aside, held, may_have_gone })
}

fn target(config: &Config) -> anyhow::Result<PathBuf> {
    let Some(file) = sqlite_file(config.database.url.expose_secret()) else {
        bail!(
            "this database is on PostgreSQL: restore it with\n  \
             pg_restore --clean --if-exists --no-owner --dbname=postgres://… FILE.dump\n\
             and then, before anything is started, run\n  trellis ledger hold --backup-of TIME"
        );
    };
    Ok(std::path::absolute(file)?)
}

/// Where its sum stands beside a backup, it must be right.
fn whole(file: &Path) -> anyhow::Result<()> {
    if !file.is_file() {
        bail!("there is no backup at {}", file.display());
    }
    let Ok(sum) = fs::read_to_string(beside(file)) else { return Ok(()) };
    if sum.split_whitespace().next() != Some(digest(file)?.as_str()) {
        bail!("{} is not what was backed up: its sum is another than {} says", file.display(), beside(file).display());
    }
    Ok(())
}

async fn prepare(wanted: &Wanted, part: &Path, now: DateTime<Utc>) -> anyhow::Result<(Label, u64, MayHaveGone)> {
    match (&wanted.key_file, seal::is_sealed(&wanted.backup)?) {
        (Some(key), true) => seal::open(&wanted.backup, part, key)?,
        (None, true) => bail!("{} is encrypted: name the file of its private key with --key", wanted.backup.display()),
        (_, false) => {
            let mut copy = seal::private_file(part)?;
            io::copy(&mut File::open(&wanted.backup)?, &mut copy)?;
        }
    }
    let label = backup::examine(part).await.with_context(|| wanted.backup.display().to_string())?;
    backup::unlabel(part).await?;
    let db = Database::open(&format!("sqlite://{}", part.display()), 1).await?;
    db.migrate().await.context("the backup cannot be brought up to date: is it of a newer Trellis?")?;
    let hold = Silence { backup_of: label.made_at, held_at: now };
    let held = hold_restored(&db, &hold).await?;
    let may_have_gone = MayHaveGone::look(&db, &hold).await?;
    db.close().await?;
    if fs::metadata(with_ending(part, "-wal")).is_ok_and(|wal| wal.len() > 0) {
        bail!("the restored database could not be finished; nothing was changed");
    }
    clear_beside(part)?;
    File::open(part)?.sync_all()?;
    Ok((label, held, may_have_gone))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

/// The files that SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

fn clear_beside(file: &Path) -> io::Result<()> {
    BESIDE.iter().try_for_each(|ending| remove_if_there(&with_ending(file, ending)))
}

fn clear_away(file: &Path) -> io::Result<()> {
    clear_beside(file)?;
    remove_if_there(file)
}

/// The old database with all that is not yet in its main file; it opens under its new name as it was.
fn put_aside(target: &Path, now: DateTime<Utc>) -> io::Result<Option<PathBuf>> {
    if !target.exists() {
        clear_beside(target)?;
        return Ok(None);
    }
    let aside = with_ending(target, &format!(".before-{}", now.format("%Y%m%dT%H%M%SZ")));
    for ending in BESIDE {
        let file = with_ending(target, ending);
        if file.exists() {
            fs::rename(&file, with_ending(&aside, ending))?;
        }
    }
    fs::rename(target, &aside)?;
    Ok(Some(aside))
}
