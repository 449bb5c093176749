//! Judges records: what may be among them, and what must not.

use std::fmt;

use super::{Format, FormatError, Level, Reader, Record, Stream, Traceback, printable};

/// The records of a text.
///
/// ```
/// use quietdown_log::{Format, Level, read};
///
/// let records = read(&Format::Python, "INFO:app:begun\nERROR:app:failed\n")?;
/// assert_eq!((records.len(), records[1].level), (2, Some(Level::Error)));
/// # Ok::<(), quietdown_log::FormatError>(())
/// ```
///
/// # Errors
/// A [`Format::Regex`] whose expression is wrong: what is wrong with it.
pub fn read(format: &Format, text: &str) -> Result<Vec<Record>, FormatError> {
    let mut reader = Reader::new(format, Stream::Stdout)?;
    reader.feed(0, text.as_bytes());
    reader.finish(0);
    Ok(reader.into_records())
}

/// Takes a record that is no finding.
type Allowed = Box<dyn Fn(&Record) -> bool + Send + Sync>;

/// What records may be. Stack traces are findings in every one, and so is text that is no record, unless it is allowed.
///
/// ```
/// use quietdown_log::{Format, LogPolicy, judge, read};
///
/// let records = read(&Format::Python, "WARNING:app:retried once\n")?;
/// assert_eq!(judge(&records, &LogPolicy::calm()).len(), 1);
/// judge(&records, &LogPolicy::calm().allow(|record| record.message.starts_with("retried"))).assert_none();
/// # Ok::<(), quietdown_log::FormatError>(())
/// ```
pub struct LogPolicy {
    max: Level,
    text: bool,
    allowed: Vec<Allowed>,
}

impl LogPolicy {
    /// Nothing above DEBUG: what holds while something is broken as it was planned.
    pub fn quiet() -> Self {
        Self::up_to(Level::Debug)
    }

    /// Nothing above INFO: what holds while nothing is broken.
    pub fn calm() -> Self {
        Self::up_to(Level::Info)
    }

    /// Nothing above this level.
    pub fn up_to(max: Level) -> Self {
        Self { max, text: false, allowed: Vec::new() }
    }

    /// Text outside any record is no finding: a banner, or what is printed for people.
    #[must_use]
    pub fn with_text(mut self) -> Self {
        self.text = true;
        self
    }

    /// Records that this takes are no findings, whatever they are.
    #[must_use]
    pub fn allow(mut self, allowed: impl Fn(&Record) -> bool + Send + Sync + 'static) -> Self {
        self.allowed.push(Box::new(allowed));
        self
    }

    fn find(&self, record: &Record) -> Option<LogFindingKind> {
        if self.allowed.iter().any(|allowed| allowed(record)) {
            return None;
        }
        if !record.tracebacks.is_empty() {
            return Some(LogFindingKind::Traceback);
        }
        match (record.level, record.outside) {
            (Some(level), _) if level > self.max => Some(LogFindingKind::Level),
            // A word that is no level counts as WARN, as text that is no record does.
            (None, _) if record.level_word.is_some() && self.max < Level::Warn => Some(LogFindingKind::Level),
            (None, true) if !self.text && self.max < Level::Warn => Some(LogFindingKind::Text),
            _ => None,
        }
    }
}

impl fmt::Debug for LogPolicy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = self.allowed.len();
        out.debug_struct("LogPolicy")
            .field("max", &self.max)
            .field("text", &self.text)
            .field("allowed", &allowed)
            .finish()
    }
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFindingKind {
    /// It has a stack trace.
    Traceback,
    /// It is above the level that may be.
    Level,
    /// It is text outside any record.
    Text,
}

/// A record that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogFinding {
    /// What is wrong with it.
    pub kind: LogFindingKind,
    /// The record.
    pub record: Record,
}

impl fmt::Display for LogFinding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            LogFindingKind::Traceback => "stack trace",
            LogFindingKind::Level => "level",
            LogFindingKind::Text => "text that is no record",
        };
        write!(out, "{what}: {}", printable(&self.record.summary()))?;
        for Traceback { language, exception, message, lines, .. } in &self.record.tracebacks {
            let exception = exception.as_deref().unwrap_or("error");
            write!(out, "\n  {} {}: {}", language.name(), printable(exception), printable(message))?;
            for line in lines.iter().take(20) {
                write!(out, "\n  | {}", printable(line))?;
            }
        }
        Ok(())
    }
}

/// What was found. As text it is one block for each record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "findings are there to be looked at: `assert_none` fails a test"]
pub struct LogFindings(Vec<LogFinding>);

impl LogFindings {
    /// Fails the test when there is a finding, and shows all of them.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.0.is_empty(), "{self}");
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, in the order of the records.
    pub fn iter(&self) -> impl Iterator<Item = &LogFinding> {
        self.0.iter()
    }
}

impl fmt::Display for LogFindings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} of the records must not be:", self.0.len())?;
        self.0.iter().try_for_each(|finding| writeln!(out, "{finding}"))
    }
}

/// Judges records by a policy.
pub fn judge(records: &[Record], policy: &LogPolicy) -> LogFindings {
    let finding = |record: &Record| policy.find(record).map(|kind| LogFinding { kind, record: record.clone() });
    LogFindings(records.iter().filter_map(finding).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "DEBUG:app:one\nINFO:app:two\nWARNING:app:three\nstray\nERROR:app:four\nTraceback (most recent call last):\n  \
                        File \"a.py\", line 3, in f\nKeyError: 'x'\n";

    fn kinds(policy: &LogPolicy) -> Vec<LogFindingKind> {
        let records = read(&Format::Python, TEXT).expect("a format");
        judge(&records, policy).iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn a_policy_finds_levels_text_and_stack_traces() {
        use LogFindingKind::{Level as Above, Text, Traceback};
        assert_eq!(kinds(&LogPolicy::quiet()), [Above, Above, Text, Traceback]);
        assert_eq!(kinds(&LogPolicy::calm()), [Above, Text, Traceback]);
        assert_eq!(kinds(&LogPolicy::calm().with_text()), [Above, Traceback]);
        assert_eq!(kinds(&LogPolicy::up_to(Level::Error)), [Traceback], "a stack trace is a finding at every level");
        let allowed = LogPolicy::quiet().allow(|record| record.message == "four").with_text();
        assert_eq!(kinds(&allowed), [Above, Above]);
    }

    #[test]
    #[should_panic(expected = "stack trace: ERROR app: four")]
    fn an_assertion_shows_what_was_found() {
        judge(&read(&Format::Python, TEXT).expect("a format"), &LogPolicy::quiet()).assert_none();
    }
}
