//! What processes write, as it is kept in the run's folder: whole lines, masked, with when they came.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::log::bounds::LINE_SEEN;
use crate::log::{Secrets, Stream};

/// The folder of them in that of a run.
pub const LOGS: &str = "logs";
/// When what came: a line for each piece, `MICROSECONDS STREAM BYTES`.
pub const ARRIVALS: &str = "arrivals";

/// How many bytes of a stream wait in memory: most runs pass, and then nothing is ever written.
const WAITING: usize = 64 << 10;
/// How many bytes of a stream are kept. Whatever is longer is `log-truncated` long before.
const KEPT: u64 = 64 << 20;
/// How many arrivals are told apart.
const APART: usize = 200_000;

/// The name of the file of a stream.
pub fn file_of(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout.log",
        Stream::Stderr => "stderr.log",
    }
}

/// Puts lines together and masks them: a secret may come in two pieces.
#[derive(Debug, Default)]
pub(super) struct WholeLines {
    begun: Vec<u8>,
    /// How many bytes of the line that has begun are not kept.
    skipped: u64,
    /// Inside a private key, which is many lines.
    in_key: bool,
}

/// Lines that have come.
#[derive(Debug, Default)]
pub(super) struct Came {
    /// Whole lines, masked. The last of them has no newline where bytes of it were skipped.
    pub lines: Vec<u8>,
    /// How many bytes follow that are not kept, before the newline.
    pub skipped: u64,
}

impl WholeLines {
    /// What is whole now. Where bytes of a line were skipped, what follows it comes by itself.
    pub(super) fn feed(&mut self, bytes: &[u8], secrets: &mut Secrets) -> Vec<Came> {
        let mut came = Vec::new();
        let mut rest = bytes;
        // Only a line that is too long ends a block of lines.
        while !rest.is_empty() {
            let end = if self.skipped > 0 || self.begun.len() + rest.len() > LINE_SEEN {
                memchr::memchr(b'\n', rest)
            } else {
                memchr::memrchr(b'\n', rest)
            };
            let Some(end) = end else {
                self.keep(rest);
                break;
            };
            self.keep(&rest[..end]);
            rest = &rest[end + 1..];
            came.push(self.end(secrets));
        }
        came
    }

    /// What is left when the stream has ended.
    pub(super) fn finish(&mut self, secrets: &mut Secrets) -> Option<Came> {
        if self.begun.is_empty() {
            return None;
        }
        let mut came = self.end(secrets);
        if came.skipped == 0 {
            came.lines.pop();
        }
        Some(came)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_SEEN.saturating_sub(self.begun.len()).min(bytes.len());
        self.begun.extend_from_slice(&bytes[..room]);
        self.skipped += (bytes.len() - room) as u64;
    }

    fn end(&mut self, secrets: &mut Secrets) -> Came {
        let mut block = std::mem::take(&mut self.begun);
        let skipped = std::mem::take(&mut self.skipped);
        if skipped == 0 {
            block.push(b'\n');
        }
        if self.in_key || secrets.may_be_in(&block) {
            block = block.split_inclusive(|byte| *byte == b'\n').flat_map(|line| self.masked(line, secrets)).collect();
        }
        Came { lines: block, skipped }
    }

    fn masked(&mut self, line: &[u8], secrets: &mut Secrets) -> Vec<u8> {
        let has = |part: &[u8]| line.windows(part.len()).any(|it| it == part);
        if self.in_key {
            // What is no part of one ends it, too: what follows is a log again.
            let of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/= \t\r\n-:,".contains(byte);
            self.in_key = line.iter().all(of_key) && !has(b"-----END");
            if self.in_key && line.len() > 1 {
                return b"<secret>\n".to_vec();
            }
        }
        let begins = has(b"-----BEGIN") && has(b"PRIVATE KEY-----") && !has(b"-----END");
        self.in_key |= begins;
        secrets.mask_bytes(line).into_owned()
    }
}

/// What a process has written, over all its boots.
#[derive(Debug, Default)]
pub struct OutputLog {
    folder: PathBuf,
    streams: [Kept; 2],
    /// When, on which stream, and how many bytes.
    arrivals: Vec<(u64, Stream, u64)>,
}

#[derive(Debug, Default)]
struct Kept {
    waiting: Vec<u8>,
    written: u64,
    /// What came beyond the bound.
    dropped: u64,
}

impl OutputLog {
    /// That of a process of a run.
    pub(super) fn new(run: &Path, process: &str) -> Self {
        Self { folder: run.join(LOGS).join(process), streams: Default::default(), arrivals: Vec::new() }
    }

    pub(super) fn add(&mut self, at: u64, stream: Stream, came: &Came) {
        let note =
            if came.skipped > 0 { format!(" … {} more bytes of this line\n", came.skipped) } else { String::new() };
        let kept = &mut self.streams[usize::from(stream == Stream::Stderr)];
        let length = (came.lines.len() + note.len()) as u64;
        if kept.written + kept.waiting.len() as u64 + length > KEPT {
            kept.dropped += length;
            return;
        }
        kept.waiting.extend_from_slice(&came.lines);
        kept.waiting.extend_from_slice(note.as_bytes());
        let is_full = self.arrivals.len() >= APART;
        match self.arrivals.last_mut() {
            Some((last, same, bytes)) if *same == stream && *last == at => *bytes += length,
            Some((_, same, bytes)) if *same == stream && is_full => *bytes += length,
            _ => self.arrivals.push((at, stream, length)),
        }
        if self.streams[usize::from(stream == Stream::Stderr)].waiting.len() > WAITING {
            // One that fails is told when all is saved: what waits stays.
            let _ = self.spill(stream);
        }
    }

    fn spill(&mut self, stream: Stream) -> io::Result<()> {
        let kept = &mut self.streams[usize::from(stream == Stream::Stderr)];
        fs::create_dir_all(&self.folder)?;
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join(file_of(stream)))?;
        file.write_all(&kept.waiting)?;
        kept.written += kept.waiting.len() as u64;
        kept.waiting.clear();
        Ok(())
    }

    /// Writes what waits, and when what came. Both files are there, also where nothing was written.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn save(&mut self) -> io::Result<()> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let kept = &mut self.streams[usize::from(stream == Stream::Stderr)];
            if kept.dropped > 0 {
                let note = format!("… {} more bytes, which are not kept\n", std::mem::take(&mut kept.dropped));
                kept.waiting.extend_from_slice(note.as_bytes());
            }
            self.spill(stream)?;
        }
        let lines: String = self
            .arrivals
            .iter()
            .map(|(at, stream, bytes)| format!("{at} {} {bytes}\n", file_of(*stream).trim_end_matches(".log")))
            .collect();
        fs::write(self.folder.join(ARRIVALS), lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new([] as [&str; 0], ["hunter-two"]).expect("rules")
    }

    fn fed(pieces: &[&[u8]]) -> (String, u64) {
        let (mut lines, mut secrets) = (WholeLines::default(), secrets());
        let mut came: Vec<Came> = pieces.iter().flat_map(|piece| lines.feed(piece, &mut secrets)).collect();
        came.extend(lines.finish(&mut secrets));
        let text = came.iter().flat_map(|it| it.lines.clone()).collect::<Vec<u8>>();
        (String::from_utf8(text).expect("text"), came.iter().map(|it| it.skipped).sum())
    }

    #[test]
    fn a_secret_is_masked_in_whatever_pieces_it_comes() {
        let text = b"one\nas hunter-two\nBearer abc123\nlast hunter-two";
        let wanted = "one\nas <secret-1>\nBearer <secret-2>\nlast <secret-1>";
        assert_eq!(fed(&[text]).0, wanted);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(fed(&bytes).0, wanted);
    }

    #[test]
    fn a_private_key_of_many_lines_is_masked_and_the_log_goes_on() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/\nMIIdef==\n-----END RSA PRIVATE KEY-----\nINFO: on\n";
        let (masked, _) = fed(&[text.as_bytes()]);
        assert_eq!(
            masked,
            "-----BEGIN RSA PRIVATE KEY-----\n<secret>\n<secret>\n-----END RSA PRIVATE KEY-----\nINFO: on\n"
        );
        let cut = "-----BEGIN PRIVATE KEY-----\nMIIabc\n[error] x\nMIIabc\n";
        assert!(fed(&[cut.as_bytes()]).0.ends_with("[error] x\nMIIabc\n"));
    }

    #[test]
    fn of_a_line_without_an_end_only_the_beginning_is_kept_and_what_follows_is_whole() {
        let long = vec![b'x'; LINE_SEEN + 10];
        for size in [1000, LINE_SEEN + 20] {
            let mut all = b"a\n".to_vec();
            all.extend_from_slice(&long);
            all.extend_from_slice(b"\nas hunter-two\n");
            let pieces: Vec<&[u8]> = all.chunks(size).collect();
            let (text, skipped) = fed(&pieces);
            assert_eq!(skipped, 10, "pieces of {size}");
            assert!(text.starts_with("a\nxxx") && text.ends_with("xas <secret-1>\n"), "pieces of {size}");
        }
    }

    #[test]
    fn both_files_are_there_and_a_flood_is_bounded_and_said() {
        let run = tempfile::tempdir().expect("a folder");
        let mut log = OutputLog::new(run.path(), "server");
        let block = Came { lines: vec![b'x'; 1 << 20], skipped: 0 };
        (0..70).for_each(|at| log.add(at, Stream::Stderr, &block));
        log.save().expect("saved");
        let read = |name: &str| fs::read(run.path().join("logs/server").join(name)).expect("there");
        assert!(read("stdout.log").is_empty());
        let text = String::from_utf8(read("stderr.log")).expect("text");
        assert!(
            text.len() < 65 << 20 && text.ends_with("… 6291456 more bytes, which are not kept\n"),
            "{}",
            text.len()
        );
        assert!(read("arrivals").starts_with(b"0 stderr 1048576\n"));
    }
}
