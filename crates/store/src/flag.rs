//! The shared online flag: one small file by which every process of a machine knows what its store server is about.
//!
//! Layout, 32 bytes, little endian: magic `QDFL`, version `u16` = 1, state `u8` (1 starting, 2 online, 3 stopping,
//! 4 stopped), one reserved byte, epoch `u64`, process id `u32`, the rest zero. The server writes all of it in one
//! `pwrite` when it starts (a new epoch), and the state byte alone after that: a reader sees the one or the other,
//! never a mixture that matters. It is never locked and never truncated. A crash leaves it as it was, online: a crash is
//! not planned.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const MAGIC: [u8; 4] = *b"QDFL";
const VERSION: u16 = 1;
const LENGTH: usize = 32;
const STATE_AT: u64 = 6;

/// What the server is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It was started, and does not answer yet.
    Starting = 1,
    /// It answers.
    Online = 2,
    /// It was told to stop, and nothing is torn down yet.
    Stopping = 3,
    /// It has stopped, as planned.
    Stopped = 4,
}

/// What a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// New at every start of the server.
    pub epoch: u64,
    /// The server's process id.
    pub pid: u32,
}

/// The server's end of the flag.
#[derive(Debug)]
pub struct Flag {
    file: File,
}

impl Flag {
    /// Takes the flag over (or makes the file) for a server that is starting, with an epoch that differs from the last.
    ///
    /// # Errors
    /// When the file cannot be opened or written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let epoch = read(path).map_or(1, |last| last.epoch.wrapping_add(1).max(1));
        Self::create_with_epoch(path, epoch)
    }

    /// As [`create`](Self::create), with a given epoch.
    ///
    /// # Errors
    /// When the file cannot be opened or written.
    pub fn create_with_epoch(path: &Path, epoch: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = [0; LENGTH];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
        bytes[6] = State::Starting as u8;
        bytes[8..16].copy_from_slice(&epoch.to_le_bytes());
        bytes[16..20].copy_from_slice(&std::process::id().to_le_bytes());
        file.write_all_at(&bytes, 0)?;
        Ok(Self { file })
    }

    /// Says what the server is about now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set(&self, state: State) -> io::Result<()> {
        self.file.write_all_at(&[state as u8], STATE_AT)
    }
}

/// Reads the flag. Nothing when there is none, or when it is no flag of this version: the reader then does without.
pub fn read(path: &Path) -> Option<Snapshot> {
    let mut bytes = [0; LENGTH];
    File::open(path).ok()?.read_exact_at(&mut bytes, 0).ok()?;
    let number = |range: std::ops::Range<usize>| {
        let mut wide = [0; 8];
        wide[..range.len()].copy_from_slice(&bytes[range]);
        u64::from_le_bytes(wide)
    };
    let state = match bytes[6] {
        1 => State::Starting,
        2 => State::Online,
        3 => State::Stopping,
        4 => State::Stopped,
        _ => return None,
    };
    let ours = bytes[..4] == MAGIC && number(4..6) == u64::from(VERSION);
    ours.then(|| Snapshot { state, epoch: number(8..16), pid: number(16..20) as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_each_state_and_a_new_epoch_at_every_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("online");
        assert_eq!(read(&path), None);
        let flag = Flag::create(&path).expect("created");
        for state in [State::Online, State::Stopping, State::Stopped] {
            flag.set(state).expect("written");
            assert_eq!(read(&path), Some(Snapshot { state, epoch: 1, pid: std::process::id() }));
        }
        Flag::create(&path).expect("taken over");
        assert_eq!(read(&path).map(|seen| (seen.state, seen.epoch)), Some((State::Starting, 2)));
    }

    #[test]
    fn what_is_no_flag_is_not_read_as_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("online");
        for wrong in [
            &b"QDFL"[..],
            &[0; 32],
            b"QDFL\x02\x00\x02\x00aaaaaaaaaaaaaaaaaaaaaaaa",
            b"QDFL\x01\x00\x09\x00aaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            std::fs::write(&path, wrong).expect("written");
            assert_eq!(read(&path), None, "{wrong:?}");
        }
    }
}
