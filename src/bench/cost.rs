//! What does a process cost? As Linux counts it.

use std::{fs, time::Duration};

use anyhow::Context;

/// Linux counts processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

fn folder(process: Option<u32>) -> String {
    process.map_or_else(|| "/proc/self".to_owned(), |id| format!("/proc/{id}"))
}

/// Processor time of all threads so far. `None`: of this process.
pub(super) fn processor(process: Option<u32>) -> anyhow::Result<Duration> {
    let text = fs::read_to_string(format!("{}/stat", folder(process)))?;
    // The name stands in brackets and may hold anything.
    let after = text.rsplit_once(") ").context("the shape of /proc/PID/stat")?.1;
    let mut ticks = after.split(' ').skip(11).map(str::parse::<u32>);
    let (user, system) = (ticks.next().context("user time")??, ticks.next().context("system time")??);
    Ok(TICK * (user + system))
}

/// Memory held now, in megabytes of a million bytes.
pub(super) fn resident(process: Option<u32>) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("{}/status", folder(process)))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kibibytes: u32 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(f64::from(kibibytes) * 1_024.0 / 1_000_000.0)
}
