//! Heads that a template describes: the shape of a line with the names of its parts, matched from left to right.
//!
//! `[%time] [%pid] [%level] %message`: what is no name stands as it is, a space for one or more. `%target`, `%word` and
//! `%pid` hold no space, `%thread` and `%any` may; each ends where the text behind it begins. `%message` is the rest:
//! `%pairs` with `key=value` at its end, `%object` with a JSON object. Behind the time and in front of a level there may be
//! padding.

use std::cell::OnceCell;

use super::go::with_object;
use super::time::moment;
use super::{Head, Rest, level};
use crate::Level;
use crate::search::Cut;

/// Words that mean a level in one format, beside those that do everywhere.
pub(in super::super) type Words = &'static [(&'static str, Level)];

/// How long everything before the message may be.
const HEAD: usize = 320;

/// A line, and the time that it begins with.
#[derive(Debug)]
pub(super) struct Sight<'l> {
    pub(super) text: &'l str,
    begin: OnceCell<Option<usize>>,
    bracket: OnceCell<Option<usize>>,
}

impl<'l> Sight<'l> {
    pub(super) fn new(text: &'l str) -> Self {
        Self { text, begin: OnceCell::new(), bracket: OnceCell::new() }
    }

    /// Where the time ends that begins at `from`; that of the beginning of the line is looked for once.
    pub(super) fn moment(&self, from: usize) -> Option<usize> {
        let look = || moment(self.text.as_bytes(), from);
        match from {
            0 => *self.begin.get_or_init(look),
            1 => *self.bracket.get_or_init(look),
            _ => look(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Text(&'static str),
    Time,
    Level,
    Target,
    Thread,
    Word,
    Number,
    Any,
    Message(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Pairs,
    Object,
}

/// A template, taken apart.
#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
    words: Words,
    /// What words and signs mean to this program, whatever the format says.
    pub(super) declared: crate::words::Words,
}

/// What a line must begin with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Opening {
    /// Something else than a time.
    Any,
    /// A time, then one of these.
    Time(Next),
    /// A time in brackets of its own, then one of these.
    Bracket(Next),
    /// A time in brackets, and in these something else.
    Within,
}

/// The first byte that is no space.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    Is(u8),
    Level,
    Digit,
    Any,
}

impl Next {
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Is(wanted) => byte == wanted,
            Self::Level => byte.is_ascii_alphabetic() || b".-*#".contains(&byte),
            Self::Digit => byte.is_ascii_digit(),
            Self::Any => true,
        }
    }
}

impl Template {
    /// What a line must begin with.
    pub(super) fn opening(&self) -> Opening {
        let next = |text: &str, piece: Option<&Piece>| match text.trim_start_matches(' ').as_bytes().first() {
            Some(byte) => Next::Is(*byte),
            None => match piece {
                Some(Piece::Level) => Next::Level,
                Some(Piece::Number) => Next::Digit,
                _ => Next::Any,
            },
        };
        match self.pieces.as_slice() {
            [Piece::Time, Piece::Text(text), rest @ ..] => Opening::Time(next(text, rest.first())),
            [Piece::Text("["), Piece::Time, Piece::Text(text), rest @ ..] => match text.strip_prefix(']') {
                Some(text) => Opening::Bracket(next(text, rest.first())),
                None => Opening::Within,
            },
            _ => Opening::Any,
        }
    }

    pub(super) fn new(mut text: &'static str, words: Words) -> Self {
        const NAMES: [(&str, Piece); 10] = [
            ("%time", Piece::Time),
            ("%level", Piece::Level),
            ("%target", Piece::Target),
            ("%thread", Piece::Thread),
            ("%word", Piece::Word),
            ("%pid", Piece::Number),
            ("%any", Piece::Any),
            ("%message", Piece::Message(Kind::Plain)),
            ("%pairs", Piece::Message(Kind::Pairs)),
            ("%object", Piece::Message(Kind::Object)),
        ];
        let mut pieces = Vec::new();
        while !text.is_empty() {
            let found = NAMES.iter().find(|(name, _)| text.starts_with(name));
            match found {
                Some((name, piece)) => {
                    pieces.push(*piece);
                    text = &text[name.len()..];
                }
                None => {
                    let end = text[1..].find('%').map_or(text.len(), |end| end + 1);
                    pieces.push(Piece::Text(&text[..end]));
                    text = &text[end..];
                }
            }
        }
        Self { pieces, words, declared: crate::words::Words::default() }
    }

    /// Whether a line may begin with this byte.
    pub(super) fn may_begin(&self, byte: u8) -> bool {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text.as_bytes()[0] == byte,
            Some(Piece::Time) => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            Some(Piece::Number) => byte.is_ascii_digit(),
            _ => true,
        }
    }

    pub(super) fn parse<'l>(&self, line: &Sight<'l>) -> Option<Head<'l>> {
        let text = line.text;
        let bytes = text.as_bytes();
        let mut head = Head { level: None, target: None, thread: None, rest: Rest::Message("") };
        let mut at = 0;
        for (index, piece) in self.pieces.iter().enumerate() {
            let next = self.pieces.get(index + 1);
            match piece {
                Piece::Text(wanted) => {
                    let last = matches!(next, Some(Piece::Message(_)));
                    at = literal(bytes, at, wanted, last)?;
                }
                Piece::Time => at = line.moment(at)?,
                Piece::Level => {
                    let begin = at + spaces(bytes, at);
                    let end = begin + word_of_level(&bytes[begin..]);
                    head.level = Some(self.level(&text[begin..end])?);
                    at = end;
                    if !matches!(next, Some(Piece::Text(text)) if text.starts_with(' ')) {
                        at += spaces(bytes, at);
                    }
                }
                Piece::Number => {
                    at += spaces(bytes, at);
                    let digits = bytes[at..].iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
                    if digits == 0 {
                        return None;
                    }
                    at += digits;
                }
                Piece::Target | Piece::Word | Piece::Thread | Piece::Any => {
                    let end = match next {
                        Some(Piece::Text(wanted)) => at + find(&text[at..], wanted)?,
                        _ => text.len(),
                    };
                    let found = text[at..end].trim_matches(' ');
                    let whole = matches!(piece, Piece::Thread | Piece::Any) || !found.contains([' ', '\t', '"']);
                    if !whole || (found.is_empty() && *piece != Piece::Any) {
                        return None;
                    }
                    match piece {
                        Piece::Target => head.target = Some(found),
                        Piece::Thread => head.thread = Some(found),
                        _ => {}
                    }
                    at = end;
                }
                Piece::Message(kind) => {
                    let message = text[at.min(text.len())..].trim_start_matches(' ');
                    head.rest = match kind {
                        Kind::Plain => Rest::Message(message),
                        Kind::Pairs => Rest::Pairs(message),
                        Kind::Object => with_object(message, ' '),
                    };
                    return Some(head);
                }
            }
        }
        (at == text.len()).then_some(head)
    }

    fn level(&self, name: &str) -> Option<Level> {
        let own = || self.words.iter().find(|(known, _)| *known == name).map(|(_, level)| *level);
        self.declared.level(name).or_else(own).or_else(|| level(name))
    }
}

fn spaces(bytes: &[u8], from: usize) -> usize {
    bytes[from.min(bytes.len())..].iter().take_while(|byte| **byte == b' ').count()
}

/// How long the word is that may be a level: letters with a number at their end, or one sign as redis has.
fn word_of_level(bytes: &[u8]) -> usize {
    let letters = bytes.iter().take(20).take_while(|byte| byte.is_ascii_alphabetic()).count();
    match letters {
        0 => usize::from(matches!(bytes.first(), Some(b'.' | b'-' | b'*' | b'#'))),
        _ => letters + bytes[letters..].iter().take(2).take_while(|byte| byte.is_ascii_digit()).count(),
    }
}

/// Where the text ends that must stand at `at`. In front of an empty message its last space may be missing.
fn literal(bytes: &[u8], mut at: usize, wanted: &str, last: bool) -> Option<usize> {
    let (mut left, all) = (wanted.len(), wanted.as_bytes());
    for byte in all {
        left -= 1;
        if *byte == b' ' {
            let found = spaces(bytes, at);
            if found == 0 {
                return (last && left == 0 && at == bytes.len()).then_some(at);
            }
            at += found;
        } else if bytes.get(at) == Some(byte) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

/// Where the text is that ends a part.
fn find(text: &str, wanted: &str) -> Option<usize> {
    let window = crate::bounds::clip(text, HEAD);
    match wanted.trim_start_matches(' ') {
        "" => memchr::memchr(b' ', window.as_bytes()),
        // Padding may stand before it.
        trimmed if trimmed.len() < wanted.len() => window.place_of(&wanted[wanted.len() - trimmed.len() - 1..]),
        _ => window.place_of(wanted),
    }
}
