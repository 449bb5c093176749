//! Reads files that people write.

use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// The longest file that is read.
const BOUND: u64 = 32 << 20;

/// The text of a regular file of a size that somebody may have written.
///
/// # Errors
/// When it is none, is too large, or is not UTF-8.
pub(crate) fn read(path: &Path) -> std::io::Result<String> {
    // Asked before it is opened: a FIFO would be waited for.
    let about = std::fs::metadata(path)?;
    let wrong = |what: String| Err(Error::new(ErrorKind::InvalidInput, what));
    if about.is_dir() {
        return wrong("it is a folder".to_owned());
    }
    if !about.is_file() {
        return wrong("it is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(BOUND + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BOUND {
        return wrong(format!("it has more than {} MiB", BOUND >> 20));
    }
    String::from_utf8(bytes).map_err(|wrong| Error::new(ErrorKind::InvalidData, format!("not UTF-8: {wrong}")))
}
