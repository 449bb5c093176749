//! Reads one stream of a process as records.

use super::assembler::Assembler;
use super::heads::Heads;
use super::intake::Intake;
use super::lines::Lines;
use super::words::Words;
use super::{Format, Level, Record, Stream};

/// Reads one stream of a process as records.
///
/// A record is there as soon as its first line is complete; later lines may extend the last record. What is kept is
/// bounded, see [`bounds`](super::bounds).
///
/// ```
/// use quietdown_log::{Format, Level, Reader, Stream};
///
/// let mut reader = Reader::new(&Format::Tracing, Stream::Stderr)?;
/// reader.feed(10, b" WARN app: it broke call=\"po");
/// assert!(reader.records().is_empty());
/// reader.feed(20, b"ll\"\n");
/// let record = &reader.records()[0];
/// assert_eq!((record.level, record.field("call")), (Some(Level::Warn), Some("poll")));
/// # Ok::<(), quietdown_log::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    lines: Lines,
    intake: Intake,
    applications: Vec<String>,
}

/// A place between two records of a [`Reader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark(usize);

impl Reader {
    /// A reader of a stream whose records are written in `format`.
    ///
    /// # Errors
    /// A [`Format::Regex`] whose expression is wrong: what is wrong with it.
    pub fn new(format: &Format, stream: Stream) -> Result<Self, super::FormatError> {
        let heads = Heads::new(format)?;
        Ok(Self {
            lines: Lines::default(),
            intake: Intake::new(Assembler::new(heads, stream)),
            applications: Vec::new(),
        })
    }

    /// Declares that the lines that this regular expression matches belong to the record before them, as indented lines and those
    /// of stack traces do without it. Any other line that does not fit the format is text outside any record.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn continued_by(&mut self, expression: &str) -> Result<(), super::ExpressionError> {
        self.intake.assembler.continued_by(regex::Regex::new(expression)?);
        Ok(())
    }

    /// Declares what stands before each line, at its very beginning, and is taken off. The expression's group `source`, if it has
    /// one, says where a line comes from: each source is read by itself.
    ///
    /// ```
    /// use quietdown_log::{Format, Level, Reader, Stream};
    ///
    /// let mut reader = Reader::new(&Format::Python, Stream::Stdout)?;
    /// reader.prefixed_by(r"(?<source>\w+) !! ")?;
    /// reader.feed(0, b"web !! ERROR:app:failed\n");
    /// assert_eq!(reader.records()[0].level, Some(Level::Error));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn prefixed_by(&mut self, expression: &str) -> Result<(), super::ExpressionError> {
        self.intake.take_off(regex::Regex::new(expression)?);
        Ok(())
    }

    /// With the targets, or the crates of targets, that the program has. The `full` format of `tracing` writes a span without
    /// fields just as it writes a target: with these the two are told apart.
    ///
    /// ```
    /// use quietdown_log::{Format, Reader, Stream};
    ///
    /// let mut reader = Reader::new(&Format::Tracing, Stream::Stderr)?.with_targets(["items".to_owned()]);
    /// reader.feed(0, b"ERROR request: items: add failed\n");
    /// assert_eq!(reader.records()[0].target.as_deref(), Some("items"));
    /// # Ok::<(), quietdown_log::FormatError>(())
    /// ```
    #[must_use]
    pub fn with_targets(mut self, targets: impl IntoIterator<Item = String>) -> Self {
        self.intake.assembler.know(targets);
        self
    }

    /// Declares what the frames of the application have in them, where rules cannot know: packages or folders, such as
    /// `org.apache.kafka` or `site-packages/ours/`. [`into_records`](Self::into_records) gives tracebacks that know it.
    ///
    /// ```
    /// use quietdown_log::{Format, Reader, Stream};
    ///
    /// let mut reader = Reader::new(&Format::Auto, Stream::Stderr)?;
    /// reader.tell_applications(["org.apache.kafka".to_owned()]);
    /// reader.feed(0, b"java.lang.X: tea\n\tat a.b.X.y(X.java:3)\n\tat org.apache.kafka.Cup.pour(Cup.java:5)\n");
    /// assert_eq!(reader.into_records()[0].tracebacks[0].place(), Some("Cup.java:5"));
    /// # Ok::<(), quietdown_log::FormatError>(())
    /// ```
    pub fn tell_applications(&mut self, prefixes: impl IntoIterator<Item = String>) {
        self.applications.extend(prefixes);
    }

    /// Says what words mean that this program has for levels, beside those that every format knows, or differently from them.
    pub fn name_levels(&mut self, levels: &std::collections::BTreeMap<String, Level>) {
        self.intake.assembler.name_levels(Words::new(levels));
    }

    /// Says that somebody waits for the records of which this is true: they are kept also when the stream is longer than what is kept
    /// of it, so many bytes of them as [`bounds::WANTED`](super::bounds::WANTED) says. A record is asked about when its first line has
    /// come.
    pub fn want(&mut self, wanted: impl Fn(&Record) -> bool + Send + Sync + 'static) {
        self.intake.assembler.wanted.add(Box::new(wanted));
    }

    /// Reads what was written at `at`, in microseconds since the run began, in whatever chunks it comes.
    pub fn feed(&mut self, at: u64, bytes: &[u8]) {
        self.lines.feed(bytes, |line| self.intake.line(at, line));
    }

    /// Notes that so many bytes follow in the line that has begun which are not handed over. They count as not kept.
    pub fn skip(&mut self, bytes: u64) {
        self.lines.skip(bytes);
    }

    /// The stream has ended: a last line without newline counts.
    pub fn finish(&mut self, at: u64) {
        self.lines.finish(|line| self.intake.line(at, line));
        self.intake.finish(at);
    }

    /// Remembers the place behind so many records. Text outside any record may turn out to be part of a stack trace of the record
    /// before it; the place moves with the records behind it then.
    pub fn bookmark(&mut self, records: usize) -> Bookmark {
        let bookmarks = &mut self.intake.assembler.bookmarks;
        bookmarks.push(records);
        Bookmark(bookmarks.len() - 1)
    }

    /// How many records are before a place now.
    pub fn before(&self, bookmark: Bookmark) -> usize {
        self.intake.assembler.bookmarks.get(bookmark.0).copied().unwrap_or(0)
    }

    /// The records so far. Later lines may extend the last one.
    pub fn records(&self) -> &[Record] {
        &self.intake.assembler.records
    }

    /// How many records from the first on no later line can change any more.
    pub fn settled(&self) -> usize {
        self.intake.assembler.settled()
    }

    /// The records.
    pub fn into_records(self) -> Vec<Record> {
        let mut records = self.intake.assembler.records;
        if !self.applications.is_empty() {
            let tracebacks = records.iter_mut().flat_map(|record| &mut record.tracebacks);
            tracebacks.for_each(|traceback| traceback.tell_application(&self.applications));
        }
        records
    }

    /// How many bytes are in no record, because the stream is longer than what is kept of it. From then on, only records
    /// with a traceback, or of level WARN or above, are kept, and of those not much more, and those that somebody [wants](Self::want).
    pub fn dropped(&self) -> u64 {
        self.intake.assembler.dropped
    }
}

#[cfg(test)]
mod tests;
