//! Opens logs: files, standard input, and what gzip or zstd made of them.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::zstd::ZstdReader;

/// How many bytes tell what a file is. Archives of tar say it last.
const MAGIC: usize = 512;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error("{path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path}: this is {what}, no log; {remedy}")]
    Binary { path: PathBuf, what: &'static str, remedy: &'static str },
    #[error("{path}: what is compressed there is broken or cut off: {source}")]
    Broken { path: PathBuf, source: io::Error },
}

/// Gives what a log holds, in chunks, as far as it can be read.
///
/// # Errors
/// Why the rest cannot be read.
pub fn read(path: &Path, mut each: impl FnMut(&[u8])) -> Result<(), InputError> {
    let unreadable = |source| InputError::Unreadable { path: path.to_owned(), source };
    let mut input: Box<dyn Read> = match path {
        path if path == Path::new("-") => Box::new(io::stdin().lock()),
        path if path.is_dir() => return Err(unreadable(io::ErrorKind::IsADirectory.into())),
        path => Box::new(File::open(path).map_err(unreadable)?),
    };
    let mut magic = Vec::with_capacity(MAGIC);
    input.by_ref().take(MAGIC as u64).read_to_end(&mut magic).map_err(unreadable)?;
    if let Some((what, remedy)) = binary(&magic) {
        return Err(InputError::Binary { path: path.to_owned(), what, remedy });
    }
    let compressed = matches!(magic.as_slice(), [0x1f, 0x8b, ..]) || super::zstd::is_zstd(&magic);
    let whole = Cursor::new(magic.clone()).chain(input);
    let mut input: Box<dyn Read> = match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
        magic if super::zstd::is_zstd(magic) => Box::new(ZstdReader::new(whole)),
        _ => Box::new(whole),
    };
    // Small enough to stay in the processor's cache from the reading to the looking.
    let mut buffer = vec![0; 256 << 10];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => each(&buffer[..length]),
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(source) if compressed => return Err(InputError::Broken { path: path.to_owned(), source }),
            Err(source) => return Err(unreadable(source)),
        }
    }
}

/// What a file is that is no text, and what to do about it.
fn binary(magic: &[u8]) -> Option<(&'static str, &'static str)> {
    const KINDS: [(&[u8], &str, &str); 16] = [
        (b"\x7fELF", "a program", "name the log that it writes"),
        (b"\xca\xfe\xba\xbe", "a program", "name the log that it writes"),
        (b"PK\x03\x04", "a zip archive", "unpack it: unzip -p FILE | quietdown log"),
        (b"\xfd7zXZ\0", "compressed by xz", "unpack it: xz -dc FILE | quietdown log"),
        (b"BZh", "compressed by bzip2", "unpack it: bzip2 -dc FILE | quietdown log"),
        (b"\x04\x22\x4d\x18", "compressed by lz4", "unpack it: lz4 -dc FILE | quietdown log"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it: 7z e -so FILE | quietdown log"),
        (b"LPKSHHRH", "a file of a journal", "let it be told: journalctl --file FILE | quietdown log"),
        (b"ElfFile\0", "a Windows event log", "export it as text"),
        (b"SQLite format 3\0", "a database", "name a log"),
        (b"\x89PNG", "a picture", "name a log"),
        (b"\xff\xd8\xff", "a picture", "name a log"),
        (b"GIF8", "a picture", "name a log"),
        (b"%PDF-", "a PDF document", "name a log"),
        (b"\xff\xfe", "text in UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE | quietdown log"),
        (b"\xfe\xff", "text in UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE | quietdown log"),
    ];
    let known = KINDS.iter().find(|(begin, ..)| magic.starts_with(begin)).map(|(_, what, remedy)| (*what, *remedy));
    let tar = || {
        (magic.get(257..262) == Some(b"ustar")).then_some(("a tar archive", "unpack it: tar -xOf FILE | quietdown log"))
    };
    known.or_else(tar)
}
