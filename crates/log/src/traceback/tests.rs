use super::*;
use crate::{Format, Reader, Record, Stream};

fn read(format: &Format, text: &str) -> Vec<Record> {
    let mut reader = Reader::new(format, Stream::Stderr).expect("a format");
    reader.feed(0, text.as_bytes());
    reader.finish(0);
    reader.into_records()
}

/// The tracebacks of a raw stream: all of them, in order.
fn tracebacks(text: &str) -> Vec<Traceback> {
    read(&Format::Raw, text).into_iter().flat_map(|record| record.tracebacks).collect()
}

/// The one traceback, which is all of the text.
#[track_caller]
fn one(text: &str, language: Language, exception: &str, message: &str, frame: &str) {
    let found = tracebacks(text);
    let [traceback] = found.as_slice() else { panic!("not one in:\n{text}\n{found:#?}") };
    let said = (
        traceback.language,
        traceback.exception.as_deref().unwrap_or_default(),
        traceback.message.as_str(),
        traceback.frame.as_deref().unwrap_or_default(),
    );
    assert_eq!(said, (language, exception, message, frame), "{text}");
    assert_eq!(traceback.lines.join("\n"), text.trim_end_matches('\n'), "all lines");
}

const KEY_ERROR: &str = r#"Traceback (most recent call last):
  File "/srv/t.py", line 29, in <module>
    try: g()
         ^^^
  File "/srv/t.py", line 2, in f
    def f(x): raise KeyError(x)
              ^^^^^^^^^^^^^^^^^
KeyError: 'k'"#;

const CAUSE: &str = "\n\nThe above exception was the direct cause of the following exception:\n\n";
const DURING: &str = "\n\nDuring handling of the above exception, another exception occurred:\n\n";

const LATER: &str = r#"Traceback (most recent call last):
  File "/srv/t.py", line 7, in chain
    raise RuntimeError("second\n  with detail") from e
a.b.RuntimeError: second
  with detail"#;

const GROUP: &str = r#"  + Exception Group Traceback (most recent call last):
  |   File "/srv/t.py", line 12, in group
  |     raise ExceptionGroup("eg", [ValueError("one"), ExceptionGroup("inner", [TypeError("two")])])
  | ExceptionGroup: eg (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/t.py", line 13, in group
    |     raise
    | ValueError: one
    +---------------- 2 ----------------
    | ExceptionGroup: inner (1 sub-exception)
    +-+---------------- 1 ----------------
      | TypeError: two
      +------------------------------------"#;

const PANIC: &str = "thread 'main' panicked at src/a.rs:1:2:\nboom";
const NOTE: &str = "\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
const FRAMES: &str = r"
stack backtrace:
   0: rust_begin_unwind
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
   2: app::main
             at ./src/main.rs:4:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.";

#[test]
fn python_tracebacks_are_found_whole() {
    let python = Language::Python;
    one(KEY_ERROR, python, "KeyError", "'k'", "/srv/t.py:2");
    one(LATER, python, "a.b.RuntimeError", "second\n  with detail", "/srv/t.py:7");
    one(&[KEY_ERROR, CAUSE, LATER].concat(), python, "a.b.RuntimeError", "second\n  with detail", "/srv/t.py:7");
    one(&[LATER, DURING, KEY_ERROR].concat(), python, "KeyError", "'k'", "/srv/t.py:2");
    one(GROUP, python, "ValueError", "one", "/srv/t.py:13");
    one(&[KEY_ERROR, CAUSE, GROUP].concat(), python, "ValueError", "one", "/srv/t.py:13");
    one(&[GROUP, CAUSE, KEY_ERROR].concat(), python, "KeyError", "'k'", "/srv/t.py:2");
    let recursion = "Traceback (most recent call last):\n  File \"t.py\", line 20, in rec\n    def rec(n): return rec(n+1)\n  \
                     [Previous line repeated 995 more times]\nRecursionError: maximum recursion depth exceeded";
    one(recursion, python, "RecursionError", "maximum recursion depth exceeded", "t.py:20");
    let interrupt = "Traceback (most recent call last):\n  File \"t.py\", line 1, in f\nKeyboardInterrupt";
    one(interrupt, python, "KeyboardInterrupt", "", "t.py:1");
    let local = "Traceback (most recent call last):\n  File \"t.py\", line 1, in f\nm.f.<locals>.L: lo";
    one(local, python, "m.f.<locals>.L", "lo", "t.py:1");
    let indented = "    Traceback (most recent call last):\n      File \"t.py\", line 1, in f\n    E: x";
    one(indented, python, "E", "x", "t.py:1");
}

#[test]
fn python_says_where_a_syntax_error_is_with_and_without_heading() {
    let place = "  File \"s.py\", line 1\n    x = (\n        ^\nSyntaxError: '(' was never closed";
    one(place, Language::Python, "SyntaxError", "'(' was never closed", "s.py:1");
    let inside = "Traceback (most recent call last):\n  File \"t.py\", line 19, in syn\n    eval(\"1 +* 2\")\n  \
                  File \"<string>\", line 1\n    1 +* 2\n       ^\nSyntaxError: invalid syntax";
    one(inside, Language::Python, "SyntaxError", "invalid syntax", "<string>:1");
}

#[test]
fn rust_panics_are_found_whole() {
    let rust = Language::Rust;
    one(PANIC, rust, "panic", "boom", "src/a.rs:1");
    one(&[PANIC, NOTE].concat(), rust, "panic", "boom", "src/a.rs:1");
    one(&[PANIC, FRAMES].concat(), rust, "panic", "boom", "src/a.rs:1");
    one(&PANIC.replace("'main'", "'main' (12345)"), rust, "panic", "boom", "src/a.rs:1");
    one(&PANIC.replace("main", "<unnamed>"), rust, "panic", "boom", "src/a.rs:1");
    one(&PANIC.replace("main", "it's a: name"), rust, "panic", "boom", "src/a.rs:1");
    one(&PANIC.replace("src/a.rs", "/with space/a.rs"), rust, "panic", "boom", "/with space/a.rs:1");
    one(&PANIC.replace("src/a.rs", r"C:\src\a.rs"), rust, "panic", "boom", r"C:\src\a.rs:1");
    one("panicked at src/a.rs:1:2:\nboom", rust, "panic", "boom", "src/a.rs:1");
    one("thread 'main' panicked at src/a.rs:1:2: boom", rust, "panic", "boom", "src/a.rs:1");
    one("thread 'main' panicked at 'boom', src/a.rs:1:2", rust, "panic", "boom", "src/a.rs:1");
    one(&["thread 'main' panicked at 'boom', src/a.rs:1:2", NOTE].concat(), rust, "panic", "boom", "src/a.rs:1");
    one("thread 'main' panicked at 'boom': src/a.rs:1", rust, "panic", "boom", "src/a.rs:1");
    let assertion = "thread 'x' panicked at src/a.rs:1:2:\nassertion `left == right` failed\n  left: 1\n right: 2";
    one(assertion, rust, "panic", "assertion `left == right` failed\n  left: 1\n right: 2", "src/a.rs:1");
    let anyhow = "thread 'x' panicked at src/a.rs:1:2:\ncalled `Result::unwrap()` on an `Err` value: a\n\nCaused by:\n    b\n\n\
                  Stack backtrace:\n   0: app::f\n             at ./src/f.rs:3:4";
    let said = "called `Result::unwrap()` on an `Err` value: a\nCaused by:\n    b";
    one(anyhow, rust, "panic", said, "src/a.rs:1");
    one("thread 'x' panicked at src/a.rs:1:2:\n", rust, "panic", "", "src/a.rs:1");
    one(
        "Stack backtrace:\n   0: anyhow::x\n   1: app::f\n             at ./src/f.rs:3:4",
        rust,
        "",
        "",
        "./src/f.rs:3",
    );
    one("Stack backtrace:\n   0: app::f\n   1: app::g", rust, "", "", "app::f");
    one("   0: app::f\n             at ./src/f.rs:3:4\n   1: app::g", rust, "", "", "./src/f.rs:3");
    one(
        "thread 'main' has overflowed its stack\nfatal runtime error: stack overflow, aborting",
        rust,
        "stack overflow",
        "thread 'main' has overflowed its stack",
        "",
    );
}

#[test]
fn aborts_are_found() {
    let native = Language::Native;
    one(
        "terminate called after throwing an instance of 'std::runtime_error'\n  what():  boom",
        native,
        "std::runtime_error",
        "boom",
        "",
    );
    for (line, exception) in [
        ("terminate called without an active exception", "terminate"),
        ("free(): double free detected in tcache 2", "abort"),
        ("malloc(): corrupted top size", "abort"),
        ("*** stack smashing detected ***: terminated", "abort"),
        ("Segmentation fault (core dumped)", "segmentation fault"),
    ] {
        one(line, native, exception, line, "");
    }
    one("b: b.c:3: main: Assertion `c==1' failed.", native, "assertion", "Assertion `c==1' failed.", "b.c:3");
    one(
        "==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x60 at pc 0x55",
        native,
        "AddressSanitizer: heap-use-after-free",
        "heap-use-after-free on address 0x60 at pc 0x55",
        "",
    );
    one("memory allocation of 99 bytes failed", Language::Rust, "abort", "memory allocation of 99 bytes failed", "");
    let fatal = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f035daa6b80 (most recent call first):\n  \
                 File \"x.py\", line 1 in <module>";
    one(fatal, Language::Python, "Fatal Python error", "Segmentation fault", "x.py:1");
}

#[test]
fn tracebacks_inside_of_lines_are_found_however_often_they_are_escaped() {
    let both = [KEY_ERROR, "\nand\n", PANIC, NOTE].concat();
    let mut text = both.clone();
    for layers in 1..=4 {
        text = serde_json::json!({ "status": 500, "detail": text, "more": "x" }).to_string();
        for line in [
            text.clone(),
            format!(" WARN app: rejected body={text} n=1"),
            format!(" WARN app: rejected body={text:?} n=1"),
        ] {
            let records = read(&Format::Tracing, &line);
            let [record] = records.as_slice() else { panic!("not one record: {records:#?}") };
            let [python, rust] = record.tracebacks.as_slice() else {
                panic!("{layers} layers: {:#?}", record.tracebacks)
            };
            assert_eq!((python.exception.as_deref(), python.message.as_str()), (Some("KeyError"), "'k'"));
            assert_eq!(python.lines.join("\n"), KEY_ERROR);
            assert_eq!((rust.exception.as_deref(), rust.message.as_str()), (Some("panic"), "boom"));
        }
    }
    // As Python's repr writes it.
    let line = format!("got b'{}'", KEY_ERROR.replace('\'', "\\'").replace('\n', "\\n"));
    let found = tracebacks(&line);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].lines.join("\n").as_str(), found[0].message.as_str()), (KEY_ERROR, "'k'"));
    let line = serde_json::json!({ "body": line }).to_string();
    assert_eq!(tracebacks(&line)[0].lines.join("\n"), KEY_ERROR);
}

#[test]
fn several_tracebacks_in_one_line_are_all_found() {
    let line =
        format!("a={KEY_ERROR:?} b={PANIC:?} c={:?} d={LATER:?}", format!("x\n\nStack backtrace:\n   0: app::f"));
    let found = tracebacks(&line);
    let names: Vec<_> = found.iter().map(|traceback| traceback.exception.as_deref().unwrap_or("-")).collect();
    assert_eq!(names, ["KeyError", "panic", "-", "a.b.RuntimeError"], "{found:#?}");
    let flattened = "x Traceback (most recent call last):   File \"a.py\", line 1, in f   E: y";
    assert_eq!(tracebacks(flattened).len(), 1);
}

#[test]
fn a_line_beyond_what_is_kept_of_it_is_still_looked_at() {
    let line = format!(" INFO app: {} body={KEY_ERROR:?}", "x".repeat(100_000));
    let records = read(&Format::Tracing, &line);
    assert_eq!(records[0].tracebacks.len(), 1);
    assert!(records[0].dropped > 80_000);
}

#[test]
fn mentions_are_none() {
    for text in [
        "no traceback here",
        "Traceback",
        "the Traceback (most recent call last): line was seen",
        "see \"Traceback (most recent call last):\" in the docs",
        "Traceback (most recent call last): was what it said",
        "the worker panicked at startup",
        "panicked at the disco",
        "panicked at src/a.rs:10:5 yesterday",
        "it panicked at src/a.rs:10:5: that is, yesterday",
        "thread 'main' panicked at some point",
        "the thread panicked at 10:30:00 in the morning",
        "task 12 panicked with a message",
        "a task panicked with message \"boom\"",
        "JoinError::Panic(id)",
        "stack backtrace: none",
        "the stack backtrace:",
        "body=\"stack backtrace:\\nnone\"",
        "Caused by:\n    0: a\n    1: b",
        "steps:\n   0: begin\n   1: end\n at the end: 5",
        "File \"a.py\", line 3",
        "ValueError: boom",
        "During handling of the above exception, another exception occurred:",
        "note: run with `RUST_BACKTRACE=1`",
        "terminate called by the user",
        "free() is called",
        "memory allocation of buffers is slow",
        "*** done ***",
        "  | a table | row |",
        "+ added",
        "{\"message\":\"a traceback\\nTraceback\\n\"}",
    ] {
        for text in [text.to_owned(), format!(" INFO app: {text}"), format!("2026-11-25 03:11:22,123 INFO app: {text}")]
        {
            for format in [Format::Raw, Format::Tracing, Format::Python] {
                let found: Vec<_> = read(&format, &text).into_iter().flat_map(|record| record.tracebacks).collect();
                assert!(found.is_empty(), "{text}\n{found:#?}");
            }
        }
    }
}

#[test]
fn what_follows_a_traceback_is_none_of_it() {
    let text =
        [KEY_ERROR, "\nplain\n", PANIC, NOTE, "\nplain\n", PANIC, "\nplain\n", PANIC, FRAMES, "\nplain"].concat();
    let records = read(&Format::Raw, &text);
    let shape: Vec<_> = records.iter().map(|record| (record.tracebacks.len(), record.message == "plain")).collect();
    let (traceback, plain) = ((1, false), (0, true));
    assert_eq!(shape, [traceback, plain, traceback, plain, traceback, plain, traceback, plain], "{records:#?}");
}
