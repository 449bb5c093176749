//! Reading a file that somebody else may have written or made: a regular one, of a bounded size.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest file of those that people write.
const WRITTEN_BOUND: u64 = 32 << 20;
/// Snapshots and saved evidence have logs in them.
pub(crate) const SAVED_BOUND: u64 = 1 << 30;

/// The text of a file that people write: a scenario, a system.
///
/// # Errors
/// When it is none, is too large, or is not UTF-8.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    read_text(path, WRITTEN_BOUND)
}

/// Reads a regular file of at most `bound` bytes. A FIFO would be waited for without an end, a device read without one.
///
/// # Errors
/// When it cannot be read, is no regular file or is larger.
pub(crate) fn read_bounded(path: &Path, bound: u64) -> io::Result<Vec<u8>> {
    // A FIFO that nobody writes to is opened at once, so that what it is can be seen.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(wrong("it is a folder".to_owned()));
    }
    if !about.is_file() {
        return Err(wrong("it is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let read = file.take(bound + 1).read_to_end(&mut bytes)?;
    if read as u64 > bound {
        return Err(wrong(format!("it has more than {} MiB", bound >> 20)));
    }
    Ok(bytes)
}

/// As [`read_bounded`], for text.
///
/// # Errors
/// When it is no UTF-8, too.
pub(crate) fn read_text(path: &Path, bound: u64) -> io::Result<String> {
    let no_text = |wrong| io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8: {wrong}"));
    String::from_utf8(read_bounded(path, bound)?).map_err(no_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_of_a_bounded_size_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "text").expect("written");
        std::os::unix::fs::symlink(path("file"), path("link")).expect("a link");
        std::os::unix::fs::symlink("/dev/zero", path("zero")).expect("a link");
        assert!(std::process::Command::new("mkfifo").arg(path("fifo")).status().expect("mkfifo").success());
        assert_eq!(read_text(&path("file"), 4).expect("read"), "text");
        assert_eq!(read_text(&path("link"), 4).expect("read"), "text");
        for (name, bound, why) in [
            ("fifo", 4, "it is no regular file"),
            ("zero", 4, "it is no regular file"),
            ("", 4, "it is a folder"),
            ("file", 3, "it has more than 0 MiB"),
        ] {
            assert_eq!(read_bounded(&path(name), bound).expect_err("refused").to_string(), why, "{name}");
        }
        assert_eq!(read_bounded(&path("none"), 4).expect_err("refused").kind(), io::ErrorKind::NotFound);
    }
}
