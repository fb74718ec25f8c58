//! Disks, the clock and the time zones of the machine.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use secrecy::ExposeSecret;

use super::{Finding, Level};
use crate::{
    app::App,
    config::MailMode,
    domain::zone::Zone,
    machine::{self, Room},
    store::database::sqlite_file,
};

pub(super) fn look(app: &App) -> Vec<Finding> {
    let now = app.clock.now().real;
    let mut findings = disks(app);
    findings.extend(clock(app, now));
    findings.push(time_zones(Zone::version(), system_time_zones().as_deref(), now));
    findings.extend([key_file(app), address(app)]);
    findings
}

const MB: u64 = 1_048_576;

fn disks(app: &App) -> Vec<Finding> {
    let config = &app.config;
    let database = sqlite_file(config.database.url.expose_secret());
    let backups = database.is_some().then(|| config.backup.folder.clone());
    let mail = (config.mail.mode == MailMode::File).then(|| config.mail.folder.clone());
    [("the database", database), ("backups", backups), ("mail", mail)]
        .into_iter()
        .filter_map(|(what, path)| path.map(|path| disk(what, &path)))
        .collect()
}

fn disk(what: &str, path: &Path) -> Finding {
    match machine::room(path) {
        Ok(room) => judge_room(what, room),
        Err(error) => Finding::new(
            "disk",
            Level::Wrong,
            format!("the disk of {what} ({}) cannot be asked: {error}", path.display()),
            "Look whether the folder is there and may be read.",
        ),
    }
}

fn judge_room(what: &str, room: Room) -> Finding {
    let told = format!("{} MB of {} MB are free for {what}", room.free / MB, room.whole / MB);
    let level = match room.free {
        free if free < 64 * MB => Level::Wrong,
        free if free < 1_024 * MB => Level::Warning,
        _ => return Finding::fine("disk", told),
    };
    Finding::new("disk", level, told, "Make room: with a full disk nothing can be saved, and so nothing is sent.")
}

fn clock(app: &App, now: DateTime<Utc>) -> Option<Finding> {
    let server = &app.config.doctor.time_server;
    if server.is_empty() {
        return None;
    }
    Some(match machine::network_time(server) {
        Ok(there) => {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of this century fit into 53 bits")]
            let here = now.timestamp_micros() as f64 / 1e6;
            judge_clock(server, here - there)
        }
        Err(error) => Finding::new(
            "clock",
            Level::Note,
            format!("{server} does not say what time it is: {error}"),
            "Look at doctor.time_server, and whether NTP (UDP port 123) may leave this machine.",
        ),
    })
}

/// `ahead`: by how many seconds this machine is.
fn judge_clock(server: &str, ahead: f64) -> Finding {
    let told = format!("the clock differs by {:.1} s from {server}", ahead.abs());
    let level = match ahead.abs() {
        seconds if seconds > 60.0 => Level::Wrong,
        seconds if seconds > 2.0 => Level::Warning,
        _ => return Finding::fine("clock", told),
    };
    let advice = "Let the machine keep time: `timedatectl set-ntp true`. Lessons go out by this clock, and signed \
                  links expire by it.";
    Finding::new("clock", level, told, advice)
}

/// The version of this machine's own data, such as `2026b`; `None` where there is none.
fn system_time_zones() -> Option<String> {
    let text = fs::read_to_string("/usr/share/zoneinfo/tzdata.zi").ok()?;
    Some(text.lines().next()?.strip_prefix("# version ")?.trim().to_owned())
}

/// Countries change their clocks at short notice; what we know of it came with the program.
fn time_zones(ours: &str, system: Option<&str>, now: DateTime<Utc>) -> Finding {
    let told = format!("time zone data {ours}");
    let age = now - released(ours).unwrap_or(now);
    let advice = "Update Trellis: its time zone data comes with it.";
    match system.filter(|system| *system > ours) {
        Some(system) => {
            Finding::new("time zones", Level::Warning, format!("{told}; this machine already has {system}"), advice)
        }
        None if age > TimeDelta::days(540) => Finding::new(
            "time zones",
            Level::Warning,
            format!("{told}, about {} months old", age.num_days() / 30),
            advice,
        ),
        None => Finding::fine("time zones", told),
    }
}

/// About when a version such as `2026b` came out: two months a letter.
fn released(version: &str) -> Option<DateTime<Utc>> {
    let (year, letter) = (version.get(..4)?.parse().ok()?, *version.as_bytes().get(4)?);
    let month = 1 + u32::from(letter.to_ascii_lowercase().saturating_sub(b'a').min(5)) * 2;
    let day = DateTime::<Utc>::default().date_naive().with_day(1)?.with_month(month)?.with_year(year)?;
    Some(day.and_time(chrono::NaiveTime::MIN).and_utc())
}

fn key_file(app: &App) -> Finding {
    let secrets = &app.config.secrets;
    if !secrets.key.expose_secret().is_empty() {
        return Finding::fine("key", "the key comes from the settings");
    }
    let file = &secrets.key_file;
    match fs::metadata(file).map(|found| found.permissions().mode() & 0o077) {
        Ok(0) => Finding::fine("key", format!("{} is readable by its owner only", file.display())),
        Ok(_) => Finding::new(
            "key",
            Level::Warning,
            format!("others on this machine may read {}", file.display()),
            format!("chmod 600 {}", file.display()),
        ),
        Err(error) => Finding::new(
            "key",
            Level::Wrong,
            format!("{}: {error}", file.display()),
            "Bring the key file back from where you keep it: without it no mailed link works.",
        ),
    }
}

fn address(app: &App) -> Finding {
    let base = app.links.base();
    let is_ours = ["localhost", "127.0.0.1"].contains(&app.links.host());
    if base.starts_with("https://") || is_ours {
        return Finding::fine("address", format!("links begin with {base}"));
    }
    let advice = "Put a proxy that speaks https in front of it, and set server.base_url to its address.";
    Finding::new("address", Level::Wrong, format!("links begin with {base}: sign-ins travel in the clear"), advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_is_told_before_it_is_full() {
        let level = |free| judge_room("x", Room { free: free * MB, whole: 100_000 * MB }).level;
        assert_eq!([level(10), level(400), level(4_000)], [Level::Wrong, Level::Warning, Level::Fine]);
    }

    #[test]
    fn a_wrong_clock_is_told() {
        assert_eq!(judge_clock("x", -0.4).level, Level::Fine);
        assert_eq!(judge_clock("x", 3.0).level, Level::Warning);
        assert_eq!(judge_clock("x", -3_600.0).level, Level::Wrong);
    }

    #[test]
    fn old_time_zones_are_told() {
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        assert_eq!(time_zones("2026a", None, now).level, Level::Fine);
        assert_eq!(time_zones("2026a", Some("2026a"), now).level, Level::Fine);
        assert_eq!(time_zones("2026a", Some("2026b"), now).level, Level::Warning);
        assert_eq!(time_zones("2024b", None, now).level, Level::Warning);
    }
}
