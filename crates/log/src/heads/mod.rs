//! The line with which a record begins, in every format that is known.

mod general;
pub(super) mod go;
pub(super) mod java;
pub(super) mod json;
mod lookup;
pub(super) mod others;
mod pattern;
pub(super) mod python;
pub(super) mod servers;
mod template;
mod time;
pub(super) mod tracing;

use super::fields::{Field, split};
use super::format::TABLE;
use super::text::cleaned;
use super::words::Words;
use super::{Format, Level};
pub(super) use json::completed;
use lookup::Lookup;
use pattern::Pattern;
use template::{Sight, Template};
pub(super) use time::{bare as time_end, moment as moment_end, time as time_length, usual_date};

/// What the first line of a record says, as far as it was looked at.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) level: Option<Level>,
    target: Option<&'a str>,
    thread: Option<&'a str>,
    rest: Rest<'a>,
}

/// What has not been looked at yet.
#[derive(Debug)]
pub(super) enum Rest<'a> {
    /// The message.
    Message(&'a str),
    /// The message and its fields, and the spans.
    Tracing { text: &'a str, spans: &'a str },
    /// The message with its fields in the words of the `pretty` format.
    Pretty(&'a str),
    /// The message, then `key=value`.
    Pairs(&'a str),
    /// `key=value` from the beginning; the message is one of them.
    Logfmt(&'a str),
    /// A JSON object.
    Json(&'a str),
    /// The message, then a JSON object.
    Object { message: &'a str, object: &'a str },
    /// The message, and the groups of an expression.
    Groups { message: &'a str, fields: Vec<Field> },
}

/// Everything that the first line of a record says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) level: Option<Level>,
    pub(super) target: Option<String>,
    pub(super) thread: Option<String>,
    pub(super) message: String,
    /// Its own fields, then those of its spans, innermost first.
    pub(super) fields: Vec<Field>,
    /// How many of the fields are its own.
    pub(super) own: usize,
}

impl Head<'_> {
    /// With the target that is known, where what was taken for it is a span without fields.
    fn with_targets(mut self, known: &[String]) -> Self {
        let is_known = |name: &str| {
            known.iter().any(|known| {
                name.strip_prefix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
        };
        let (Some(name), Rest::Tracing { text, .. }) = (self.target, &mut self.rest) else { return self };
        if known.is_empty() || is_known(name) {
            return self;
        }
        // Several spans may stand before it.
        let mut rest = *text;
        while let Some((next, after)) = rest.split_once(": ").filter(|(next, _)| !next.contains(' ')) {
            if is_known(next) {
                self.target = Some(next);
                *text = after;
                break;
            }
            rest = after;
        }
        self
    }
}

impl Head<'_> {
    /// Where in its line the message begins and ends, if it stands there as it is.
    pub(super) fn message_in(&self, line: &str) -> Option<std::ops::Range<usize>> {
        let text = match &self.rest {
            Rest::Message(text) | Rest::Pretty(text) | Rest::Pairs(text) | Rest::Tracing { text, .. } => text,
            Rest::Object { message, .. } | Rest::Groups { message, .. } => message,
            Rest::Logfmt(_) | Rest::Json(_) => return None,
        };
        let at = (text.as_ptr() as usize).checked_sub(line.as_ptr() as usize)?;
        line.get(at..at + text.len()).map(|_| at..at + text.len())
    }

    /// Looks at the rest.
    pub(super) fn finish(self) -> Said {
        let mut said = Said {
            level: self.level,
            target: self.target.map(str::to_owned),
            thread: self.thread.map(str::to_owned),
            ..Said::default()
        };
        let mut spans = Vec::new();
        match self.rest {
            Rest::Message(message) => message.clone_into(&mut said.message),
            Rest::Tracing { text, spans: around } => {
                let place = tracing::place(text);
                let (message, fields) = split(place.map_or(text, |(.., rest)| rest));
                (said.message, said.fields) = (message.to_owned(), fields);
                if let Some((file, line, _)) = place {
                    said.fields.extend([("file".into(), file.into()), ("line".into(), line.into())]);
                }
                tracing::span_fields(around, &mut spans);
            }
            Rest::Pretty(text) => (said.message, said.fields) = tracing::pretty(text),
            Rest::Pairs(text) => {
                let (message, fields) = split(text);
                (said.message, said.fields) = (message.to_owned(), fields);
            }
            Rest::Logfmt(text) => {
                for (name, value) in split(text).1 {
                    match name.as_str() {
                        "msg" | "message" | "event" if said.message.is_empty() => said.message = value,
                        "logger" | "target" | "name" | "component" if said.target.is_none() => {
                            said.target = Some(value)
                        }
                        "level" | "lvl" | "severity" | "levelname" | "time" | "ts" | "timestamp" | "t" => {}
                        _ => said.fields.push((name, value)),
                    }
                }
            }
            Rest::Json(text) => {
                let object = json::finish(text);
                (said.target, said.thread, said.message) = (object.target, object.thread, object.message);
                said.fields = object.fields;
                spans = said.fields.split_off(object.own.min(said.fields.len()));
            }
            Rest::Object { message, object } => match json::fields(object) {
                Some(fields) => (said.message, said.fields) = (message.trim_end().to_owned(), fields),
                None => said.message = [message, " ", object].concat(),
            },
            Rest::Groups { message, fields } => (said.message, said.fields) = (message.to_owned(), fields),
        }
        said.own = said.fields.len();
        said.fields.extend(spans);
        said.message = cleaned(said.message);
        said.target = said.target.map(cleaned);
        said.thread = said.thread.map(cleaned);
        for (name, value) in &mut said.fields {
            *name = cleaned(std::mem::take(name));
            *value = cleaned(std::mem::take(value));
        }
        said
    }
}

/// One way to know the lines of a format.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// A template, see [`template`].
    Shape(&'static str),
    /// A template with words of its own for levels.
    Words(&'static str, template::Words),
    /// A function; it is told whether nobody has said which format it is.
    Code(for<'l> fn(&'l str, bool) -> Option<Head<'l>>),
    /// Time and level wherever they are.
    General,
}

/// One way to read heads, of the format of this name.
#[derive(Debug)]
struct Way {
    name: &'static str,
    by: By,
}

#[derive(Debug)]
enum By {
    Template(Template),
    Code(for<'l> fn(&'l str, bool) -> Option<Head<'l>>),
    General,
    Pattern(Pattern),
}

/// Reads heads in one format, or in several.
#[derive(Debug)]
pub(super) struct Heads {
    ways: Vec<Way>,
    /// The ways that a line may be read in, by its first byte.
    by_first: Vec<Vec<u8>>,
    /// Those that are left once it is known what follows the time.
    lookup: Lookup,
    /// Whether nobody has said which format it is.
    any: bool,
    /// The way of the last head: the next is likely to be the same.
    last: usize,
    /// Whether the line before was the first of the two that `java.util.logging` writes.
    announced: bool,
    /// The targets that the program is known to have, by their crates.
    targets: Vec<String>,
}

/// Whether a text is a record in JSON, as far as it is there.
pub(super) fn is_json(text: &str) -> bool {
    json::parse(text).is_some()
}

impl Heads {
    /// Tells which targets, or crates of targets, there are: what tells a span without fields from a target.
    pub(super) fn know(&mut self, targets: impl IntoIterator<Item = String>) {
        self.targets.extend(targets);
    }

    /// The fields that a later line of the last record has.
    pub(super) fn later_fields(&self, line: &str) -> Option<Vec<Field>> {
        (self.name() == "tracing").then(|| tracing::later_fields(line)).flatten()
    }

    /// The reader of a format, or what is wrong with its expression.
    pub(super) fn new(format: &Format) -> Result<Self, regex::Error> {
        let mut ways = Vec::new();
        add(format, &mut ways)?;
        let fit =
            |byte: u8| ways.iter().enumerate().filter(move |(_, way)| way.may_begin(byte)).map(|(at, _)| at as u8);
        let by_first = (0..=u8::MAX).map(|byte| fit(byte).collect()).collect();
        let (lookup, any) = (Lookup::new(), matches!(format, Format::Auto));
        Ok(Self { ways, by_first, lookup, any, last: 0, announced: false, targets: Vec::new() })
    }

    /// Whether records may be JSON, whose objects may have several lines.
    pub(super) fn reads_json(&self) -> bool {
        self.any || self.ways.iter().any(|way| way.name == "json")
    }

    /// Whether no line is a head.
    pub(super) fn is_raw(&self) -> bool {
        self.ways.is_empty()
    }

    /// The head that this line is, if it is one.
    pub(super) fn parse<'l>(&mut self, line: &'l str) -> Option<Head<'l>> {
        let any = self.any;
        if any && !may_begin(line) {
            return None;
        }
        let sight = Sight::new(line);
        if std::mem::take(&mut self.announced)
            && let Some(at) = self.ways.iter().position(|way| way.name == "jul")
            && let Some(head) = self.ways[at].parse(&sight, false)
        {
            self.last = at;
            return Some(head);
        }
        let fit = &self.by_first[usize::from(*line.as_bytes().first()?)];
        let last = self.last as u8;
        // What takes anything comes after what is stricter, whatever the line before was.
        let first = self.ways.get(self.last).filter(|way| way.is_strict() && fit.contains(&last));
        if let Some(head) = first.and_then(|way| way.parse(&sight, any)) {
            return Some(head.with_targets(&self.targets));
        }
        let left = self.lookup.of(&sight, &self.ways).unwrap_or(fit);
        let (at, head) = left.iter().find_map(|at| Some((*at, self.ways[usize::from(*at)].parse(&sight, any)?)))?;
        self.last = usize::from(at);
        Some(head.with_targets(&self.targets))
    }

    /// The head that the last one was, read again.
    pub(super) fn again<'l>(&self, line: &'l str) -> Option<Head<'l>> {
        let way = self.ways.get(self.last)?;
        let head = way.parse(&Sight::new(line), self.any && way.name != "jul")?;
        Some(head.with_targets(&self.targets))
    }

    /// What words mean in formats that are described by an expression or a template: they know which word it is.
    pub(super) fn name_levels(&mut self, words: &Words) {
        for way in &mut self.ways {
            match &mut way.by {
                By::Pattern(pattern) => pattern.words = words.clone(),
                By::Template(template) => template.declared = words.clone(),
                By::Code(_) | By::General => {}
            }
        }
    }

    /// The word for the level of a line in a format that is described by an expression.
    pub(super) fn level_word<'l>(&self, line: &'l str) -> Option<&'l str> {
        self.ways.iter().find_map(|way| match &way.by {
            By::Pattern(pattern) => pattern.level_word(line),
            _ => None,
        })
    }

    /// Whether the format of the last head has a word for the level of each record.
    pub(super) fn have_levels(&self) -> bool {
        self.ways.get(self.last).is_some_and(|way| match &way.by {
            By::Pattern(pattern) => pattern.has_level(),
            _ => !matches!(way.name, "go" | "syslog" | "access"),
        })
    }

    /// Whether the last head may be what others put before a line: a journal's, or any time with any level.
    pub(super) fn is_envelope(&self) -> bool {
        matches!(self.name(), "syslog" | "text")
    }

    /// Whether the last head is any time with any level.
    pub(super) fn is_loose(&self) -> bool {
        self.name() == "text"
    }

    /// The way in which the last head was written.
    pub(super) fn way(&self) -> usize {
        self.last
    }

    /// The next head is likely to be written in this way.
    pub(super) fn turn_to(&mut self, way: usize) {
        self.last = way.min(self.ways.len().saturating_sub(1));
    }

    /// Whether a Python traceback that follows the last head at once is that record's.
    pub(super) fn python_follows(&self) -> bool {
        const NAMES: [&str; 9] =
            ["python", "rich", "gunicorn", "celery", "airflow", "loguru", "structlog", "django", "text"];
        NAMES.contains(&self.name())
    }

    /// Whether fields may stand at the end of the last record's later lines.
    pub(super) fn fields_follow(&self) -> bool {
        self.name() == "tracing"
    }

    /// Whether the message of a head that has none is the next line.
    pub(super) fn message_follows(&self) -> bool {
        matches!(self.name(), "dotnet" | "erlang" | "ruby")
    }

    /// The target, for the next head, that this line says in advance, as `java.util.logging` does.
    pub(super) fn announces<'l>(&mut self, line: &'l str) -> Option<&'l str> {
        let target = time::of_java(line).filter(|_| self.ways.iter().any(|way| way.name == "jul"))?;
        self.announced = true;
        Some(target)
    }

    /// Whether the last head is `key=value` from its beginning.
    pub(super) fn is_pairs(&self) -> bool {
        self.name() == "logfmt"
    }

    /// What the format of the last head is called.
    pub(super) fn name(&self) -> &'static str {
        self.ways.get(self.last).map_or("raw", |way| way.name)
    }
}

/// Whether a head in any format may begin like this: what is no log at all is ruled out fast.
fn may_begin(line: &str) -> bool {
    let bytes = line.as_bytes();
    match bytes.first() {
        Some(b'0'..=b'9' | b'[' | b'{' | b'<' | b' ' | b'=' | b'A'..=b'Z') => true,
        Some(b'(') => bytes.get(1).is_some_and(u8::is_ascii_digit),
        // Pairs, levels in small letters, and hosts of access logs.
        Some(b'a'..=b'z' | b'_' | b'@' | b':' | b'-') => {
            memchr::memchr(b'=', bytes).is_some()
                || bytes.iter().take(8).any(|byte| *byte == b':')
                || memchr::memchr_iter(b'[', bytes).any(|at| at > 0 && bytes[at - 1] == b' ')
        }
        _ => false,
    }
}

fn add(format: &Format, ways: &mut Vec<Way>) -> Result<(), regex::Error> {
    let mut of = |wanted: &dyn Fn(&str) -> bool| {
        let rows = TABLE.iter().filter(|(name, _)| wanted(name));
        ways.extend(rows.flat_map(|(name, rules)| rules.iter().map(|rule| Way::new(name, *rule))));
    };
    match format {
        Format::Regex(expression) => ways.push(Way { name: "regex", by: By::Pattern(Pattern::new(expression)?) }),
        Format::Any(formats) => return formats.iter().try_for_each(|format| add(format, ways)),
        Format::Auto => of(&|_| true),
        Format::Raw => {}
        // What their libraries write in more than one form.
        Format::Python => of(&|name| matches!(name, "python" | "rich")),
        Format::Java => of(&|name| matches!(name, "java" | "jul" | "log4j")),
        named => {
            let name = named.name();
            of(&|known| Some(known) == name);
        }
    }
    Ok(())
}

impl Way {
    fn new(name: &'static str, rule: Rule) -> Self {
        let by = match rule {
            Rule::Shape(text) => By::Template(Template::new(text, &[])),
            Rule::Words(text, words) => By::Template(Template::new(text, words)),
            Rule::Code(code) => By::Code(code),
            Rule::General => By::General,
        };
        Self { name, by }
    }

    fn parse<'l>(&self, sight: &Sight<'l>, any: bool) -> Option<Head<'l>> {
        match &self.by {
            By::Template(template) => template.parse(sight),
            By::Code(code) => code(sight.text, any),
            By::General => general::parse(sight),
            By::Pattern(pattern) => pattern.parse(sight.text),
        }
    }

    fn may_begin(&self, byte: u8) -> bool {
        match &self.by {
            By::Template(template) => template.may_begin(byte),
            By::Code(_) if self.name == "json" => byte == b'{',
            By::Code(_) if self.name == "erlang" => byte == b'=' || byte.is_ascii_digit(),
            _ => true,
        }
    }

    /// Whether it takes only lines that are certainly its own.
    fn is_strict(&self) -> bool {
        !matches!(self.name, "python" | "java" | "text" | "go" | "zerolog" | "syslog" | "logfmt" | "jul")
    }
}

/// Whether this is what a level is called.
pub(super) fn is_level(name: &str) -> bool {
    level(name).is_some()
}

/// The level of this name, as any language's logging writes it.
pub(super) fn level(name: &str) -> Option<Level> {
    let mut upper = [0; 13];
    let letters = upper.get_mut(..name.len())?;
    letters.copy_from_slice(name.as_bytes());
    letters.make_ascii_uppercase();
    Some(match &*letters {
        b"INFO" | b"INF" | b"I" | b"NOTICE" | b"INFORMATION" | b"INFORMATIONAL" | b"SUCCESS" => Level::Info,
        b"DEBUG" | b"DEBU" | b"DEBG" | b"DBG" | b"D" | b"FINE" | b"CONFIG" | b"VERBOSE" => Level::Debug,
        b"WARN" | b"WARNING" | b"WRN" | b"W" => Level::Warn,
        b"ERROR" | b"ERRO" | b"ERR" | b"E" | b"CRITICAL" | b"CRIT" | b"C" | b"FATAL" | b"FATA" | b"FTL" | b"F" => {
            Level::Error
        }
        b"SEVERE" | b"PANIC" | b"PANI" | b"PNC" | b"DPANIC" | b"ALERT" | b"EMERG" | b"EMERGENCY" | b"UNKNOWN" => {
            Level::Error
        }
        b"TRACE" | b"TRAC" | b"TRC" | b"T" | b"FINER" | b"FINEST" | b"SILLY" | b"VRB" => Level::Trace,
        _ => return None,
    })
}

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
