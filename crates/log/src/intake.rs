//! From lines to the assembler: what stands before them is taken off, and each goes to the source that it comes from.

use crate::search::Cut;
use std::borrow::Cow;

use regex::Regex;

use super::assembler::{Assembler, Checkpoint, Envelope, Source, Text};
use super::bounds::LINE_SEEN;
use super::heads::Head;
use super::lines::Line;
use super::objects::{Objects, Step};
use super::prefix::{Kind, Kinds, peel};
use super::text::{clean, without_shown};

/// How many prefixes one behind the other are taken off.
const DEPTH: usize = 6;
/// How many sources may have begun a line that is not complete.
const PARTIALS: usize = 64;
/// How many lines are searched for sequences of a terminal that are shown. Once one was found, all are.
const LOOKED: u64 = 2000;

/// Takes the prefixes off that several lines have, and gives what is behind them to the assembler.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) assembler: Assembler,
    /// The kinds of prefix that this stream has: two lines in succession have shown them.
    accepted: Kinds,
    own: Option<Regex>,
    /// A JSON object that is not whole yet.
    objects: Objects,
    last: Option<Provisional>,
    partials: Vec<(Source, String)>,
    /// The source of the last line behind a prefix of a journal, and how far a journal indents the other lines of it.
    hanging: Option<(Source, usize)>,
    /// How many lines were searched for sequences of a terminal that are shown, and whether there were any.
    looked: u64,
    shown: bool,
    quoted: Quoted,
}

/// How Markdown quotes a log that was copied out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoted {
    /// No line has come.
    Unknown,
    /// By so many backticks before the first line.
    By(usize),
    Not,
}

/// The line before, which may have a prefix: it was read as it is, and is read again when the next one has the same.
#[derive(Debug)]
struct Provisional {
    line: String,
    kinds: Kinds,
    source: Source,
    mark: Checkpoint,
    skipped: u64,
    total: u64,
    at: u64,
}

/// What was taken off before a text.
#[derive(Clone, Copy)]
struct Outer<'a> {
    source: Source,
    depth: usize,
    /// The line as it was read, while it may still be read again.
    line: Option<&'a str>,
}

impl Intake {
    pub(super) fn new(assembler: Assembler) -> Self {
        let (accepted, own, last, hanging) = (Kinds::NONE, None, None, None);
        Self {
            assembler,
            accepted,
            own,
            objects: Objects::default(),
            last,
            partials: Vec::new(),
            hanging,
            looked: 0,
            shown: false,
            quoted: Quoted::Unknown,
        }
    }

    /// What this expression matches at the beginning of a line is a prefix.
    pub(super) fn take_off(&mut self, own: Regex) {
        self.own = Some(own);
    }

    /// Reads the next line of the stream.
    pub(super) fn line(&mut self, at: u64, line: Line<'_>) {
        if !self.assembler.heads.reads_json() {
            return self.one(at, line);
        }
        match self.objects.push(at, &line) {
            Step::Pass => self.one(at, line),
            step => self.object(step),
        }
    }

    /// Reads an object, or what was none.
    fn object(&mut self, step: Step) {
        match step {
            Step::Pass | Step::Held => {}
            Step::Broken(lines) => self.each(lines),
            Step::Whole(at, bytes, lines) => {
                (1..lines).for_each(|_| self.assembler.next_line());
                self.one(at, Line { bytes: &bytes, skipped: 0 });
            }
            Step::Cut(at, bytes, lines, last) => {
                self.object(Step::Whole(at, bytes, lines));
                self.each(vec![last]);
            }
        }
    }

    fn each(&mut self, lines: Vec<(u64, Vec<u8>)>) {
        for (at, bytes) in lines {
            self.one(at, Line { bytes: &bytes, skipped: 0 });
        }
    }

    /// Reads a whole line, or a whole object.
    fn one(&mut self, at: u64, line: Line<'_>) {
        let mut seen = clean(line.bytes);
        if self.shown || self.looked < LOOKED {
            self.looked += 1;
            if let Some(text) = without_shown(&seen) {
                (seen, self.shown) = (Cow::Owned(text), true);
            }
        }
        let total = line.bytes.len() as u64 + line.skipped + 1;
        self.assembler.next_line();
        if self.quoted != Quoted::Not {
            match self.unquoted(&seen).map(str::to_owned) {
                Some(text) if text.len() < seen.len() => seen = Cow::Owned(text),
                Some(_) => {}
                None => return,
            }
        }
        let text = Text::new(&seen, line.skipped, total, at);
        if self.accepted == Kinds::NONE && self.own.is_none() && !is_certain(&seen) {
            let head = self.assembler.parse(text.kept());
            if head.is_some() && !self.assembler.heads.is_envelope() {
                self.last = None;
                return self.assembler.read(&text, head);
            }
            self.deliver(&text, head, Outer { source: 0, depth: 0, line: Some(&seen) });
            return;
        }
        self.descend(&text, Outer { source: 0, depth: 0, line: Some(&seen) });
    }

    /// The line without the backticks that quote the log; nothing if it is only a fence. What a process writes is never quoted.
    fn unquoted<'l>(&mut self, line: &'l str) -> Option<&'l str> {
        let ticks = |text: &str| text.bytes().take_while(|byte| *byte == b'`').count();
        let begins = ticks(line);
        match self.quoted {
            Quoted::Unknown if line.trim().is_empty() => Some(line),
            Quoted::Unknown if begins > 0 && self.assembler.tally.is_some() => {
                self.quoted = Quoted::By(begins);
                let rest = &line[begins..];
                let language = rest.len() < 16 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
                (begins < 3 || !language).then_some(rest).filter(|rest| !rest.is_empty())
            }
            Quoted::By(count) => {
                let text = line.trim_end();
                let ends = text.bytes().rev().take_while(|byte| *byte == b'`').count();
                // What a message quotes itself has a backtick before it, too.
                if ends != count || text.bytes().filter(|byte| *byte == b'`').count() != count {
                    return Some(line);
                }
                self.quoted = Quoted::Not;
                Some(&text[..text.len() - count]).filter(|text| !text.is_empty())
            }
            _ => {
                self.quoted = Quoted::Not;
                Some(line)
            }
        }
    }

    /// The stream has ended: lines that were never completed count.
    pub(super) fn finish(&mut self, at: u64) {
        let rest = self.objects.finish();
        self.object(rest);
        for (source, line) in std::mem::take(&mut self.partials) {
            let text = Text::new(&line, 0, 0, at);
            self.deliver_behind(&text, source);
        }
    }

    /// Takes one prefix off after the other.
    fn descend(&mut self, text: &Text<'_>, outer: Outer<'_>) {
        if outer.depth == DEPTH {
            let head = self.assembler.parse(text.kept());
            return self.deliver(text, head, outer);
        }
        if let Some((source, rest)) = self.own_prefix(text.seen()) {
            let inner = text.behind(rest, text.envelope()).or_else(text.whole());
            let outer = Outer { source: mixed(outer.source, source), depth: outer.depth + 1, ..outer };
            return self.descend(&inner, outer);
        }
        let Some(peeled) = peel(text.seen(), self.accepted) else {
            return self.unprefixed(text, outer);
        };
        if peeled.kind.is_weak() {
            let head = self.assembler.parse(text.kept());
            if head.is_some() && !is_report(text.kept()) && !self.hides_head(&peeled.rest) {
                return self.deliver(text, head, outer);
            }
        }
        let source = mixed(outer.source, peeled.source);
        let outer = Outer { source, depth: outer.depth + 1, ..outer };
        let envelope = peeled.envelope.or(text.envelope());
        if peeled.kind == Kind::Syslog {
            self.hanging = Some((source, text.seen().len() - peeled.rest.len().min(text.seen().len())));
        }
        let keeps = peeled.envelope.is_none() && matches!(peeled.rest, Cow::Borrowed(_)) && peeled.kind != Kind::Docker;
        match self.completed(source, &peeled.rest, peeled.partial) {
            None => {}
            Some(rest) if rest.contains('\n') => self.several(text, &rest, envelope, outer),
            Some(rest) => {
                let inner = text.behind(&rest, envelope);
                let inner = if keeps && matches!(rest, Cow::Borrowed(_)) { inner.or_else(text.whole()) } else { inner };
                self.descend(&inner, outer);
            }
        }
    }

    /// A message of several lines: the first is the record, the others belong to it.
    fn several(&mut self, text: &Text<'_>, rest: &str, envelope: Option<Envelope<'_>>, outer: Outer<'_>) {
        let outer = Outer { line: None, ..outer };
        for (at, line) in rest.split('\n').enumerate() {
            let line = line.trim_end_matches('\r');
            match at {
                0 => self.descend(&text.behind(line, envelope), outer),
                _ => self.deliver_behind(&text.behind(line, None).belonging(), outer.source),
            }
        }
    }

    /// The line that this part completes.
    fn completed<'l>(&mut self, source: Source, part: &'l str, partial: bool) -> Option<Cow<'l, str>> {
        let begun = self.partials.iter().position(|(known, _)| *known == source);
        let Some(at) = begun else {
            if !partial {
                return Some(Cow::Borrowed(part));
            }
            if self.partials.len() >= PARTIALS {
                self.partials.remove(0);
            }
            self.partials.push((source, part.to_owned()));
            return None;
        };
        let line = &mut self.partials[at].1;
        let room = LINE_SEEN.saturating_sub(line.len());
        line.push_str(super::bounds::clip(part, room));
        (!partial).then(|| Cow::Owned(self.partials.swap_remove(at).1))
    }

    /// Whether the last head, which is any time with any level, is only a prefix before the head of a format.
    fn hides_head(&mut self, rest: &str) -> bool {
        let way = self.assembler.heads.way();
        let hides =
            self.assembler.heads.is_loose() && self.assembler.parse(rest).is_some() && !self.assembler.heads.is_loose();
        self.assembler.heads.turn_to(way);
        hides
    }

    /// A line without a prefix that is known: more of the last message of a journal, or of no source.
    fn unprefixed(&mut self, text: &Text<'_>, outer: Outer<'_>) {
        if outer.depth == 0
            && let Some((source, indent)) = self.hanging
        {
            let spaces = text.seen().bytes().take(indent).take_while(|byte| *byte == b' ').count();
            let rest = if spaces == indent { &text.seen()[indent..] } else { text.seen() };
            let head = self.assembler.parse(rest);
            if spaces == indent || head.is_none() && peel(rest, Kinds::ALL).is_none() {
                return self.deliver_behind(&text.behind(rest, None).belonging(), source);
            }
        }
        let head = self.assembler.parse(text.kept());
        self.deliver(text, head, outer);
    }

    fn deliver_behind(&mut self, text: &Text<'_>, source: Source) {
        let head = self.assembler.parse(text.kept());
        self.last = None;
        self.give(text, head, source);
    }

    fn give(&mut self, text: &Text<'_>, head: Option<Head<'_>>, source: Source) {
        let way = self.assembler.heads.way();
        self.assembler.turn_to(source);
        if head.is_some() {
            self.assembler.heads.turn_to(way);
        }
        self.assembler.read(text, head);
    }

    /// Gives a text to its source, unless it shows what prefix it and the line before have.
    fn deliver(&mut self, text: &Text<'_>, head: Option<Head<'_>>, outer: Outer<'_>) {
        let head = head.filter(|_| !self.assembler.heads.is_loose() || !is_report(text.kept()));
        let open = head.is_none() || self.assembler.heads.is_envelope() || is_certain(text.seen());
        let (Some(line), true) = (outer.line, open && outer.depth < DEPTH) else {
            self.last = None;
            return self.give(text, head, outer.source);
        };
        let mut kinds = candidates(text.seen(), self.accepted);
        if head.is_some() {
            kinds = kinds.without_weak();
        }
        let last = self.last.take();
        if kinds.certain() != Kinds::NONE {
            self.accepted = self.accepted.or(kinds.certain());
            let text = Text::new(line, text.skipped(), text.total(), text.at());
            return self.descend(&text, Outer { source: 0, depth: 0, line: Some(line) });
        }
        if kinds == Kinds::NONE {
            return self.give(text, head, outer.source);
        }
        if let Some(last) = last
            && last.kinds.and(kinds) != Kinds::NONE
        {
            self.accepted = self.accepted.or(last.kinds.and(kinds));
            self.again(&last);
            let text = Text::new(line, text.skipped(), text.total(), text.at());
            return self.descend(&text, Outer { source: 0, depth: 0, line: Some(line) });
        }
        self.assembler.turn_to(outer.source);
        let mark = self.assembler.mark();
        self.last = Some(Provisional {
            line: line.to_owned(),
            kinds,
            source: outer.source,
            mark,
            skipped: text.skipped(),
            total: text.total(),
            at: text.at(),
        });
        self.give(text, head, outer.source);
    }

    /// Reads the line before once more, now that its prefix is known.
    fn again(&mut self, last: &Provisional) {
        self.assembler.turn_to(last.source);
        if self.assembler.take_back(last.mark) {
            let number = self.assembler.number;
            self.assembler.number -= 1;
            let text = Text::new(&last.line, last.skipped, last.total, last.at);
            self.descend(&text, Outer { source: 0, depth: 0, line: None });
            self.assembler.number = number;
        }
    }

    /// What the user's expression matches at the beginning: the source that it names, and the rest.
    fn own_prefix<'l>(&self, line: &'l str) -> Option<(&'l str, &'l str)> {
        let found = self.own.as_ref()?.captures(line)?;
        let whole = found.get(0).filter(|whole| whole.start() == 0 && whole.end() > 0)?;
        Some((found.name("source").map_or("", |source| source.as_str()), &line[whole.end()..]))
    }
}

/// Whether the beginning is that of a prefix, although a format might take the line for its own.
fn is_certain(line: &str) -> bool {
    matches!(
        line.as_bytes(),
        [b'[', b'p', b'o', b'd', b'/', ..]
            | [0x1e, ..]
            | [b'{', b'"', b'_' | b'A'..=b'Z', ..]
            | [b'{', b'"', b'l', b'o', b'g', b'"', ..]
    )
}

/// Whether a line reports a race or the like: it only looks as if it began with a level.
fn is_report(line: &str) -> bool {
    line.holds("WARNING: ") && (line.holds("Sanitizer: ") || line.ends_with("DATA RACE"))
}

/// The kinds of prefix that a line may have, one behind the other.
fn candidates(line: &str, accepted: Kinds) -> Kinds {
    let mut kinds = Kinds::NONE;
    let mut rest = Cow::Borrowed(line);
    for _ in 0..DEPTH {
        let Some(peeled) = peel(&rest, Kinds::ALL) else { break };
        if !accepted.has(peeled.kind) {
            kinds = kinds.with(peeled.kind);
        }
        rest = Cow::Owned(peeled.rest.into_owned());
    }
    kinds
}

/// The source of what is behind another prefix. Without a name it stays the same.
fn mixed(outer: Source, name: &str) -> Source {
    if name.is_empty() {
        return outer;
    }
    // FNV-1a.
    name.bytes()
        .chain([0])
        .fold(outer ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        | 1
}
