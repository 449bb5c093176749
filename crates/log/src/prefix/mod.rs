//! What collectors put before each line: compose, kubectl, container runtimes, journals, syslog, platforms.

mod collected;
mod shapes;

use std::borrow::Cow;

use super::assembler::Envelope;
use collected::{docker, journal};

/// Who puts something before each line. What is detected is a kind, never a single line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `web-1  | `, also pm2's `0|web  | ` and foreman's `10:00:00 web.1  | `.
    Column,
    /// `[pod/web-7d4/web] `
    Kubectl,
    /// `web-7d4b8c9f5-x2x4z web `
    Stern,
    /// `2024-05-01T10:00:00.123Z stderr F `
    Cri,
    /// `{"log":"…\n","stream":"stderr","time":"…"}`
    Docker,
    /// `{"__CURSOR":"…","MESSAGE":"…"}`, also behind the separator of JSON sequences.
    Journal,
    /// `May 01 10:00:00 host program[12]: `, the other times of journals, and both forms of syslog.
    Syslog,
    /// `2024-05-01T10:00:00+00:00 app[web.1]: `
    Heroku,
    /// A time alone, as `kubectl --timestamps`, GitHub and GitLab put it there.
    Time,
    /// `[host] `, `[rank0]: `
    Bracket,
    /// `(Worker pid=1) `
    Parenthesis,
    /// `> `, as mails and Markdown quote.
    Quote,
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(u16::MAX);

    pub(super) fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u16)
    }

    pub(super) fn has(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that no line has by chance.
    pub(super) fn without_weak(self) -> Self {
        let weak = Self::NONE.with(Kind::Time).with(Kind::Bracket).with(Kind::Parenthesis);
        Self(self.0 & !weak.0)
    }

    /// Those that one line is enough for: nothing else looks like them.
    pub(super) fn certain(self) -> Self {
        self.and(Self::NONE.with(Kind::Kubectl).with(Kind::Cri).with(Kind::Docker).with(Kind::Journal))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Kind {
    /// Whether a line may look like this by chance: then it is taken off only where it hides something.
    pub(super) fn is_weak(self) -> bool {
        matches!(self, Self::Time | Self::Bracket | Self::Parenthesis)
    }
}

/// A line without the outermost of its prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peeled<'l> {
    pub(super) kind: Kind,
    /// What the prefix says of where the line comes from.
    pub(super) source: &'l str,
    pub(super) rest: Cow<'l, str>,
    pub(super) envelope: Option<Envelope<'l>>,
    /// Whether the next line of this source is the rest of this one.
    pub(super) partial: bool,
}

impl<'l> Peeled<'l> {
    fn new(kind: Kind, source: &'l str, rest: &'l str) -> Self {
        Self { kind, source, rest: Cow::Borrowed(rest), envelope: None, partial: false }
    }
}

/// Takes off the outermost prefix, if it is one of these kinds. The first letter rules most lines out.
pub(super) fn peel(line: &str, kinds: Kinds) -> Option<Peeled<'_>> {
    let peeled = match *line.as_bytes().first()? {
        b'{' => docker(line).or_else(|| journal(line)),
        0x1e => journal(&line[1..]),
        b'<' => shapes::priority(line),
        b'[' => shapes::bracket(line),
        b'(' => shapes::parenthesis(line),
        b'>' => Some(Peeled::new(Kind::Quote, "", line[1..].strip_prefix(' ').unwrap_or(&line[1..]))),
        b'0'..=b'9' => shapes::digit(line),
        b'A'..=b'Z' | b'a'..=b'z' => shapes::letter(line),
        _ => None,
    }?;
    kinds.has(peeled.kind).then_some(peeled)
}
