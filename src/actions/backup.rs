//! A copy of everything is made while work goes on, looked at, and sealed.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::{
    config::Config,
    machine, seal,
    store::{
        backup::{self, Label},
        database::sqlite_file,
    },
};

/// What was made.
#[derive(Debug)]
pub struct Made {
    pub file: PathBuf,
    pub label: Label,
    pub bytes: u64,
    /// Copies that were too old, and are gone.
    pub removed: usize,
}

/// Copies the SQLite database into the backup folder. The copy gets its name only once it is whole, verified and
/// on the disk; whatever fails before leaves nothing behind that could be taken for a backup.
pub async fn make_backup(config: &Config, now: DateTime<Utc>) -> anyhow::Result<Made> {
    let source = source(config)?;
    let folder = &config.backup.folder;
    make_folder(folder)?;
    enough_room(&source, folder)?;
    let name = format!("trellis-{}.sqlite", now.format(STAMP));
    let part = folder.join(format!(".{name}.part"));
    let made = copy(config, (&source, &part), folder.join(name), now).await;
    remove_if_there(&part)?;
    remove_if_there(&sealed_part(&part))?;
    let (file, label) = made?;
    let bytes = fs::metadata(&file)?.len();
    let removed = forget_old(config, now)?;
    Ok(Made { file, label, bytes, removed })
}

/// The part of a copy's name that says when it was taken.
const STAMP: &str = "%Y%m%dT%H%M%SZ";

fn source(config: &Config) -> anyhow::Result<PathBuf> {
    let url = config.database.url.expose_secret();
    let Some(file) = sqlite_file(url) else {
        let server = url.split_once("://").map_or(url, |(_, rest)| rest).rsplit('@').next().unwrap_or_default();
        bail!(
            "this database is on PostgreSQL, which has its own tool for it. Back it up with\n  \
             pg_dump --format=custom --no-owner --file=trellis-$(date -u +%Y%m%dT%H%M%SZ).dump postgres://USER@{server}\n\
             and after pg_restore, before anything is started, run\n  \
             trellis ledger hold --backup-of TIME\n\
             so that nothing goes out twice"
        );
    };
    if !file.is_file() {
        bail!("there is no database at {}: look at database.url", file.display());
    }
    Ok(file)
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the backup folder {} cannot be made", folder.display()))
}

fn enough_room(source: &Path, folder: &Path) -> anyhow::Result<()> {
    let (needed, room) = (fs::metadata(source)?.len() * 2, machine::room(folder)?);
    if room.free < needed {
        bail!(
            "{} has {} MB left, and a copy may take {} MB: make room, or set backup.folder to another disk",
            folder.display(),
            room.free / 1_048_576,
            needed.div_ceil(1_048_576)
        );
    }
    Ok(())
}

async fn copy(
    config: &Config,
    (source, part): (&Path, &Path),
    name: PathBuf,
    now: DateTime<Utc>,
) -> anyhow::Result<(PathBuf, Label)> {
    remove_if_there(part)?;
    drop(seal::private_file(part).with_context(|| format!("{} cannot be written", part.display()))?);
    let label = backup::copy(source, part, now).await?;
    File::open(part)?.sync_all()?;
    let recipients = &config.backup.recipients;
    let (ready, name) = if recipients.is_empty() {
        (part.to_owned(), name)
    } else {
        let sealed = sealed_part(part);
        remove_if_there(&sealed)?;
        seal::seal(part, &sealed, recipients).context("backup.recipients")?;
        (sealed, PathBuf::from(format!("{}.age", name.display())))
    };
    let sum = format!("{}  {}\n", digest(&ready)?, file_name(&name));
    fs::rename(&ready, &name)?;
    fs::write(beside(&name), sum)?;
    // The name, too, must survive a loss of power.
    File::open(&config.backup.folder)?.sync_all()?;
    Ok((name, label))
}

fn sealed_part(part: &Path) -> PathBuf {
    PathBuf::from(format!("{}.age", part.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The file that `sha256sum --check` reads.
pub(super) fn beside(backup: &Path) -> PathBuf {
    PathBuf::from(format!("{}.sha256", backup.display()))
}

pub(super) fn digest(file: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(file)?, Sha256::new(), vec![0; 65_536]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(HEXLOWER.encode(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

pub(super) fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What a copy's name says of when it was taken; `None` for other files.
fn taken_at(name: &str) -> Option<DateTime<Utc>> {
    let rest = name.strip_prefix("trellis-")?;
    let stamp = rest.strip_suffix(".sqlite").or_else(|| rest.strip_suffix(".sqlite.age"))?;
    Some(NaiveDateTime::parse_from_str(stamp, STAMP).ok()?.and_utc())
}

/// The newest copy in the folder.
pub fn newest(folder: &Path) -> io::Result<Option<DateTime<Utc>>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        newest = newest.max(taken_at(&entry?.file_name().to_string_lossy()));
    }
    Ok(newest)
}

/// What was erased must leave the backups, too, some day. Only files that are surely ours are touched.
fn forget_old(config: &Config, now: DateTime<Utc>) -> anyhow::Result<usize> {
    if config.backup.keep_days == 0 {
        return Ok(0);
    }
    let oldest = now - TimeDelta::days(i64::from(config.backup.keep_days));
    let mut removed = 0;
    for entry in fs::read_dir(&config.backup.folder)? {
        let path = entry?.path();
        if taken_at(&file_name(&path)).is_some_and(|at| at < oldest) {
            fs::remove_file(&path)?;
            remove_if_there(&beside(&path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_copys_name_is_one() {
        let at = "2026-11-23T05:12:57Z".parse().ok();
        assert_eq!(taken_at("trellis-20261123T051257Z.sqlite"), at);
        assert_eq!(taken_at("trellis-20261123T051257Z.sqlite.age"), at);
        for other in ["trellis.sqlite", "trellis-20261123T051257Z.sqlite.sha256", ".trellis-x.sqlite.part", "trellis-"]
        {
            assert_eq!(taken_at(other), None, "{other}");
        }
    }
}
