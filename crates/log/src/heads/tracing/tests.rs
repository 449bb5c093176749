use std::io::Write;
use std::sync::{Arc, Mutex};

use super::super::Said;
use super::*;

/// What a subscriber has written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn heads(&self) -> Vec<Said> {
        let bytes = self.0.lock().expect("nobody panics with it").clone();
        let text = String::from_utf8(bytes).expect("tracing writes UTF-8");
        text.lines().map(|line| parse(line, false).unwrap_or_else(|| panic!("no head: {line:?}")).finish()).collect()
    }
}

/// Logs in every way that the readers must cope with.
fn events() {
    tracing::info!(target: "quietdown_store::server", addr = "127.0.0.1:1", call = "x y", "listening");
    tracing::warn!(target: "quietdown_store::client", cause = %"broken: pipe a=b", n = 5, "went \"away\"");
    tracing::error!(target: "app", body = ?Some("a b=c\n\"d\""), empty = "");
    tracing::debug!(target: "app", "the url: http://x/y?a=b is gone");
    let outer = tracing::info_span!("outer", id = 1, name = "a: } b");
    let _outer = outer.enter();
    let inner = tracing::info_span!("inner", id = 2);
    let _inner = inner.enter();
    tracing::trace!(target: "quietdown::x", id = 3, other = true, "in spans: yes");
    let bare = tracing::info_span!("bare");
    let _bare = bare.enter();
    tracing::info!(target: "app", "in a bare span");
}

fn check(heads: &[Said], thread: Option<&str>) {
    let fields = |head: &Said| -> Vec<(String, String)> { head.fields.clone() };
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let [listening, away, no_message, url, spans, bare] = heads else { panic!("not six: {heads:#?}") };
    for head in heads {
        assert_eq!(head.thread.as_deref(), thread, "{head:?}");
    }
    assert_eq!((listening.level, listening.message.as_str()), (Some(Level::Info), "listening"));
    assert_eq!(listening.target.as_deref(), Some("quietdown_store::server"));
    assert_eq!(fields(listening), [field("addr", "127.0.0.1:1"), field("call", "x y")]);
    assert_eq!((away.level, away.message.as_str()), (Some(Level::Warn), "went \"away\""));
    // A value without quotes ends where the next key begins, whoever wrote it.
    assert_eq!(fields(away), [field("cause", "broken: pipe"), field("a", "b"), field("n", "5")]);
    assert_eq!((no_message.level, no_message.message.as_str()), (Some(Level::Error), ""));
    assert_eq!(fields(no_message), [field("body", "Some(\"a b=c\\n\\\"d\\\"\")"), field("empty", "")]);
    assert_eq!((url.level, url.message.as_str()), (Some(Level::Debug), "the url: http://x/y?a=b is gone"));
    assert_eq!((spans.level, spans.message.as_str()), (Some(Level::Trace), "in spans: yes"));
    assert_eq!(spans.target.as_deref(), Some("quietdown::x"));
    let own_then_spans = [("id", "3"), ("other", "true"), ("id", "2"), ("id", "1"), ("name", "a: } b")];
    assert_eq!(fields(spans), own_then_spans.map(|(name, value)| field(name, value)));
    assert_eq!(spans.own, 2);
    assert_eq!((bare.target.as_deref(), bare.message.as_str()), (Some("app"), "in a bare span"));
}

fn subscriber() -> (tracing_subscriber::fmt::SubscriberBuilder, Written) {
    (tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false), Written::default())
}

#[test]
fn what_tracing_subscriber_writes_is_read_back() {
    let (builder, written) = subscriber();
    let writer = written.clone();
    tracing::subscriber::with_default(builder.with_writer(move || writer.clone()).finish(), events);
    check(&written.heads(), None);
}

#[test]
fn without_a_time() {
    let (builder, written) = subscriber();
    let writer = written.clone();
    tracing::subscriber::with_default(builder.without_time().with_writer(move || writer.clone()).finish(), events);
    check(&written.heads(), None);
}

#[test]
fn with_an_uptime() {
    let (builder, written) = subscriber();
    let writer = written.clone();
    let builder = builder.with_timer(tracing_subscriber::fmt::time::uptime());
    tracing::subscriber::with_default(builder.with_writer(move || writer.clone()).finish(), events);
    check(&written.heads(), None);
}

#[test]
fn with_thread_names_and_ids() {
    for name in ["runner-1", "a worker", "a-thread-with-quite-a-long-name-so-that-others-are-padded", "x"] {
        let (builder, written) = subscriber();
        let writer = written.clone();
        let builder = builder.with_thread_names(true).with_thread_ids(true).with_writer(move || writer.clone());
        let log = move || tracing::subscriber::with_default(builder.finish(), events);
        std::thread::Builder::new().name(name.into()).spawn(log).expect("a thread").join().expect("no panic");
        check(&written.heads(), Some(name));
    }
}

#[test]
fn a_thread_without_a_name_has_its_id() {
    let (builder, written) = subscriber();
    let writer = written.clone();
    let builder = builder.with_thread_names(true).with_writer(move || writer.clone());
    std::thread::spawn(move || tracing::subscriber::with_default(builder.finish(), events)).join().expect("no panic");
    let thread = written.heads()[0].thread.clone().expect("an id");
    assert!(thread.starts_with("ThreadId("), "{thread}");
}

#[test]
fn spans_without_fields_are_told_from_targets_by_paths() {
    for (line, target, message) in [
        (" INFO request: hyper::proto: connected", "hyper::proto", "connected"),
        (" INFO hyper::proto: request: connected", "hyper::proto", "request: connected"),
        (" INFO a:b: app: hello", "app", "hello"),
        (" INFO a{x=1}: app: hello", "app", "hello"),
        (" INFO app: hello: you", "app", "hello: you"),
        (" INFO app:", "app", ""),
        (" INFO a{x=1}: hello", "", "hello"),
    ] {
        let head = parse(line, false).unwrap_or_else(|| panic!("no head: {line}")).finish();
        assert_eq!((head.target.as_deref().unwrap_or_default(), head.message.as_str()), (target, message), "{line}");
    }
}

#[test]
fn other_lines_are_no_heads() {
    for line in [
        "",
        " INFO",
        "INFO x: hello",
        "ERRORS x: hello",
        "   ERROR x: hello",
        "12 monkeys ERROR x: hello",
        "thread 'main' panicked at src/a.rs:1:2:",
        "   0: std::panicking",
        "2026-11-25T03:11:22Z hello",
    ] {
        assert!(parse(line, false).is_none(), "{line}");
    }
}

#[test]
fn colours_are_taken_off_by_the_reader_before() {
    let line = b"\x1b[2m2026-11-25T03:11:22.1Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1ms\x1b[0m\x1b[1m{\x1b[0m\x1b[3ma\x1b[0m\x1b[2m=\x1b[0m1\x1b[1m}\x1b[0m\x1b[2m:\x1b[0m \x1b[2mapp\x1b[0m\x1b[2m:\x1b[0m hi \x1b[3mn\x1b[0m\x1b[2m=\x1b[0m1";
    let head = parse(&crate::text::clean(line), false).expect("a head").finish();
    assert_eq!((head.target.as_deref(), head.message.as_str()), (Some("app"), "hi"));
    assert_eq!(head.fields, [("n".to_owned(), "1".to_owned()), ("a".to_owned(), "1".to_owned())]);
}

#[test]
fn hostile_lines_take_linear_time() {
    for part in ["{", "a{", "a: ", ":", "a ", "\\\"{"] {
        let line = format!(" INFO {}", part.repeat((1 << 18) / part.len()));
        assert!(parse(&line, false).is_some());
    }
}
