//! Takes out of texts what differs from run to run.

mod cause;
mod named;
mod numbers;
mod pieces;
mod shapes;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use regex::Regex;

use super::IdentifierError;

pub use cause::canonical_cause;
use named::Named;
use numbers::RunNumbers;
use pieces::Pieces;
use shapes::Shape;

/// Replaces what differs from run to run by names that keep identity: the same value gets the same name everywhere.
///
/// Values named with [`name`](Self::name) win, the longest first; then the declared ids; then what is known by its shape:
/// UUIDs, pointers, folders in temporary folders and numbered threads, which get
/// numbers; process ids, which get the names of their processes where those are known; and socket addresses, ports in URLs,
/// times, durations and sizes, which are all alike. Causes
/// become their class, see [`canonical_cause`]. Redacting twice is redacting once.
///
/// ```
/// use quietdown_log::Redactor;
///
/// let ids = [("rollout".to_owned(), "ro-[0-9a-f]{12}".to_owned())].into();
/// let mut redactor = Redactor::new(&ids)?;
/// redactor.name("127.0.0.1:4444", "<server>");
/// let text = redactor.redact("ro-0123456789ab from 127.0.0.1:4444 after 1.5s");
/// assert_eq!(text, "<rollout-1> from <server> after <duration>");
/// # Ok::<(), quietdown_log::IdentifierError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Redactor {
    /// What each kind of identifier looks like.
    ids: Vec<Regex>,
    /// The values of each kind, in the same order.
    numbers: Vec<Numbers>,
    /// The values of the kinds that are known by their shape.
    shaped: Vec<Numbers>,
    /// The process ids and ports of the run.
    numbers_of_run: RunNumbers,
    named: Named,
    /// All names that were given, for what has one is not looked at again.
    given: HashSet<String>,
    /// Finds what may be a name that was given.
    names: Regex,
}

impl Redactor {
    /// A redactor that knows no value yet. `ids` has the name and the regular expression of each kind of identifier.
    ///
    /// # Errors
    /// An expression is wrong: whose, and what is wrong with it.
    pub fn new(ids: &BTreeMap<String, String>) -> Result<Self, IdentifierError> {
        let regex = |(name, expression): (&String, &String)| {
            Regex::new(expression).map_err(|wrong| IdentifierError::new(name, wrong))
        };
        let classes = ["<disconnected>", "<refused>", "<timeout>"];
        Ok(Self {
            ids: ids.iter().map(regex).collect::<Result<_, IdentifierError>>()?,
            numbers: ids.keys().map(|name| Numbers::new(name)).collect(),
            shaped: shapes::KINDS.iter().map(|kind| Numbers::new(kind)).collect(),
            numbers_of_run: RunNumbers::default(),
            named: Named::default(),
            given: shapes::NAMES.iter().chain(&classes).map(|name| (*name).to_owned()).collect(),
            names: Regex::new("<[^<>\n]{1,100}>").map_err(|wrong| IdentifierError::new("<…>", wrong))?,
        })
    }

    /// Fixes the name of a value, unless it has one by this. Names stand in angle brackets, which are added if missing.
    pub fn name(&mut self, value: &str, name: &str) {
        let name = format!("<{}>", name.trim_matches(['<', '>']).replace(['<', '>', '\n'], "-"));
        for numbers in self.numbers.iter_mut().chain(&mut self.shaped) {
            numbers.take(&name);
        }
        self.given.insert(name.clone());
        self.named.insert(value, name);
    }

    /// Fixes the name of a process id of the run. It is found where a text says that it is one, and wherever else it stands by itself.
    pub fn name_pid(&mut self, pid: u32, name: &str) {
        let name = self.give(name);
        self.numbers_of_run.name_pid(&pid.to_string(), &name);
    }

    /// Fixes the name of a port of the run. It is found where a text says that it is one, and wherever else it stands by itself.
    pub fn name_port(&mut self, port: u16, name: &str) {
        let name = self.give(name);
        self.numbers_of_run.name_port(&port.to_string(), &name);
    }

    /// Takes note of the process ids that a text names as such, so that they are found where another text only has the number.
    pub fn learn_pids(&mut self, text: &str) {
        for pid in shapes::pids(text) {
            self.numbers_of_run.name_pid(pid, "<pid>");
        }
    }

    fn give(&mut self, name: &str) -> String {
        let name = format!("<{}>", name.replace(['<', '>', '\n'], "-"));
        self.given.insert(name.clone());
        name
    }

    /// The socket addresses in a text. [`redact`](Self::redact) makes them all alike, for which port a client gets is chance;
    /// one that matters can be given a [`name`](Self::name).
    pub fn addresses(text: &str) -> Vec<&str> {
        shapes::addresses(text)
    }

    /// Numbers every declared id in `text`, in the order in which they stand there.
    pub fn learn(&mut self, text: &str) {
        let pieces = self.final_names(Pieces::new(text.to_owned()));
        let pieces = self.with_named(pieces);
        self.with_ids(pieces);
    }

    /// The text with names for what differs from run to run.
    pub fn redact(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        // One pass does it, but for texts that are made to look different after it.
        for _ in 0..4 {
            let next = self.pass(&text);
            if next == text {
                break;
            }
            text = next;
        }
        text
    }

    fn pass(&mut self, text: &str) -> String {
        let pieces = self.final_names(Pieces::new(canonical_cause(text)));
        let pieces = self.with_named(pieces);
        let pieces = self.with_ids(pieces);
        let (shaped, given, known) = (&mut self.shaped, &mut self.given, &self.numbers_of_run);
        let find = |text: &str, mut from: usize| loop {
            let (range, shape) = shapes::next(text, from)?;
            let Shape::Number = shape else { return Some((range, shape)) };
            if let Some(name) = known.anywhere(text, &range) {
                return Some((range, Shape::Known(name.to_owned())));
            }
            from = range.end;
        };
        let pieces = pieces.replace(find, |whole, shape| match shape {
            Shape::Fixed(kept, name) => (kept, name.to_owned()),
            Shape::Pid(kept, number) => (kept, known.pid(&number).to_owned()),
            Shape::Port(kept, number) => (kept, known.port(&number).to_owned()),
            Shape::Known(name) => (String::new(), name),
            // Those that are not known were passed over.
            Shape::Number => (whole.to_owned(), String::new()),
            Shape::Numbered(kind, value) => (String::new(), shaped[kind].name(&value, given)),
        });
        pieces.into_text()
    }

    /// What has a name is final.
    fn final_names(&self, pieces: Pieces) -> Pieces {
        let find = |text: &str, from| {
            let mut names = self.names.find_iter(&text[from..]);
            let name = names.find(|name| self.given.contains(name.as_str()))?;
            Some((from + name.start()..from + name.end(), ()))
        };
        pieces.replace(find, |name, ()| (String::new(), name.to_owned()))
    }

    fn with_named(&self, pieces: Pieces) -> Pieces {
        pieces.replace(|text, from| self.named.find(text, from), |_, name: &str| (String::new(), name.to_owned()))
    }

    fn with_ids(&mut self, pieces: Pieces) -> Pieces {
        let (ids, numbers, given) = (&self.ids, &mut self.numbers, &mut self.given);
        // The next finding of each, for a text that is searched from left to right.
        let mut next: Vec<Option<Range<usize>>> = Vec::new();
        let find = |text: &str, from: usize| {
            if from == 0 {
                next = ids.iter().map(|regex| find_id(regex, text, 0)).collect();
            }
            for (next, regex) in next.iter_mut().zip(ids) {
                if next.as_ref().is_some_and(|range| range.start < from) {
                    *next = find_id(regex, text, from);
                }
            }
            let found = next.iter().enumerate().filter_map(|(kind, range)| Some((range.clone()?, kind)));
            found.min_by_key(|(range, kind)| (range.start, std::cmp::Reverse(range.end), *kind))
        };
        pieces.replace(find, |value, kind| (String::new(), numbers[kind].name(value, given)))
    }
}

/// The next id that is not empty.
fn find_id(regex: &Regex, text: &str, from: usize) -> Option<Range<usize>> {
    let mut from = from;
    loop {
        let found = regex.find_at(text, from)?;
        if !found.is_empty() {
            return Some(found.range());
        }
        from = found.end() + text[found.end()..].chars().next()?.len_utf8();
    }
}

/// The numbered values of one kind.
#[derive(Debug, Clone)]
struct Numbers {
    kind: String,
    names: HashMap<String, String>,
    last: usize,
}

impl Numbers {
    fn new(kind: &str) -> Self {
        let kind = kind.replace(['<', '>', '\n'], "-");
        Self { kind, names: HashMap::new(), last: 0 }
    }

    /// The name of a value, which gets the next number if it has none.
    fn name(&mut self, value: &str, given: &mut HashSet<String>) -> String {
        if let Some(name) = self.names.get(value) {
            return name.clone();
        }
        self.last += 1;
        let name = format!("<{}-{}>", self.kind, self.last);
        given.insert(name.clone());
        self.names.insert(value.to_owned(), name.clone());
        name
    }

    /// A name was given by hand: its number is not given again.
    fn take(&mut self, name: &str) {
        let number = name.trim_matches(['<', '>']).strip_prefix(&self.kind).and_then(|rest| rest.strip_prefix('-'));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            self.last = self.last.max(number);
        }
    }
}

#[cfg(test)]
mod tests;
