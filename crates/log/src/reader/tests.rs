use super::*;
use crate::bounds::{FIELDS, LINE, LINE_SEEN, READER, RECORD_LINES, RESERVE, TRACEBACK_LINES, TRACEBACKS};
use crate::{Language, Level};

fn read(format: &Format, text: impl AsRef<[u8]>) -> Vec<Record> {
    let mut reader = Reader::new(format, Stream::Stderr).expect("a format");
    reader.feed(7, text.as_ref());
    reader.finish(8);
    assert_eq!(reader.dropped(), 0);
    reader.into_records()
}

/// Level, message, continuation and tracebacks of the records, for comparing.
fn shape(records: &[Record]) -> Vec<(Option<Level>, &str, usize, usize)> {
    records
        .iter()
        .map(|record| (record.level, record.message.as_str(), record.continuation.len(), record.tracebacks.len()))
        .collect()
}

const TRACEBACK: &str = "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    x\nE: boom\n";

#[test]
fn a_record_is_there_as_soon_as_its_first_line_is() {
    let mut reader = Reader::new(&Format::Tracing, Stream::Stdout).expect("a format");
    reader.feed(1, b" INFO app: he");
    assert!(reader.records().is_empty());
    reader.feed(2, b"llo\n  and");
    assert_eq!((reader.records()[0].at, reader.records()[0].message.as_str()), (2, "hello"));
    assert!(reader.records()[0].continuation.is_empty());
    reader.feed(3, b" more\n");
    assert_eq!(
        (reader.records()[0].at, reader.records()[0].continuation.as_slice()),
        (2, &["  and more".to_owned()][..])
    );
    reader.feed(4, b"ERROR app: the end");
    reader.finish(5);
    let records = reader.into_records();
    assert_eq!((records[1].at, records[1].stream, records[1].level), (5, Stream::Stdout, Some(Level::Error)));
}

#[test]
fn carriage_returns_colours_and_broken_characters_do_no_harm() {
    let records = read(&Format::Tracing, b"\x1b[32m INFO\x1b[0m app: a\xff\0 n=1\r\n WARN app: b\r\n");
    assert_eq!(shape(&records), [(Some(Level::Info), "a\u{fffd}\u{fffd}", 0, 0), (Some(Level::Warn), "b", 0, 0)]);
    assert_eq!(records[0].field("n"), Some("1"));
}

#[test]
fn what_is_escaped_in_a_value_does_no_harm_either() {
    let records = read(&Format::Json, r#"{"level":"info","msg":"a\u001b[31mb\u0000","x":"\u001b]0;t\u0007y"}"#);
    assert_eq!((records[0].message.as_str(), records[0].field("x")), ("ab\u{fffd}", Some("y")));
    let records = read(&Format::Tracing, " INFO app: hi x=\"\\u{1b}[0mred\"\nand y=\"\\u{1b}[2mdim\"\n");
    assert_eq!((records[0].field("x"), records[0].field("y")), (Some("red"), Some("dim")));
    let records = read(&Format::Raw, r#"{"stack":"E\u001b[31mrror: x\n    at f (/x.js:1:2)"}"#);
    assert_eq!(records[0].tracebacks[0].exception.as_deref(), Some("Error"));
}

#[test]
fn indented_lines_continue_the_record_before_and_others_are_outside_any() {
    let records = read(&Format::Tracing, "first\n INFO app: a\n  more\n\n\teven more\n");
    assert_eq!(shape(&records), [(None, "first", 0, 0), (Some(Level::Info), "a", 3, 0)]);
    assert_eq!(records.iter().map(|record| record.outside).collect::<Vec<_>>(), [true, false]);
    let records = read(&Format::Tracing, " INFO app: a\nfatal: disk is full\n  at once\n\nand more\n INFO app: b\n");
    assert_eq!(
        shape(&records),
        [
            (Some(Level::Info), "a", 0, 0),
            (None, "fatal: disk is full", 1, 0),
            (None, "and more", 0, 0),
            (Some(Level::Info), "b", 0, 0)
        ]
    );
    // Empty lines at the end belong to nothing.
    let records = read(&Format::Tracing, "\n INFO app: a\n\n  more\n\n\n INFO app: b\n\n");
    assert_eq!(shape(&records), [(Some(Level::Info), "a", 2, 0), (Some(Level::Info), "b", 0, 0)]);
    let records = read(&Format::Raw, "a\n\n INFO app: b\n");
    assert_eq!(shape(&records), [(None, "a", 0, 0), (None, "", 0, 0), (None, " INFO app: b", 0, 0)]);
}

#[test]
fn a_declared_continuation_belongs_to_the_record_before() {
    let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
    reader.continued_by("^[|}]").expect("an expression");
    reader.feed(1, b" INFO app: a\n| b\n}\nc\n| d\n");
    assert_eq!(shape(reader.records()), [(Some(Level::Info), "a", 2, 0), (None, "c", 1, 0)]);
    assert!(reader.continued_by("(").is_err());
}

#[test]
fn text_that_a_stack_trace_shows_to_belong_to_a_record_is_part_of_it() {
    let java = "\tat a.B.c(B.java:12)\n";
    for (format, text, wanted) in [
        // An error that says something on several lines, with its traceback.
        (
            Format::Python,
            ["ERROR:app:failed\nfor two reasons\n", TRACEBACK].concat(),
            vec![(Some(Level::Error), "failed", 1, 1)],
        ),
        // The heading of a stack trace is known by its frames only.
        (
            Format::Tracing,
            [" INFO app: a\nfatal: disk is full\na.BException: boom\nin two lines\n", java].concat(),
            vec![
                (Some(Level::Info), "a", 0, 0),
                (None, "fatal: disk is full", 0, 0),
                (None, "a.BException: boom", 0, 1),
            ],
        ),
        (
            Format::Tracing,
            ["ERROR app: a\na.BException: boom\nin two lines\n", java].concat(),
            vec![(Some(Level::Error), "a", 0, 1)],
        ),
    ] {
        assert_eq!(shape(&read(&format, text)), wanted);
    }
}

#[test]
fn fields_after_a_message_of_several_lines_are_found() {
    let records = read(&Format::Tracing, " WARN s{call=\"old\"}: app: a\n  b x=1, y\nc call=\"poll 1\" n=2\n");
    assert_eq!((records[0].field("call"), records[0].field("n")), (Some("poll 1"), Some("2")));
    assert_eq!(
        (records[0].continuation.as_slice(), records[1].message.as_str()),
        (&["  b x=1, y".to_owned()][..], "c call=\"poll 1\" n=2")
    );
    assert_eq!(
        (records[1].outside, records[1].field("call")),
        (true, Some("poll 1")),
        "it says itself which call it is about"
    );
    let text = [" WARN app: rejected: ", TRACEBACK.trim_end(), " call=\"poll\" n=2\n"].concat();
    let records = read(&Format::Tracing, text);
    assert_eq!(records.len(), 1, "{records:#?}");
    assert_eq!((records[0].field("call"), records[0].tracebacks[0].message.as_str()), (Some("poll"), "boom"));
}

#[test]
fn a_panic_between_records_is_a_record_of_its_own() {
    let text = " INFO app: a\n\nthread 'x' panicked at src/a.rs:1:2:\nboom\nnote: run with `RUST_BACKTRACE=1`\nstray\n INFO app: b\n";
    let records = read(&Format::Tracing, text);
    let panicked = "thread 'x' panicked at src/a.rs:1:2:";
    assert_eq!(
        shape(&records),
        [(Some(Level::Info), "a", 0, 0), (None, panicked, 0, 1), (None, "stray", 0, 0), (Some(Level::Info), "b", 0, 0)]
    );
    assert_eq!(records[1].tracebacks[0].lines.len(), 3);
}

#[test]
fn a_record_ends_a_traceback() {
    let records = read(&Format::Tracing, "thread 'x' panicked at src/a.rs:1:2:\n INFO app: a\nboom\n");
    assert_eq!(records.len(), 3);
    assert_eq!((records[0].tracebacks[0].message.as_str(), records[2].message.as_str()), ("", "boom"));
}

#[test]
fn what_an_error_says_with_its_backtrace_stays_in_its_record() {
    let text = "ERROR app: failed: a\n\nCaused by:\n    0: b\n    1: c\n\nStack backtrace:\n   0: app::f\n             at ./src/f.rs:1:2\n INFO app: b\n";
    let records = read(&Format::Tracing, text);
    // The chain of causes is part of the traceback.
    assert_eq!(shape(&records), [(Some(Level::Error), "failed: a", 0, 1), (Some(Level::Info), "b", 0, 0)]);
    let traceback = &records[0].tracebacks[0];
    assert_eq!((traceback.cause.as_deref(), traceback.frame.as_deref()), (Some("c"), Some("./src/f.rs:1")));
    let without_chain = "ERROR app: failed: a\n   0: app::f\n             at ./src/f.rs:1:2\n INFO app: b\n";
    let records = read(&Format::Tracing, without_chain);
    assert_eq!(shape(&records), [(Some(Level::Error), "failed: a", 0, 1), (Some(Level::Info), "b", 0, 0)]);
    assert_eq!(records[0].tracebacks[0].lines.len(), 2);
}

#[test]
fn a_python_traceback_belongs_to_the_head_that_it_follows() {
    let text = ["ERROR:app:failed\n", TRACEBACK, "INFO:app:a\nstray\n", TRACEBACK, "INFO:app:b\n"].concat();
    let records = read(&Format::Python, text);
    let heading = "Traceback (most recent call last):";
    assert_eq!(
        shape(&records),
        [
            (Some(Level::Error), "failed", 0, 1),
            (Some(Level::Info), "a", 0, 0),
            (None, "stray", 0, 0),
            (None, heading, 0, 1),
            (Some(Level::Info), "b", 0, 0),
        ]
    );
    assert_eq!(records[0].tracebacks[0].language, Language::Python);
    // In other formats it never does.
    let records = read(&Format::Tracing, [" INFO app: a\n", TRACEBACK].concat());
    assert_eq!(shape(&records), [(Some(Level::Info), "a", 0, 0), (None, heading, 0, 1)]);
}

#[test]
fn a_chain_goes_on_after_what_could_not_be_told_to_belong_to_it() {
    let during = "\nDuring handling of the above exception, another exception occurred:\n\n";
    let text = [TRACEBACK, "more of the message\n", during, TRACEBACK.replace("E:", "F:").as_str()].concat();
    let records = read(&Format::Python, text);
    assert_eq!(records.len(), 1, "{records:#?}");
    let [traceback] = records[0].tracebacks.as_slice() else { panic!("{records:#?}") };
    assert_eq!(traceback.exception.as_deref(), Some("F"));
}

#[test]
fn long_lines_are_cut_and_counted() {
    for length in [LINE, LINE + 1, LINE_SEEN, LINE_SEEN + 1, 3 << 20] {
        for newline in ["", "\n"] {
            let records = read(&Format::Raw, format!("{}{newline}", "ä".repeat(length.div_ceil(2))));
            let whole = 2 * length.div_ceil(2);
            assert_eq!(records.len(), 1);
            assert_eq!((records[0].message.len(), records[0].dropped), (LINE, (whole - LINE) as u64));
        }
    }
}

#[test]
fn long_records_are_cut_and_counted() {
    let records = read(&Format::Tracing, format!(" INFO app: a\n{}", " x\n".repeat(10_000)));
    assert_eq!(records[0].continuation.len(), RECORD_LINES - 1);
    assert_eq!(records[0].dropped, 3 * (10_001 - RECORD_LINES as u64));
    let records = read(&Format::Tracing, format!(" INFO app: a\n{}", format!(" {}\n", "x".repeat(999)).repeat(100)));
    assert!(records[0].continuation.len() < 66, "{}", records[0].continuation.len());
    assert_eq!(records[0].continuation.len() as u64 * 1001 + records[0].dropped, 100_100);
    let records = read(&Format::Python, [TRACEBACK, &"  \n".repeat(10_000), "  x\n"].concat());
    assert_eq!(records[0].tracebacks[0].lines.len(), TRACEBACK_LINES);
    let records = read(&Format::Tracing, format!(" INFO app: a{}", " b=1".repeat(1000)));
    assert_eq!(records[0].fields.len(), FIELDS);
    let records = read(&Format::Raw, "panicked at a.rs:1:2:\\n\" ".repeat(5000));
    assert_eq!(records[0].tracebacks.len(), TRACEBACKS);
}

#[test]
fn when_the_log_is_too_long_failures_are_still_noticed() {
    let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
    let line = format!(" INFO app: {}\n", "x".repeat(16_000));
    for _ in 0..(READER / line.len() + 2) {
        reader.feed(0, line.as_bytes());
    }
    let kept = reader.records().len();
    let dropped = reader.dropped();
    assert!(dropped > 0);
    reader.feed(0, b" INFO app: lost\n its continuation\nthread 'x' panicked at src/a.rs:1:2:\nboom\n");
    reader.feed(
        0,
        b" WARN app: kept\n its continuation\n INFO app: body=\"panicked at a.rs:1:2:\\nb\"\n INFO app: lost\n",
    );
    assert_eq!(
        shape(&reader.records()[kept..]),
        [
            (None, "thread 'x' panicked at src/a.rs:1:2:", 0, 1),
            (Some(Level::Warn), "kept", 1, 0),
            (Some(Level::Info), "", 0, 1),
        ]
    );
    assert_eq!(reader.dropped() - dropped, 2 * " INFO app: lost\n".len() as u64 + " its continuation\n".len() as u64);
    let line = line.replace(" INFO", "ERROR");
    for _ in 0..(RESERVE / line.len() + 2) {
        reader.feed(0, line.as_bytes());
    }
    assert!(reader.records().len() - kept < 3 + RESERVE / line.len() + 1);
}

/// Lines of all the shapes that mean something, whole and broken.
const SHAPES: [&str; 88] = [
    " INFO app: hello call=\"a b\" n=1",
    "2026-11-25T03:11:22.123456Z ERROR main s{a=1 b=\"}\"}: a::b: x body=\"l1\\nl2\" c=d",
    "2026-11-25 03:11:22,123 WARNING app: hello",
    "ERROR:root:boom",
    "Traceback (most recent call last):",
    "  File \"a.py\", line 3, in f",
    "    raise x",
    "E: boom",
    "KeyboardInterrupt",
    "  | E: boom (1 sub-exception)",
    "  + Exception Group Traceback (most recent call last):",
    "  +-+---------------- 1 ----------------",
    "    +------------------------------------",
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
    "thread 'x' panicked at src/a.rs:1:2:",
    "thread 'x' (12) panicked at 'boom', src/a.rs:1:2",
    "note: run with `RUST_BACKTRACE=1`",
    "stack backtrace:",
    "Stack backtrace:",
    "   0: app::f",
    "             at ./src/f.rs:1:2",
    "Caused by:",
    " WARN app: rejected body=\"{\\\"d\\\":\\\"Traceback (most recent call last):\\\\n  File \\\\\\\"a.py\\\\\\\", line 3, in f\\\\nE: x\\\"}\"",
    "{\"a\":\"panicked at a.rs:1:2:\\nboom\\nstack backtrace:\\n   0: f\"}",
    "terminate called after throwing an instance of 'X'",
    "  what():  boom",
    "Fatal Python error: Aborted",
    "free(): invalid pointer",
    "  File \"s.py\", line 1",
    "\x1b[31mERROR\x1b[0m app: \x1b[3mx\x1b[0m\x1b[2m=\x1b[0m1",
    "ä ö \u{1f980} = \"",
    "a=\"\\",
    "\x1b]0;",
    "\r",
    "",
    " ",
    "\0",
    "x: Traceback (most recent call last):",
    "x call=\"multi line\" n=2",
    "Exception in thread \"main\" a.B$C: boom",
    "java.lang.IllegalStateException: boom",
    "\tat a.B.c(B.java:12) ~[x.jar:1]",
    "\tat java.base/a.B.c(Native Method)",
    "\t... 3 more",
    "Caused by: a.Error: why",
    "\tSuppressed: a.Error: why",
    "TypeError: boom",
    "    at f (/x.js:1:2)",
    "    at /x.js:1:2 {",
    "  code: 'E',",
    "}",
    "Node.js v20.20.2",
    "(Use `node --trace-uncaught ...` to show where the exception was thrown)",
    "  ^",
    "/x.js:3",
    "Unhandled exception. A.B: boom",
    " ---> A.CException: why",
    "   at A.B.M(String text) in /x/b.cs:line 12",
    "   --- End of inner exception stack trace ---",
    "panic: boom",
    "fatal error: all goroutines are asleep - deadlock!",
    "goroutine 1 [running]:",
    "main.f(...)",
    "\t/x.go:12 +0x1d",
    "panic({0x1, 0x2})",
    "WARNING: DATA RACE",
    "==================",
    "exit status 2",
    "a.rb:7:in `f': boom (A::B)",
    "\tfrom a.rb:8:in `<main>'",
    "\t1: from a.rb:8:in `<main>'",
    "a.rb:7:in `f'",
    "PHP Fatal error:  Uncaught X: boom in /x.php:3",
    "Stack trace:",
    "#0 /x.php(7): f()",
    "Next YException: later in /x.php:9",
    "  thrown in /x.php on line 9",
    "==12==ERROR: AddressSanitizer: SEGV on 0x0",
    "    #0 0x55 in main /x.c:20",
    "SUMMARY: AddressSanitizer: SEGV",
    "x.c:41:22: runtime error: overflow",
    "Error: failed",
    "    0: why",
    "Location:",
    "{\"level\":\"error\",\"stack\":\"E: x\\n    at f (/x.js:1:2)\",\"t\":\"a.BException: y\\n\\tat a.B.c(B.java:1)\\nCaused by: z\"}",
    "22:00:00.123 [main] ERROR a.B - boom",
    "I1125 22:00:00.123456 1 x.go:3] hi",
];

/// Bytes that look like a log here and there.
fn log(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.usize(..60) {
        let shape = random.choice(SHAPES).unwrap_or_default().as_bytes();
        match random.u8(..10) {
            0 => bytes.extend((0..random.usize(..40)).map(|_| random.u8(..))),
            1 => bytes.extend(&shape[..random.usize(..=shape.len())]),
            2 => bytes.extend([&shape[random.usize(..=shape.len())..], b"\n"].concat()),
            3 => bytes.extend(shape.repeat(random.usize(1..4))),
            4 => bytes.extend([shape, b"\r\n"].concat()),
            _ => bytes.extend([shape, b"\n"].concat()),
        }
    }
    bytes
}

fn formats() -> [Format; 5] {
    [
        Format::Tracing,
        Format::Python,
        Format::Auto,
        Format::Raw,
        Format::Regex(r"^\s*(?<level>[A-Z]+)\b:?(?<message>.*)".into()),
    ]
}

/// Reads the same bytes whole and in random chunks; gives how many records there were.
fn chunks_do_not_matter(seed: u64) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let bytes = log(&mut random);
    let mut count = 0;
    for format in formats() {
        let whole = read(&format, &bytes);
        let mut reader = Reader::new(&format, Stream::Stderr).expect("a format");
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let largest = random.usize(1..=40).min(rest.len());
            let (chunk, later) = rest.split_at(random.usize(1..=largest));
            reader.feed(7, chunk);
            rest = later;
        }
        reader.finish(7);
        let mut chunked = reader.into_records();
        // The last line of the whole may have been ended by the end of the stream.
        for (chunked, whole) in chunked.iter_mut().zip(&whole) {
            chunked.at = whole.at;
        }
        assert_eq!(chunked, whole, "seed {seed}, {format:?}");
        count += whole.len();
    }
    count
}

#[test]
fn any_chunking_gives_the_same_records() {
    let records: usize = (0..crate::seeds(300)).map(chunks_do_not_matter).sum();
    assert!(records > 1000, "the generator makes no records: {records}");
}

#[test]
fn hostile_lines_take_linear_time() {
    for part in [
        "x",
        "\"",
        "\\",
        "\x1b",
        "\x1b[",
        "\x1b]",
        "panicked at ",
        "panicked at a:1:2:\\n",
        "panicked at '",
        " a=\"",
        "{",
        "\r",
        "\0",
        "Traceback (most recent call last):\\n",
        "Traceback (most recent call last):\\\\n \"",
        "thread 'x' panicked at ",
        ":1:2",
        "stack backtrace:\\n 0: ",
        "\u{fffd}",
        " INFO a: ",
        "\n",
        "\n INFO a: \n",
        "Traceback (most recent call last):\n",
        "E: x\n",
        "\\n    at f (/x.js:1:2)",
        "\\\\\\tat a.b(C.java:1) \"",
        "\\t/\"",
        "\n    at f (/x.js:1:2)",
        "\tat a.B.c(B.java:1)\n",
        "x\n    at f (/x.js:1:2)\n",
        "{\"a\":",
        "goroutine 1 [x]:\n",
        "a.rb:7:in `",
        ": (",
    ] {
        let long = part.repeat(LINE_SEEN / part.len());
        for format in formats() {
            // The format that tries all others gets the longest line; an eighth shows as well what takes the square of it.
            let most = if matches!(format, Format::Auto) { long.len() } else { long.len() / 8 };
            let most = (0..=most).rev().find(|end| long.is_char_boundary(*end)).unwrap_or_default();
            let bytes = [" INFO app: ", &long[..most]].concat();
            let mut reader = Reader::new(&format, Stream::Stderr).expect("a format");
            reader.feed(0, bytes.as_bytes());
            reader.finish(0);
            assert!(!reader.records().is_empty());
        }
    }
}

#[test]
fn places_and_spans_of_tracing_are_fields() {
    let lines = "2026-11-25T22:00:00.123456Z ERROR request{id=1}: items: src/cup.rs:5: add failed n=1\n  \
                 2026-11-25T22:00:01.123456Z ERROR items: add failed, n: 2\n    at src/cup.rs:5 on main\n    \
                 in items::request with method: \"POST\", id: 2\n";
    let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
    reader.feed(0, lines.as_bytes());
    let records = reader.records();
    let fields = |at: usize| -> Vec<(&str, &str)> {
        records[at].fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    };
    assert_eq!(records.len(), 2, "{records:#?}");
    assert_eq!((records[0].target.as_deref(), records[0].message.as_str()), (Some("items"), "add failed"));
    assert_eq!(fields(0), [("n", "1"), ("file", "src/cup.rs"), ("line", "5"), ("id", "1")]);
    assert_eq!(records[1].message, "add failed");
    assert_eq!(fields(1), [("n", "2"), ("file", "src/cup.rs"), ("line", "5"), ("method", "POST"), ("id", "2")]);
}

#[test]
fn known_targets_tell_spans_without_fields_from_targets() {
    for (line, target, message) in [
        ("ERROR request: items: add failed", "items", "add failed"),
        ("ERROR outer: request: items::x: add failed", "items::x", "add failed"),
        ("ERROR items: request: failed", "items", "request: failed"),
        ("ERROR other: it: failed", "other", "it: failed"),
    ] {
        let reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
        let mut reader = reader.with_targets(["items".to_owned()]);
        reader.feed(0, format!("{line}\n").as_bytes());
        let record = &reader.records()[0];
        assert_eq!((record.target.as_deref(), record.message.as_str()), (Some(target), message), "{line}");
    }
}

#[test]
fn a_bookmark_stays_where_it_is_when_text_before_it_turns_out_to_be_part_of_a_stack_trace() {
    let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
    reader.feed(0, b" INFO app: a\n INFO app: b\nwhat it says\n");
    let (first, second) = (reader.bookmark(1), reader.bookmark(reader.records().len()));
    reader.feed(0, b" INFO app: c\n");
    assert_eq!((reader.before(first), reader.before(second)), (1, 3));
    let mut reader = Reader::new(&Format::Python, Stream::Stderr).expect("a format");
    reader.feed(0, b"INFO:app:a\nERROR:app:failed\nbecause of that\n");
    let mark = reader.bookmark(reader.records().len());
    assert_eq!(reader.before(mark), 3);
    reader.feed(0, [TRACEBACK, "INFO:app:later\n"].concat().as_bytes());
    let behind: Vec<&str> = reader.records()[reader.before(mark)..].iter().map(|it| it.message.as_str()).collect();
    assert_eq!(behind, ["later"], "{:#?}", reader.records());
}

#[test]
fn what_somebody_waits_for_is_kept_past_the_bound_so_much_of_each_kind() {
    let mut reader = Reader::new(&Format::Tracing, Stream::Stdout).expect("a format");
    for wanted in ["flooded", "over"] {
        reader.want(move |record| record.message == wanted);
    }
    let noise = " INFO app: nobody waits for this line, and there are many like it\n".repeat(1000);
    while reader.dropped() == 0 {
        reader.feed(0, noise.as_bytes());
    }
    let full = reader.records().len();
    let flood = " INFO app: flooded\n".repeat(2 * crate::bounds::WANTED / crate::bounds::LINE_COST);
    reader.feed(0, flood.as_bytes());
    reader.feed(0, b" INFO app: over\n INFO app: else\n");
    let kept: Vec<&str> = reader.records()[full..].iter().map(|record| record.message.as_str()).collect();
    assert_eq!((kept.len(), kept.last()), (crate::bounds::WANTED / crate::bounds::LINE_COST + 1, Some(&"over")));
}

#[test]
fn records_are_settled_when_no_line_can_belong_to_them_any_more() {
    let mut reader = Reader::new(&Format::Python, Stream::Stdout).expect("a format");
    reader.feed(0, b"INFO:app:a\nINFO:app:b\n");
    assert_eq!((reader.records().len(), reader.settled()), (2, 1));
    reader.feed(0, b"ERROR:app:failed\nbecause of that\n");
    assert_eq!((reader.records().len(), reader.settled()), (4, 2));
}
