use serde::{Deserialize, Serialize};

use super::Level;

/// The stream on which a process wrote something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One log entry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Record {
    /// When its first line was complete, in microseconds since the run began.
    pub at: u64,
    /// Where it was written.
    pub stream: Stream,
    /// Whether it is text outside any record: a line that does not fit the format and belongs to no record before it. Never in a
    /// stream of format [`Raw`](super::Format::Raw), where every line is a record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// Its level; nothing for text outside any record, and for records of a format that has no levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The word that stands where its format has the level, if it is the name of none: see
    /// [`Reader::name_levels`](super::Reader::name_levels).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_word: Option<String>,
    /// Its target (logger name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The thread or sub-process that logged it, where the format says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Its message, without fields.
    pub message: String,
    /// Its fields in the order in which they were written, unquoted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
    /// The lines after the first that belong to it and to no traceback.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continuation: Vec<String>,
    /// The tracebacks in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracebacks: Vec<Traceback>,
    /// How many bytes of it were not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
}

impl Record {
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The record in one line, for messages.
    pub fn summary(&self) -> String {
        let level = self.level.map(|level| format!("{level} "));
        let target = self.target.as_ref().map(|target| format!("{target}: "));
        let fields: String = self.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        [level.unwrap_or_default(), target.unwrap_or_default(), self.message.clone(), fields].concat()
    }
}

/// The language whose runtime wrote a traceback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// A Rust panic or backtrace, or a chain of causes as `anyhow` and `eyre` write it.
    Rust,
    /// A Python traceback, with all of its chained exceptions.
    Python,
    /// A Go panic, a dump of goroutines, or a report of a data race.
    Go,
    /// Java, Kotlin, and whatever else runs on their machine.
    Java,
    /// JavaScript as Node.js writes it.
    Node,
    /// C# and whatever else runs on .NET.
    #[serde(rename = "dotnet")]
    DotNet,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Elixir and Erlang.
    Elixir,
    /// Dart.
    Dart,
    /// Swift.
    Swift,
    /// What the runtime of C or C++, or a sanitizer, says when it aborts.
    Native,
}

impl Language {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Node => "Node.js",
            Self::DotNet => ".NET",
            Self::Ruby => "Ruby",
            Self::Php => "PHP",
            Self::Elixir => "Elixir or Erlang",
            Self::Dart => "Dart",
            Self::Swift => "Swift",
            Self::Native => "C or C++",
        }
    }
}

/// A multi-line dump of an error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Traceback {
    /// The language.
    pub language: Language,
    /// The exception's type as written, or `panic`; of a chain, the one that was raised last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// What the exception says.
    pub message: String,
    /// Where it was raised, as far as the text says: `file:line`, or a function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// The innermost frame that is neither of the language's own library nor of a package, as far as rules can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The exception at the root of a chain, with what it says; nothing when there is no chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Its lines, bounded.
    pub lines: Vec<String>,
}

impl Traceback {
    /// The frame to look at: the innermost of the application, or else the innermost.
    pub fn place(&self) -> Option<&str> {
        self.application.as_deref().or(self.frame.as_deref())
    }

    /// Declares what the application's frames have in them, where rules cannot know: a package or a folder, such as
    /// `org.apache.kafka` or `site-packages/ours/`.
    pub fn tell_application(&mut self, prefixes: &[String]) {
        if let Some(place) = super::traceback::by_prefix(self, prefixes) {
            self.application = Some(place);
        }
    }
}

// serde hands the field by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}
