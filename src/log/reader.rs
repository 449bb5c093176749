//! Reads the output of one stream into records, as it comes.

use super::head::{Head, Heads};
use super::lines::{Line, Lines};
use super::traceback::{Open, begins, inside};
use super::{Format, Language, Record, Stream};

/// The most that is kept of one record.
const RECORD_BOUND: usize = 64 * 1024;
/// The most lines that are kept of one record.
const RECORD_LINES: usize = 2000;
/// The most that is kept of one stream; what comes later is counted, and the verdict says so.
const READER_BOUND: usize = 32 * 1024 * 1024;
/// What a record costs beside its text.
const RECORD_COST: usize = 200;

/// Reads one stream of a process. The same bytes give the same records in whatever chunks they come, their times apart.
///
/// Memory is bounded whatever is written: 16 KiB a line, 64 KiB and 2000 lines a record, 32 MiB in all.
#[derive(Debug)]
pub struct Reader {
    heads: Heads,
    stream: Stream,
    lines: Lines,
    records: Vec<Record>,
    open: Option<Open>,
    /// What is kept of the last record.
    size: (usize, usize),
    kept: usize,
    dropped: u64,
}

impl Reader {
    /// Reads this format.
    ///
    /// # Errors
    /// When the format's regular expression is wrong.
    pub fn new(format: &Format, stream: Stream) -> Result<Self, String> {
        let heads = Heads::new(format)?;
        Ok(Self {
            heads,
            stream,
            lines: Lines::default(),
            records: Vec::new(),
            open: None,
            size: (0, 0),
            kept: 0,
            dropped: 0,
        })
    }

    /// Takes bytes in that came at this time, in microseconds since the run began.
    pub fn feed(&mut self, at: u64, bytes: &[u8]) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.feed(bytes, |line| self.take(at, line));
        self.lines = lines;
    }

    /// The stream has ended: a last line without its end counts.
    pub fn finish(&mut self, at: u64) {
        if let Some(line) = self.lines.finish() {
            self.take(at, line);
        }
        self.close();
    }

    /// The records so far. One is here as soon as its first line is complete; later lines may still be added to the last one.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The records, and the end of reading.
    pub fn into_records(mut self) -> Vec<Record> {
        self.close();
        self.records
    }

    /// Bytes that were not kept at all.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn take(&mut self, at: u64, line: Line) {
        let Line { text, dropped } = line;
        if self.kept + text.len() > READER_BOUND {
            self.dropped += text.len() as u64 + dropped;
            return;
        }
        if let Some(head) = self.heads.read(&text).filter(|_| !self.is_raw_traceback(&text)) {
            self.close();
            self.push(at, head, dropped);
        } else if self.open.as_mut().is_some_and(|open| open.takes(&text)) {
            self.count(text.len(), dropped);
        } else {
            self.close();
            self.stray(at, text, dropped);
        }
    }

    /// In the raw format every line is a head, but a traceback's lines belong together there, too.
    fn is_raw_traceback(&self, text: &str) -> bool {
        matches!(self.heads, Heads::Raw) && (self.open.is_some() || begins(text).is_some())
    }

    fn push(&mut self, at: u64, head: Head, dropped: u64) {
        let Head { level, target, thread, message, fields } = head;
        let mut tracebacks = inside(&message);
        tracebacks.extend(fields.iter().flat_map(|(_, value)| inside(value)));
        let length = message.len() + fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        self.size = (length, 1);
        self.kept += length + RECORD_COST;
        self.records.push(Record {
            at,
            stream: self.stream,
            level,
            target,
            thread,
            message,
            fields,
            continuation: Vec::new(),
            tracebacks,
            dropped,
        });
    }

    /// A line that begins no record and belongs to no traceback that is open.
    fn stray(&mut self, at: u64, text: String, dropped: u64) {
        if let Some(open) = begins(&text) {
            // A runtime writes a panic past the logger. Python's logging writes a traceback below its record's first line.
            let own = self.records.is_empty()
                || (open.language() == Language::Rust && text.trim_start().starts_with("thread '"));
            if own {
                self.push(at, Head { message: text, ..Head::default() }, dropped);
            } else {
                self.count(text.len(), dropped);
            }
            self.open = Some(open);
            return;
        }
        // After text outside any record comes more of its kind, one record a line: nothing says that it belongs together.
        let follows_record = self.records.last().is_some_and(|last| last.level.is_some() || last.target.is_some());
        if text.trim().is_empty() && (self.records.is_empty() || !follows_record) {
            return;
        }
        if !follows_record {
            self.push(at, Head { message: text, ..Head::default() }, dropped);
        } else if self.size.0 + text.len() > RECORD_BOUND || self.size.1 >= RECORD_LINES {
            self.count(0, dropped + text.len() as u64);
        } else {
            self.count(text.len(), dropped);
            if let Some(last) = self.records.last_mut() {
                last.tracebacks.extend(inside(&text));
                last.continuation.push(text);
            }
        }
    }

    fn count(&mut self, length: usize, dropped: u64) {
        self.size = (self.size.0 + length, self.size.1 + 1);
        self.kept += length + RECORD_COST / 4;
        if let Some(last) = self.records.last_mut() {
            last.dropped += dropped;
        }
    }

    fn close(&mut self) {
        if let (Some(open), Some(last)) = (self.open.take(), self.records.last_mut()) {
            last.tracebacks.push(open.finish());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Level;

    fn read(format: &Format, chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<Record> {
        let mut reader = Reader::new(format, Stream::Stderr).expect("a format");
        chunks.into_iter().for_each(|chunk| reader.feed(0, &chunk));
        reader.finish(0);
        reader.into_records()
    }

    const RUST: &str = "\
2026-11-25T03:11:22.123456Z  INFO server a::b: before x=1
thread 'runner' (77) panicked at src/a.rs:3:5:
assertion `left == right` failed
  left: 1
 right: 2
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:697:5
   1: a::main
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
2026-11-25T03:11:22.223456Z ERROR server a::b: many
lines of it
thread 'main' panicked at src/b.rs:1:1:
gone
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
double free or corruption
";

    #[test]
    fn panics_are_records_of_their_own() {
        let records = read(&Format::Tracing, [RUST.as_bytes().to_vec()]);
        let heads: Vec<(Option<Level>, &str, usize)> =
            records.iter().map(|record| (record.level, record.message.as_str(), record.tracebacks.len())).collect();
        assert_eq!(
            heads,
            [
                (Some(Level::Info), "before", 0),
                (None, "thread 'runner' (77) panicked at src/a.rs:3:5:", 1),
                (Some(Level::Error), "many", 0),
                (None, "thread 'main' panicked at src/b.rs:1:1:", 1),
                (None, "double free or corruption", 0),
            ]
        );
        let panic = &records[1].tracebacks[0];
        assert_eq!(
            (panic.message.as_str(), panic.frame.as_deref(), panic.lines.len()),
            ("assertion `left == right` failed", Some("src/a.rs:3:5"), 9)
        );
        assert_eq!(records[2].continuation, ["lines of it"]);
    }

    const PYTHON: &str = "\
2026-11-25 03:11:22,123 ERROR agl.client: it failed
Traceback (most recent call last):
  File \"a.py\", line 1, in f
    x()
    ^^^
OSError: first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"b.py\", line 2, in g
agl.LastError: second
INFO:root:fine
  + Exception Group Traceback (most recent call last):
  |   File \"c.py\", line 3, in h
  | ExceptionGroup: both (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------
stray
";

    #[test]
    fn a_python_traceback_belongs_to_its_record_and_chains_are_one() {
        let records = read(&Format::Python, [PYTHON.as_bytes().to_vec()]);
        assert_eq!(records.len(), 2, "{records:#?}");
        assert_eq!(records[0].tracebacks.len(), 1);
        let chained = &records[0].tracebacks[0];
        assert_eq!(
            (chained.exception.as_deref(), chained.message.as_str(), chained.frame.as_deref()),
            (Some("agl.LastError"), "second", Some("b.py:2"))
        );
        assert_eq!(records[1].tracebacks[0].exception.as_deref(), Some("ExceptionGroup"));
        assert_eq!(records[1].continuation, ["stray"]);
    }

    #[test]
    fn any_chunks_give_the_same_records() {
        let mut random = fastrand::Rng::with_seed(7);
        let shapes: Vec<&str> = RUST.lines().chain(PYTHON.lines()).collect();
        for round in 0..200 {
            let mut text = Vec::new();
            for _ in 0..random.usize(1..60) {
                match random.u8(0..20) {
                    0 => text.extend((0..random.usize(0..50)).map(|_| random.u8(..))),
                    1 => text.extend_from_slice(b"\r"),
                    _ => text.extend_from_slice(shapes[random.usize(0..shapes.len())].as_bytes()),
                }
                text.push(b'\n');
            }
            for format in [Format::Tracing, Format::Python, Format::Raw] {
                let whole = read(&format, [text.clone()]);
                let mut chunks = Vec::new();
                let mut rest = text.as_slice();
                while !rest.is_empty() {
                    let (chunk, after) = rest.split_at(random.usize(1..=rest.len().min(40)));
                    chunks.push(chunk.to_vec());
                    rest = after;
                }
                assert_eq!(read(&format, chunks), whole, "round {round}, {format:?}");
            }
        }
    }

    #[test]
    fn hostile_logs_stay_bounded_and_are_counted() {
        let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
        reader.feed(0, b"INFO a: begin\n");
        for _ in 0..5000 {
            reader.feed(0, b"more\n");
        }
        assert_eq!(reader.records().len(), 1);
        assert!(reader.records()[0].continuation.len() <= RECORD_LINES && reader.records()[0].dropped > 0);
        let line = [b"INFO a: ".to_vec(), vec![b'x'; 10_000], b"\n".to_vec()].concat();
        for _ in 0..4000 {
            reader.feed(0, &line);
        }
        assert!(reader.dropped() > 0 && reader.records().len() < 4000);
    }
}
