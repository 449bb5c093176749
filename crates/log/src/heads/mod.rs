//! The line with which a record begins, in every format that is known.

mod go;
mod java;
mod json;
mod others;
mod pattern;
mod python;
mod time;
mod tracing;

use super::fields::{Field, split};
use super::text::cleaned;
use super::{Format, Level};
use pattern::Pattern;

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
enum Rest<'a> {
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
                let (message, fields) = split(text);
                (said.message, said.fields) = (message.to_owned(), fields);
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

/// One way to write heads.
#[derive(Debug)]
enum Way {
    Tracing,
    Python,
    EnvLogger,
    Json,
    Logfmt,
    Java,
    Zap,
    Zerolog,
    Go,
    Klog,
    Syslog,
    Ruby,
    Monolog,
    DotNet,
    Rich,
    Pattern(Pattern),
}

/// Reads heads in one format, or in several.
#[derive(Debug)]
pub(super) struct Heads {
    ways: Vec<Way>,
    /// Whether nobody has said which format it is.
    any: bool,
    /// The way of the last head: the next is likely to be the same.
    last: usize,
}

impl Heads {
    /// The reader of a format, or what is wrong with its expression.
    pub(super) fn new(format: &Format) -> Result<Self, regex::Error> {
        let mut ways = Vec::new();
        add(format, &mut ways)?;
        Ok(Self { ways, any: matches!(format, Format::Auto), last: 0 })
    }

    /// Whether no line is a head.
    pub(super) fn is_raw(&self) -> bool {
        self.ways.is_empty()
    }

    /// The head that this line is, if it is one.
    pub(super) fn parse<'l>(&mut self, line: &'l str) -> Option<Head<'l>> {
        if self.any && !may_begin(line) {
            return None;
        }
        let first = self.ways.get(self.last)?;
        if let Some(head) = first.parse(line, self.any) {
            return Some(head);
        }
        if self.ways.len() == 1 {
            return None;
        }
        let (last, head) = self.ways.iter().enumerate().find_map(|(at, way)| Some((at, way.parse(line, self.any)?)))?;
        self.last = last;
        Some(head)
    }

    /// Whether a Python traceback that follows the last head at once is that record's.
    pub(super) fn python_follows(&self) -> bool {
        matches!(self.ways.get(self.last), Some(Way::Python | Way::Rich))
    }

    /// Whether fields may stand at the end of the last record's later lines.
    pub(super) fn fields_follow(&self) -> bool {
        matches!(self.ways.get(self.last), Some(Way::Tracing))
    }

    /// Whether the message of a head that has none is the next line.
    pub(super) fn message_follows(&self) -> bool {
        matches!(self.ways.get(self.last), Some(Way::DotNet))
    }

    /// The target, for the next head, that this line says in advance, as `java.util.logging` does.
    pub(super) fn announces<'l>(&self, line: &'l str) -> Option<&'l str> {
        let java = self.ways.iter().any(|way| matches!(way, Way::Java));
        java.then(|| time::of_java(line)).flatten()
    }

    /// What the format of the last head is called.
    pub(super) fn name(&self) -> &'static str {
        self.ways.get(self.last).map_or("raw", Way::name)
    }
}

/// Whether a head in any format may begin like this: what is no log at all is ruled out fast.
fn may_begin(line: &str) -> bool {
    match line.as_bytes().first() {
        Some(b'0'..=b'9' | b'[' | b'{' | b'<' | b' ' | b'A'..=b'Z') => true,
        // Pairs, and levels in small letters.
        Some(b'a'..=b'z' | b'_' | b'@') => line.contains('=') || line.as_bytes().get(4) == Some(&b':'),
        _ => false,
    }
}

fn add(format: &Format, ways: &mut Vec<Way>) -> Result<(), regex::Error> {
    let way = match format {
        Format::Tracing => Way::Tracing,
        Format::Python => {
            ways.push(Way::Rich);
            Way::Python
        }
        Format::EnvLogger => Way::EnvLogger,
        Format::Json => Way::Json,
        Format::Logfmt => Way::Logfmt,
        Format::Java => Way::Java,
        Format::Zap => Way::Zap,
        Format::Zerolog => Way::Zerolog,
        Format::Go => Way::Go,
        Format::Klog => Way::Klog,
        Format::Syslog => Way::Syslog,
        Format::Ruby => Way::Ruby,
        Format::Monolog => Way::Monolog,
        Format::DotNet => Way::DotNet,
        Format::Regex(expression) => Way::Pattern(Pattern::new(expression)?),
        Format::Any(formats) => return formats.iter().try_for_each(|format| add(format, ways)),
        Format::Auto => {
            // The strict ones first: what others might take for their own.
            ways.extend([Way::Json, Way::Tracing, Way::EnvLogger, Way::Klog, Way::Zap, Way::Ruby, Way::Monolog]);
            ways.extend([Way::DotNet, Way::Rich, Way::Java, Way::Zerolog, Way::Python, Way::Logfmt, Way::Syslog]);
            Way::Go
        }
        Format::Raw => return Ok(()),
    };
    ways.push(way);
    Ok(())
}

impl Way {
    fn parse<'l>(&self, line: &'l str, any: bool) -> Option<Head<'l>> {
        match self {
            Self::Tracing => tracing::parse(line, any),
            Self::Python => python::parse(line),
            Self::EnvLogger => others::env_logger(line),
            Self::Json => json::parse(line),
            Self::Logfmt => go::logfmt(line),
            Self::Java => java::parse(line),
            Self::Zap => go::zap(line),
            Self::Zerolog => go::zerolog(line),
            Self::Go => go::standard(line),
            Self::Klog => go::klog(line),
            Self::Syslog => others::syslog(line),
            Self::Ruby => others::ruby(line),
            Self::Monolog => others::monolog(line),
            Self::DotNet => others::dotnet(line),
            Self::Rich => others::rich(line),
            Self::Pattern(pattern) => pattern.parse(line),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Tracing => "tracing",
            Self::Python => "python",
            Self::EnvLogger => "env-logger",
            Self::Json => "json",
            Self::Logfmt => "logfmt",
            Self::Java => "java",
            Self::Zap => "zap",
            Self::Zerolog => "zerolog",
            Self::Go => "go",
            Self::Klog => "klog",
            Self::Syslog => "syslog",
            Self::Ruby => "ruby",
            Self::Monolog => "monolog",
            Self::DotNet => "dotnet",
            Self::Rich => "rich",
            Self::Pattern(_) => "regex",
        }
    }
}

/// The level of this name, as any language's logging writes it.
fn level(name: &str) -> Option<Level> {
    const NAMES: [(&str, Level); 40] = [
        ("INFO", Level::Info),
        ("DEBUG", Level::Debug),
        ("WARN", Level::Warn),
        ("WARNING", Level::Warn),
        ("ERROR", Level::Error),
        ("TRACE", Level::Trace),
        ("CRITICAL", Level::Error),
        ("FATAL", Level::Error),
        ("NOTICE", Level::Info),
        ("SEVERE", Level::Error),
        ("PANIC", Level::Error),
        ("DPANIC", Level::Error),
        ("ERR", Level::Error),
        ("ALERT", Level::Error),
        ("EMERG", Level::Error),
        ("EMERGENCY", Level::Error),
        ("CRIT", Level::Error),
        ("CONFIG", Level::Debug),
        ("FINE", Level::Debug),
        ("FINER", Level::Trace),
        ("FINEST", Level::Trace),
        ("INFORMATION", Level::Info),
        ("VERBOSE", Level::Debug),
        ("SILLY", Level::Trace),
        ("TRC", Level::Trace),
        ("DBG", Level::Debug),
        ("VRB", Level::Trace),
        ("INF", Level::Info),
        ("WRN", Level::Warn),
        ("FTL", Level::Error),
        ("PNC", Level::Error),
        ("SUCCESS", Level::Info),
        ("UNKNOWN", Level::Error),
        ("T", Level::Trace),
        ("D", Level::Debug),
        ("I", Level::Info),
        ("W", Level::Warn),
        ("E", Level::Error),
        ("C", Level::Error),
        ("F", Level::Error),
    ];
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| *level)
}

#[cfg(test)]
mod tests;
