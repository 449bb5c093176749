//! How the processes of a role log: what their role says, else what the system says.

use std::collections::BTreeMap;

use super::SystemFile;
use crate::log::{ExpressionError, Format, FormatError, Level, Reader, Stream};

/// An expression of a dialect that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialectError {
    /// That of the format.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// That of the prefix, or of lines that continue a record.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
}

/// How the processes of a role log.
#[derive(Debug, Clone)]
pub struct Dialect<'a> {
    /// The format of their records.
    pub format: &'a Format,
    /// What words mean that are levels beside those which every format knows.
    pub levels: BTreeMap<String, Level>,
    /// A regular expression of what stands before each line.
    pub prefix: Option<&'a str>,
    /// A regular expression of the lines that belong to the record before them.
    pub continuation: Option<&'a str>,
    /// What the frames of the application have in them, where rules cannot know.
    pub application: Vec<&'a str>,
    /// Whether they may write text outside any record before they are ready; nothing where only the policy says so.
    pub banner: Option<bool>,
}

impl SystemFile {
    /// How the processes of a role log.
    pub fn dialect(&self, role: &str) -> Dialect<'_> {
        let own = self.role(role).and_then(|role| role.log.as_ref());
        let mut levels = self.log.levels.clone();
        levels.extend(own.iter().flat_map(|own| &own.levels).map(|(word, level)| (word.clone(), *level)));
        let continuation = own.and_then(|own| own.continuation.as_ref()).or(self.log.continuation.as_ref());
        let prefix = own.and_then(|own| own.prefix.as_ref()).or(self.log.prefix.as_ref());
        let application = self.log.application.iter().chain(own.iter().flat_map(|own| &own.application));
        Dialect {
            application: application.map(|prefix| prefix.as_ref().as_str()).collect(),
            prefix: prefix.map(|expression| expression.as_ref().as_str()),
            format: own.and_then(|own| own.format.as_ref()).unwrap_or(&self.log.format),
            levels,
            continuation: continuation.map(|expression| expression.as_ref().as_str()),
            banner: own.and_then(|own| own.banner).or(self.log.banner),
        }
    }
}

impl Dialect<'_> {
    /// A reader of a stream that is written like this.
    ///
    /// # Errors
    /// What is wrong with one of its expressions. A system file that was checked has none.
    pub fn reader(&self, stream: Stream) -> Result<Reader, DialectError> {
        let mut reader = Reader::new(self.format, stream)?;
        reader.name_levels(&self.levels);
        reader.tell_applications(self.application.iter().map(|prefix| (*prefix).to_owned()));
        if let Some(expression) = self.prefix {
            reader.prefixed_by(expression)?;
        }
        if let Some(expression) = self.continuation {
            reader.continued_by(expression)?;
        }
        Ok(reader)
    }

    /// The format by its name in a system file.
    pub fn format_name(&self) -> String {
        format_name(self.format)
    }

    /// Whether records can carry a field of this name.
    pub fn carries(&self, field: &str) -> bool {
        carries(self.format, field)
    }

    /// Whether records have levels that can be judged.
    pub fn has_levels(&self) -> bool {
        has_levels(self.format)
    }
}

fn format_name(format: &Format) -> String {
    match format {
        Format::Regex(_) => "regex".to_owned(),
        Format::Any(formats) => formats.iter().map(format_name).collect::<Vec<_>>().join(", "),
        named => {
            let same = |known: &Format| std::mem::discriminant(known) == std::mem::discriminant(named);
            Format::NAMED.iter().find(|(_, known)| same(known)).map_or("unnamed", |(name, _)| name).to_owned()
        }
    }
}

/// The formats whose records can carry fields.
const FIELDED: [&str; 16] = [
    "tracing",
    "env-logger",
    "flexi-logger",
    "json",
    "mongodb",
    "logfmt",
    "structlog",
    "winston",
    "zap",
    "zerolog",
    "logrus",
    "klog",
    "capnslog",
    "monolog",
    "text",
    "auto",
];

fn carries(format: &Format, field: &str) -> bool {
    match format {
        Format::Regex(expression) => {
            regex::Regex::new(expression).is_ok_and(|regex| regex.capture_names().flatten().any(|name| name == field))
        }
        Format::Any(formats) => formats.iter().any(|format| carries(format, field)),
        named => FIELDED.contains(&format_name(named).as_str()),
    }
}

fn has_levels(format: &Format) -> bool {
    match format {
        Format::Raw | Format::Go | Format::Access => false,
        Format::Regex(expression) => {
            regex::Regex::new(expression).is_ok_and(|regex| regex.capture_names().flatten().any(|name| name == "level"))
        }
        Format::Any(formats) => formats.iter().any(has_levels),
        _ => true,
    }
}

#[test]
fn the_prefix_of_a_role_is_taken_off_before_its_format_is_read() {
    let source = r#"
        name = "x"
        summary = "x"
        [log]
        format = "python"
        prefix = '(?<source>[\w-]+) !! '
        [roles.server]
        kind = "server"
        command = ["true"]
        exit = "ok"
        [roles.client]
        kind = "free-running"
        command = ["true"]
        exit = "ok"
        log = { prefix = '\d+: ' }
        [exits]
        ok = { status = [0] }
    "#;
    let system = super::System::parse(std::path::Path::new("x.toml"), source).expect("a system");
    let level = |role: &str, line: &str| {
        let mut reader = system.file.dialect(role).reader(Stream::Stdout).expect("a reader");
        reader.feed(0, line.as_bytes());
        reader.records()[0].level
    };
    assert_eq!(level("server", "web-1 !! ERROR:app:failed\n"), Some(Level::Error));
    assert_eq!(level("client", "12: ERROR:app:failed\n"), Some(Level::Error));
    assert_eq!(level("client", "web-1 !! ERROR:app:failed\n"), None);
}

#[test]
fn what_is_of_the_application_is_said_for_all_roles_and_for_one() {
    let source = r#"
        name = "x"
        summary = "x"
        [log]
        format = "java"
        application = ["org.apache.kafka"]
        [roles.server]
        kind = "server"
        command = ["true"]
        exit = "ok"
        [roles.client]
        kind = "free-running"
        command = ["true"]
        exit = "ok"
        log = { application = ["org.apache.other"] }
        [exits]
        ok = { status = [0] }
    "#;
    let system = super::System::parse(std::path::Path::new("x.toml"), source).expect("a system");
    let place = |role: &str| {
        let mut reader = system.file.dialect(role).reader(Stream::Stdout).expect("a reader");
        reader.feed(
            0,
            b"java.lang.X: tea\n\tat org.apache.other.X.y(X.java:3)\n\tat org.apache.kafka.Cup.pour(Cup.java:5)\n",
        );
        reader.into_records()[0].tracebacks[0].place().map(str::to_owned)
    };
    assert_eq!(place("server").as_deref(), Some("Cup.java:5"));
    assert_eq!(place("client").as_deref(), Some("X.java:3"));
}
