//! The records of the program that a test is part of: captured as values instead of text.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Debug;
use std::io;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record as SpanRecord};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::traceback::{scan, with_marker};
use super::{Format, FormatError, Level, LogFindings, LogPolicy, Reader, Record, Stream, judge};

/// What this process logs: events of `tracing`, text that something writes in any format, panics. Clones share what they capture.
///
/// Events are captured as they are, so nothing has to be read back from text: a target is a target, and a span a span.
///
/// ```
/// use quietdown_log::{Capture, LogPolicy};
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let capture = Capture::new();
/// tracing::subscriber::with_default(tracing_subscriber::registry().with(capture.layer()), || {
///     tracing::info_span!("request").in_scope(|| tracing::error!(target: "items", id = 7, "add failed"));
/// });
/// let records = capture.records();
/// assert_eq!((records[0].target.as_deref(), records[0].field("id")), (Some("items"), Some("7")));
/// assert_eq!(capture.judge(&LogPolicy::calm()).len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Capture {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    began: Instant,
    captured: Mutex<Captured>,
}

#[derive(Debug, Default)]
struct Captured {
    records: Vec<Record>,
    readers: Vec<Reader>,
}

impl Shared {
    fn captured(&self) -> MutexGuard<'_, Captured> {
        self.captured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Default for Capture {
    fn default() -> Self {
        Self::new()
    }
}

impl Capture {
    /// A capture that has captured nothing.
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared { began: Instant::now(), captured: Mutex::default() }) }
    }

    /// A layer of `tracing-subscriber` that captures every event that reaches it.
    pub fn layer(&self) -> CaptureLayer {
        CaptureLayer { capture: self.clone() }
    }

    /// What takes text in this format and reads it: a writer, and a `MakeWriter` of `tracing-subscriber`.
    ///
    /// ```
    /// use std::io::Write as _;
    /// use quietdown_log::{Capture, Format, Level};
    ///
    /// let capture = Capture::new();
    /// writeln!(capture.writer(&Format::Python)?, "ERROR:app:failed")?;
    /// assert_eq!(capture.records()[0].level, Some(Level::Error));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A [`Format::Regex`] whose expression is wrong: what is wrong with it.
    pub fn writer(&self, format: &Format) -> Result<CaptureWriter, FormatError> {
        let reader = Reader::new(format, Stream::Stderr)?;
        let mut captured = self.shared.captured();
        captured.readers.push(reader);
        Ok(CaptureWriter { capture: self.clone(), reader: captured.readers.len() - 1 })
    }

    /// Captures panics, of all threads of this process, until the guard is dropped; the hook that was there is called as before.
    /// Tests that run at the same time in one process capture each other's panics: give such a test a program of its own.
    pub fn panics(&self) -> PanicGuard {
        let (shared, active) = (Arc::clone(&self.shared), Arc::new(AtomicBool::new(true)));
        let (previous, is_active) = (std::panic::take_hook(), Arc::clone(&active));
        std::panic::set_hook(Box::new(move |info| {
            if is_active.load(Ordering::Acquire) {
                let record = of_panic(info, shared.at());
                shared.captured().records.push(record);
            }
            previous(info);
        }));
        PanicGuard { active }
    }

    /// The records so far, by their time. Later lines may extend the last one of a writer.
    pub fn records(&self) -> Vec<Record> {
        let captured = self.shared.captured();
        let written = captured.readers.iter().flat_map(Reader::records);
        let mut records: Vec<Record> = captured.records.iter().chain(written).cloned().collect();
        records.sort_by_key(|record| record.at);
        records
    }

    /// Judges the records so far.
    pub fn judge(&self, policy: &LogPolicy) -> LogFindings {
        judge(&self.records(), policy)
    }
}

/// Captures panics until it is dropped.
#[derive(Debug)]
#[must_use = "panics are captured until this is dropped"]
pub struct PanicGuard {
    active: Arc<AtomicBool>,
}

impl Drop for PanicGuard {
    // The hook stays and does nothing: while a thread panics none can be taken off, and another may have been put on top.
    fn drop(&mut self) {
        self.active.store(false, Ordering::Release);
    }
}

/// The panic as the record of the text that the usual hook writes.
fn of_panic(info: &PanicHookInfo<'_>, at: u64) -> Record {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let payload = info.payload();
    let said = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = said.unwrap_or("Box<dyn Any>");
    let mut text = format!("thread '{name}' panicked at {place}:\n{message}\n");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        text += &format!("stack backtrace:\n{backtrace}");
    }
    let mut record = Record { at, level: Some(Level::Error), thread: Some(name.to_owned()), ..empty() };
    record.message = format!("panicked at {place}: {message}");
    if let Ok(mut reader) = Reader::new(&Format::Raw, Stream::Stderr) {
        reader.feed(at, text.as_bytes());
        reader.finish(at);
        record.tracebacks = reader.into_records().into_iter().flat_map(|record| record.tracebacks).collect();
    }
    record
}

fn empty() -> Record {
    Record {
        at: 0,
        stream: Stream::Stderr,
        outside: false,
        level: None,
        level_word: None,
        target: None,
        thread: None,
        message: String::new(),
        fields: Vec::new(),
        continuation: Vec::new(),
        tracebacks: Vec::new(),
        dropped: 0,
    }
}

/// The layer of a [`Capture`].
#[derive(Debug, Clone)]
pub struct CaptureLayer {
    capture: Capture,
}

/// The fields of a span.
#[derive(Debug, Default)]
struct SpanFields(Vec<(String, String)>);

/// Fields as text.
#[derive(Default)]
struct Values {
    message: String,
    fields: Vec<(String, String)>,
}

impl Values {
    fn put(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.fields.push((name.to_owned(), value)),
        }
    }
}

impl Visit for Values {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for CaptureLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut values = Values::default();
        attributes.record(&mut values);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(values.fields));
        }
    }

    fn on_record(&self, id: &Id, recorded: &SpanRecord<'_>, context: Context<'_, S>) {
        let mut values = Values::default();
        recorded.record(&mut values);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<SpanFields>()
        {
            fields.0.extend(values.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut values = Values::default();
        event.record(&mut values);
        let metadata = event.metadata();
        let mut record = Record { at: self.capture.shared.at(), ..empty() };
        record.level = Some(match *metadata.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::TRACE => Level::Trace,
        });
        record.target = Some(metadata.target().to_owned());
        record.thread = std::thread::current().name().map(str::to_owned);
        record.tracebacks = tracebacks(&values);
        let mut lines = values.message.split('\n').map(str::to_owned);
        record.message = lines.next().unwrap_or_default();
        record.continuation = lines.collect();
        record.fields = values.fields;
        // The innermost span first, as readers of text have it.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                record.fields.extend(fields.iter().cloned());
            }
        }
        self.capture.shared.captured().records.push(record);
    }
}

/// The stack traces in what an event says, in its message and in its fields.
fn tracebacks(values: &Values) -> Vec<super::Traceback> {
    let mut object = serde_json::Map::new();
    object.insert("message".to_owned(), values.message.as_str().into());
    object.extend(values.fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    let text = serde_json::Value::Object(object).to_string();
    if with_marker(&text) { scan(&text).tracebacks } else { Vec::new() }
}

/// What takes the text of a [`Capture`].
#[derive(Debug, Clone)]
pub struct CaptureWriter {
    capture: Capture,
    reader: usize,
}

impl io::Write for CaptureWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let at = self.capture.shared.at();
        if let Some(reader) = self.capture.shared.captured().readers.get_mut(self.reader) {
            reader.feed(at, bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for CaptureWriter {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}
