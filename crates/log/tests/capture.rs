//! What a program's own test captures of it: events, text, panics.

use quietdown_log::{Capture, Format, Language, Level, LogFindingKind, LogPolicy, Reader, Stream};
use tracing_subscriber::layer::SubscriberExt as _;

fn captured(log: impl FnOnce()) -> Capture {
    let capture = Capture::new();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(capture.layer()), log);
    capture
}

#[test]
fn a_span_without_fields_is_no_target() {
    let capture = captured(|| {
        let span = tracing::info_span!("request");
        span.in_scope(|| tracing::error!(target: "items", "add failed"));
    });
    let [record] = &capture.records()[..] else { panic!("one record: {capture:?}") };
    assert_eq!((record.target.as_deref(), record.message.as_str()), (Some("items"), "add failed"));
}

#[test]
fn fields_of_the_event_come_before_those_of_its_spans() {
    let capture = captured(|| {
        let outer = tracing::info_span!("outer", method = "POST", status = tracing::field::Empty);
        outer.record("status", 500);
        outer.in_scope(|| {
            tracing::info_span!("inner", call = 7)
                .in_scope(|| tracing::warn!(cause = %"gone", "call failed\nsecond line"));
        });
    });
    let [record] = &capture.records()[..] else { panic!("one record: {capture:?}") };
    let names: Vec<&str> = record.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["cause", "call", "method", "status"]);
    assert_eq!((record.field("method"), record.field("status")), (Some("POST"), Some("500")));
    assert_eq!((record.level, record.continuation.len()), (Some(Level::Warn), 1));
}

#[test]
fn text_of_a_subscriber_is_read_in_its_format() {
    let capture = Capture::new();
    let writer = capture.writer(&Format::Tracing).expect("a format");
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).finish();
    tracing::subscriber::with_default(subscriber, || tracing::warn!(target: "shop::items", id = 3, "sold out"));
    let [record] = &capture.records()[..] else { panic!("one record: {capture:?}") };
    assert_eq!((record.target.as_deref(), record.field("id")), (Some("shop::items"), Some("3")));
}

#[test]
fn text_that_is_ambiguous_can_be_told_the_known_targets() {
    let line = b"ERROR request: items: add failed\n";
    for (targets, wanted) in [(vec![], "request"), (vec!["items".to_owned()], "items")] {
        let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format").with_targets(targets);
        reader.feed(0, line);
        assert_eq!(reader.records()[0].target.as_deref(), Some(wanted));
    }
}

#[test]
fn panics_that_somebody_has_caught_are_findings_whatever_level_they_are_logged_at() {
    for message in [
        "task 5 panicked with message \"boom\"",
        "worker ended: JoinError::Panic(Id(5), \"boom\", ...)",
        "Service panicked: boom",
    ] {
        let capture = captured(|| tracing::debug!("{message}"));
        let findings = capture.judge(&LogPolicy::calm());
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [LogFindingKind::Traceback], "{message}");
    }
}

#[test]
fn a_backtrace_field_of_a_panic_hook_is_a_panic() {
    let backtrace = "   0: std::panicking::begin_panic\n             at /rustc/1/library/std/src/panicking.rs:1:1\n   1: shop::pour\n             at ./src/pour.rs:7:5\n";
    let capture =
        captured(|| tracing::error!(panic.location = "src/pour.rs:7:5", panic.payload = "boom", backtrace, "panicked"));
    let [record] = &capture.records()[..] else { panic!("one record: {capture:?}") };
    let [traceback] = &record.tracebacks[..] else { panic!("one stack trace: {record:?}") };
    assert_eq!((traceback.language, traceback.frame.as_deref()), (Language::Rust, Some("src/pour.rs:7")));
}

/// The only test of this program that panics on purpose: others would capture it.
#[test]
fn a_panic_of_any_thread_is_captured_until_the_guard_is_dropped() {
    let capture = Capture::new();
    let guard = capture.panics();
    let panics = || std::thread::Builder::new().name("pourer".into()).spawn(|| panic!("boom {}", 7));
    assert!(panics().expect("a thread").join().is_err());
    drop(guard);
    assert!(panics().expect("a thread").join().is_err());
    let records = capture.records();
    let mine: Vec<_> = records.iter().filter(|record| record.thread.as_deref() == Some("pourer")).collect();
    let [record] = &mine[..] else { panic!("one panic: {records:?}") };
    let traceback = &record.tracebacks[0];
    assert_eq!((traceback.exception.as_deref(), traceback.message.as_str()), (Some("panic"), "boom 7"));
    assert!(traceback.frame.as_deref().is_some_and(|frame| frame.contains("capture.rs")), "{traceback:?}");
}
