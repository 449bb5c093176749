//! What is kept of a log, so that no process can exhaust the harness by talking.

/// How many bytes of one line are kept; the rest is counted in [`Record::dropped`](super::Record::dropped).
pub const LINE: usize = 16 << 10;
/// How many bytes of one line are looked at for tracebacks, kept or not.
pub const LINE_SEEN: usize = 256 << 10;
/// How many bytes of one record are kept.
pub const RECORD: usize = 64 << 10;
/// How many lines of one record are kept.
pub const RECORD_LINES: usize = 2000;
/// How many fields of one record are kept apart; what follows stays in the value of the last one.
pub const FIELDS: usize = 256;
/// How many tracebacks of one record are kept.
pub const TRACEBACKS: usize = 64;
/// How many lines of one traceback are kept.
pub const TRACEBACK_LINES: usize = 500;
/// How many bytes of what an exception says are kept.
pub const EXCEPTION: usize = 2 << 10;
/// How many bytes of one stream are kept.
pub const READER: usize = 32 << 20;
/// How many bytes more are kept of records that are WARN or ERROR or have a traceback, once [`READER`] is spent.
pub const RESERVE: usize = 8 << 20;
/// How many bytes more are kept of each kind of record that somebody waits for ([`Reader::want`](super::Reader::want)), once there is
/// no room for others.
pub const WANTED: usize = 256 << 10;
/// What a line costs at least, for what it takes in memory beside its text.
pub const LINE_COST: usize = 64;

/// The longest beginning of `text` that is at most `max` bytes.
pub(super) fn clip(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    // A character has four bytes at most.
    let end = (max.saturating_sub(3)..=max).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}
