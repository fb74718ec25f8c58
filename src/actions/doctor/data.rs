//! The database, its backups, and whether the clock runs behind what was written.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Finding, Level};
use crate::{
    actions::backup::newest,
    app::App,
    store::{ledger, practices},
};

pub(super) async fn look(app: &App) -> Vec<Finding> {
    let now = app.clock.now().real;
    let database = match practices::on_this_installation(app.db.reader()).await {
        Ok(practices) => Finding::fine("database", format!("open and up to date, practices: {}", practices.len())),
        Err(error) => Finding::no_database(&error.to_string()),
    };
    let last = ledger::last_change(app.db.reader()).await.ok().flatten();
    vec![database, backups(app, now), behind(last, now)]
}

fn backups(app: &App, now: DateTime<Utc>) -> Finding {
    let backup = &app.config.backup;
    if app.db.is_shared() {
        let advice = "See that pg_dump runs every night, and that somebody has restored one of its files.";
        return Finding::new("backup", Level::Note, "PostgreSQL is backed up by its own tools", advice);
    }
    match newest(&backup.folder) {
        Ok(newest) => judge_backup(newest, TimeDelta::hours(i64::from(backup.warn_after_hours)), now),
        Err(error) => Finding::new(
            "backup",
            Level::Wrong,
            format!("{} cannot be read: {error}", backup.folder.display()),
            "Look at backup.folder.",
        ),
    }
}

fn judge_backup(newest: Option<DateTime<Utc>>, patience: TimeDelta, now: DateTime<Utc>) -> Finding {
    let advice = "Run `trellis backup` every night, from cron or a systemd timer, and keep the files elsewhere, too.";
    match newest {
        None => Finding::new("backup", Level::Wrong, "there is none", advice),
        Some(at) => {
            let told = format!("the newest is {} hours old", (now - at).num_hours());
            let level = match now - at {
                age if age > patience * 7 => Level::Wrong,
                age if age > patience => Level::Warning,
                _ => return Finding::fine("backup", told),
            };
            Finding::new("backup", level, told, advice)
        }
    }
}

/// The newest row was written before now, unless the clock was set back.
fn behind(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Finding {
    match last.filter(|last| *last > now + TimeDelta::minutes(2)) {
        Some(last) => Finding::new(
            "clock",
            Level::Wrong,
            format!("the clock says {}, and the database was written to at {}", now.to_rfc3339(), last.to_rfc3339()),
            "Set the machine's clock, and let it keep time: `timedatectl set-ntp true`.",
        ),
        None => Finding::fine("clock", "it is not behind what was written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_gets_old() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        let level = |hours| judge_backup(Some(now - TimeDelta::hours(hours)), TimeDelta::hours(26), now).level;
        assert_eq!([level(3), level(27), level(200)], [Level::Fine, Level::Warning, Level::Wrong]);
        assert_eq!(judge_backup(None, TimeDelta::hours(26), now).level, Level::Wrong);
        assert_eq!(behind(Some(now + TimeDelta::hours(1)), now).level, Level::Wrong);
    }
}
