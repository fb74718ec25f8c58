//! What does the machine say: how much room is left, on what kind of disk, and are we alone?

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    net::UdpSocket,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Room on the file system that a path is on, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// For a process without special rights.
    pub free: u64,
    pub whole: u64,
}

/// The path need not exist yet: then its nearest folder that does is asked.
pub fn room(path: &Path) -> io::Result<Room> {
    let there = existing(path);
    let found = rustix::fs::statvfs(&there)?;
    Ok(Room { free: found.f_bavail * found.f_frsize, whole: found.f_blocks * found.f_frsize })
}

fn existing(path: &Path) -> PathBuf {
    let mut there = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    while !there.exists() && there.pop() {}
    there
}

/// File systems on which locks and shared memory of SQLite cannot be relied on, by their magic number.
const NETWORK: [(u32, &str); 9] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB"),
    (0x0102_1997, "9P"),
    (0x00C3_6400, "Ceph"),
    (0x5346_414F, "AFS"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
];

/// The network file system a path is on; `None` for a local one.
pub fn network_file_system(path: &Path) -> io::Result<Option<&'static str>> {
    let kind = rustix::fs::statfs(existing(path))?.f_type;
    // The number is 32 bits wide; some machines widen it with its sign.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number is 32 bits wide")]
    let kind = kind as u32;
    Ok(NETWORK.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name))
}

/// Held as long as it lives; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Alone {
    _lock: File,
}

/// Why nobody else may have the file.
#[derive(Debug, thiserror::Error)]
pub enum NotAlone {
    #[error("another process{who} serves from {path}", who = .0.map(|id| format!(" (number {id})")).unwrap_or_default(), path = .1.display())]
    Taken(Option<u32>, PathBuf),
    #[error("{path} cannot be written: {why}", path = .0.display(), why = .1)]
    Unwritable(PathBuf, io::Error),
}

/// Takes the lock beside a database file. Two names of one file have one lock.
pub fn alone(database: &Path) -> Result<Alone, NotAlone> {
    let path = real_path(database);
    let beside = PathBuf::from(format!("{}.lock", path.display()));
    let unwritable = |why| NotAlone::Unwritable(beside.clone(), why);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut lock = options.open(&beside).map_err(unwritable)?;
    if lock.try_lock().is_err() {
        let mut who = String::new();
        let _whoever = lock.read_to_string(&mut who);
        return Err(NotAlone::Taken(who.trim().parse().ok(), path));
    }
    let unwritable = |why| NotAlone::Unwritable(beside.clone(), why);
    lock.set_len(0).map_err(unwritable)?;
    lock.rewind().map_err(unwritable)?;
    writeln!(lock, "{}", std::process::id()).map_err(unwritable)?;
    Ok(Alone { _lock: lock })
}

/// What time an NTP server says it is, in seconds since 1970 with their fraction (RFC 5905, one SNTP question).
pub fn network_time(server: &str) -> io::Result<f64> {
    let strange = || io::Error::other("its answer is no time");
    let socket = UdpSocket::bind("0.0.0.0:0").or_else(|_| UdpSocket::bind("[::]:0"))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(server)?;
    // Version 4, client.
    let mut question = [0; 48];
    question[0] = 0x23;
    socket.send(&question)?;
    let mut answer = [0; 48];
    let read = socket.recv(&mut answer)?;
    // Version aside, a server; stratum 0 is a refusal.
    if read < 48 || answer[0] & 7 != 4 || answer[1] == 0 {
        return Err(strange());
    }
    let word = |from: usize| -> io::Result<u32> {
        Ok(u32::from_be_bytes(answer[from..from + 4].try_into().map_err(|_| strange())?))
    };
    let (seconds, fraction) = (word(40)?, word(44)?);
    // From 1900, and around again in 2036.
    let since_1970 = u64::from(seconds) + if seconds < SINCE_1900 { 1 << 32 } else { 0 } - u64::from(SINCE_1900);
    #[expect(clippy::cast_precision_loss, reason = "seconds fit into 53 bits for ever")]
    Ok(since_1970 as f64 + f64::from(fraction) / 4_294_967_296.0)
}

const PATIENCE: Duration = Duration::from_secs(3);
const SINCE_1900: u32 = 2_208_988_800;

/// Also of a file that is not there yet, in a folder that is.
fn real_path(file: &Path) -> PathBuf {
    let folder = || Some(file.parent()?.canonicalize().ok()?.join(file.file_name()?));
    file.canonicalize()
        .ok()
        .or_else(folder)
        .or_else(|| std::path::absolute(file).ok())
        .unwrap_or_else(|| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_one_lock_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a.sqlite"), folder.path().join("b.sqlite"));
        File::create(&file).unwrap();
        std::os::unix::fs::symlink(&file, &other).unwrap();
        let first = alone(&file).unwrap();
        let refused = alone(&other).unwrap_err().to_string();
        assert!(refused.contains(&format!("(number {})", std::process::id())), "{refused}");
        drop(first);
        alone(&other).unwrap();
    }

    #[test]
    fn a_path_that_is_not_there_yet_has_room() {
        let folder = tempfile::tempdir().unwrap();
        let room = room(&folder.path().join("a/b/c")).unwrap();
        assert!(room.free <= room.whole && room.whole > 0);
        assert_eq!(network_file_system(folder.path()).unwrap(), None);
    }
}
