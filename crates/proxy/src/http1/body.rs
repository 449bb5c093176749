//! Where a message's body ends (RFC 9112, 6 and 7).

use httparse::Header;

/// The longest line of chunked framing: a size with its extensions, or a trailer.
const LINE_BOUND: usize = 16 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many more bytes.
    Sized(u64),
    /// The line with the size of a chunk, as far as it has come.
    ChunkSize(Vec<u8>),
    /// So many more bytes of a chunk.
    Chunk(u64),
    /// The line end after a chunk; whether its carriage return has come.
    ChunkEnd(bool),
    /// A line after the last chunk: its length so far without line ends.
    Trailer(usize),
    /// All that comes until the stream ends.
    UntilClose,
}

impl Body {
    /// What the headers declare; `Some(None)` when they declare nothing, `None` when they contradict themselves.
    #[allow(clippy::option_option)]
    pub fn declared(headers: &[Header<'_>]) -> Option<Option<Self>> {
        let named = |name: &'static str| headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        if let Some(last) = named("transfer-encoding").next_back() {
            let value = std::str::from_utf8(last.value).ok()?;
            let coding = value.rsplit(',').next().unwrap_or_default().trim();
            return Some(Some(if coding.eq_ignore_ascii_case("chunked") {
                Self::ChunkSize(Vec::new())
            } else {
                Self::UntilClose
            }));
        }
        let mut length = None;
        for header in named("content-length") {
            let value = number(std::str::from_utf8(header.value).ok()?, 10)?;
            if length.is_some_and(|known| known != value) {
                return None;
            }
            length = Some(value);
        }
        Some(length.map(Self::Sized))
    }

    /// Takes bytes of the body; says how many, and whether it has ended (or, if false, was no body).
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Option<bool>) {
        match self {
            Self::UntilClose => (bytes.len(), None),
            Self::Sized(left) => {
                let taken = (*left).min(bytes.len() as u64);
                *left -= taken;
                (taken as usize, (*left == 0).then_some(true))
            }
            Self::Chunk(left) => {
                let taken = (*left).min(bytes.len() as u64);
                *left -= taken;
                if *left == 0 {
                    *self = Self::ChunkEnd(false);
                }
                (taken as usize, None)
            }
            Self::ChunkEnd(returned) => match bytes.first() {
                None => (0, None),
                Some(b'\r') if !*returned => {
                    *returned = true;
                    (1, None)
                }
                Some(b'\n') => {
                    *self = Self::ChunkSize(Vec::new());
                    (1, None)
                }
                Some(_) => (0, Some(false)),
            },
            Self::ChunkSize(line) => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                let taken = end.map_or(bytes.len(), |end| end + 1);
                // One byte past the bound is enough to know, however the line is split.
                line.extend_from_slice(&bytes[..taken.min(LINE_BOUND + 1 - line.len())]);
                if line.len() > LINE_BOUND {
                    return (taken, Some(false));
                }
                if end.is_none() {
                    return (taken, None);
                }
                let text = String::from_utf8_lossy(line);
                match number(text.split(';').next().unwrap_or_default(), 16) {
                    Some(0) => *self = Self::Trailer(0),
                    Some(size) => *self = Self::Chunk(size),
                    None => return (taken, Some(false)),
                }
                (taken, None)
            }
            Self::Trailer(length) => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                let line = &bytes[..end.unwrap_or(bytes.len())];
                *length += line.iter().filter(|byte| **byte != b'\r').count();
                let taken = end.map_or(bytes.len(), |end| end + 1);
                if *length > LINE_BOUND {
                    return (taken, Some(false));
                }
                if end.is_none() {
                    return (taken, None);
                }
                let ended = *length == 0;
                *length = 0;
                (taken, ended.then_some(true))
            }
        }
    }
}

/// Digits and nothing else: the parsers of the standard library also take a sign.
fn number(text: &str, radix: u32) -> Option<u64> {
    let text = text.trim();
    text.chars().all(|digit| digit.is_digit(radix)).then(|| u64::from_str_radix(text, radix).ok()).flatten()
}
