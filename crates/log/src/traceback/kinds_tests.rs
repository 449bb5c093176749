//! One traceback of each kind: what it is called, and the frame to look at.

use super::super::{Format, Language, Survey};

/// A text; the language, the exception and the frame to look at of its one traceback; its root.
type Row = (&'static str, Language, &'static str, &'static str, Option<&'static str>);

const ROWS: &[Row] = &[
    // Where a library has raised it, the application's frame counts.
    (
        "Traceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in pour\n    get()\n  File \"/usr/lib/python3.11/site-packages/httpx/_a.py\", line 9, in get\n    raise\nhttpx.ConnectError: refused",
        Language::Python,
        "httpx.ConnectError",
        "/srv/cup.py:5",
        None,
    ),
    (
        "java.lang.IllegalStateException: tea\n\tat java.base/java.util.Objects.need(Objects.java:3)\n\tat org.springframework.x.Y.z(Y.java:4)\n\tat org.cup.Cup.pour(Cup.java:5)",
        Language::Java,
        "java.lang.IllegalStateException",
        "Cup.java:5",
        None,
    ),
    (
        "Error: tea\n    at f (/app/node_modules/pg/a.js:1:2)\n    at node:internal/x:3:4\n    at pour (/app/cup.js:5:6)",
        Language::Node,
        "Error",
        "/app/cup.js:5",
        None,
    ),
    (
        "panic: tea\n\ngoroutine 1 [running]:\nnet/http.(*conn).serve(0x1)\n\t/usr/local/go/src/net/http/server.go:9 +0x1\ngithub.com/x/y.F(0x1)\n\t/root/go/pkg/mod/github.com/x/y@v1/y.go:3 +0x1\nmain.pour()\n\t/srv/cup.go:5 +0x1",
        Language::Go,
        "panic",
        "/srv/cup.go:5",
        None,
    ),
    (
        "thread 'main' panicked at /rustc/abc/library/core/src/x.rs:1:2:\ntea\nstack backtrace:\n   0: core::x\n             at /rustc/abc/library/core/src/x.rs:1:2\n   1: serde::y\n             at /root/.cargo/registry/src/index/serde-1/src/y.rs:3:4\n   2: cup::pour\n             at ./src/cup.rs:5:6",
        Language::Rust,
        "panic",
        "./src/cup.rs:5",
        None,
    ),
    (
        "/usr/lib/ruby/gems/3.1.0/gems/pg-1/lib/pg.rb:3:in `exec': tea (PG::Error)\n\tfrom /srv/cup.rb:5:in `pour'",
        Language::Ruby,
        "PG::Error",
        "/srv/cup.rb:5",
        None,
    ),
    (
        "Unhandled exception. System.InvalidOperationException: tea\n   at System.Linq.Enumerable.First(IEnumerable source)\n   at Cup.Pour() in /srv/Cup.cs:line 5",
        Language::DotNet,
        "System.InvalidOperationException",
        "/srv/Cup.cs:5",
        None,
    ),
    (
        "PHP Fatal error:  Uncaught Spill: tea in /srv/vendor/x/y.php:3\nStack trace:\n#0 /srv/cup.php(5): x\\y()\n#1 {main}\n  thrown in /srv/vendor/x/y.php on line 3",
        Language::Php,
        "Spill",
        "/srv/cup.php(5)",
        None,
    ),
    // Languages.
    (
        "22:00:00.123 [error] GenServer Cup terminating\n** (RuntimeError) tea\n    (stdlib 4.0) gen_server.erl:9: :gen_server.call/2\n    (cup 0.1.0) lib/cup.ex:5: Cup.pour/1\nLast message: :pour",
        Language::Elixir,
        "RuntimeError",
        "lib/cup.ex:5",
        None,
    ),
    (
        "22:00:00.123 [error] #PID<0.1.0> running CupWeb.Endpoint terminated\n** (exit) an exception was raised:\n    ** (KeyError) key :tea not found\n        (cup 0.1.0) lib/cup.ex:5: Cup.pour/1",
        Language::Elixir,
        "KeyError",
        "lib/cup.ex:5",
        None,
    ),
    (
        "=ERROR REPORT==== 25-Nov-2026::22:00:00.123456 ===\nError in process <0.84.0> with exit value:\n{badarith,[{cup,pour,1,[{file,\"src/cup.erl\"},{line,5}]}]}",
        Language::Elixir,
        "badarith",
        "src/cup.erl:5",
        None,
    ),
    (
        "=CRASH REPORT==== 25-Nov-2026::22:00:00.123456 ===\n  crasher:\n    initial call: cup:init/1\n    exception error: no match of right hand side value tea\n      in function  cup:pour/1 (src/cup.erl, line 5)",
        Language::Elixir,
        "error",
        "src/cup.erl:5",
        None,
    ),
    (
        "Unhandled exception:\nException: tea\n#0      inner (dart:core/x.dart:3:4)\n#1      pour (file:///srv/cup.dart:5:6)\n<asynchronous suspension>",
        Language::Dart,
        "Exception",
        "file:///srv/cup.dart:5",
        None,
    ),
    ("cup/main.swift:5: Fatal error: tea", Language::Swift, "Fatal error", "cup/main.swift:5", None),
    ("Fatal error: tea: file cup/main.swift, line 5", Language::Swift, "Fatal error", "cup/main.swift:5", None),
    // What runtimes and servers say when they end.
    (
        "#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n#  SIGSEGV (0xb) at pc=0x1, pid=1, tid=2\n#\n# Problematic frame:\n# C  [libcup.so+0x5]  pour+0x5\n#",
        Language::Java,
        "SIGSEGV",
        "C  [libcup.so+0x5]  pour+0x5",
        None,
    ),
    (
        "22:00:00 UTC - mysqld got signal 11 ;\nMost likely, you have hit a bug.\n/usr/sbin/mysqld(my_print_stacktrace+0x2e) [0x55]\n/usr/sbin/mysqld(handle_fatal_signal+0x3) [0x55]\n/usr/sbin/mysqld(pour+0x5) [0x55]",
        Language::Native,
        "signal 11",
        "pour",
        None,
    ),
    (
        "1:M 25 Nov 2026 22:00:00.123 # Redis 7.0.0 crashed by signal: 11, si_code: 1",
        Language::Native,
        "signal 11",
        "",
        None,
    ),
    // Others.
    (
        "(node:1) UnhandledPromiseRejectionWarning: TypeError: tea\n    at pour (/app/cup.js:5:6)",
        Language::Node,
        "TypeError",
        "/app/cup.js:5",
        None,
    ),
    ("Error [ERR_X]: tea\n    at f (/app/a.js:1:2)", Language::Node, "Error [ERR_X]", "/app/a.js:1", None),
    (
        "---------------------------------------------------------------------------\nZeroDivisionError                         Traceback (most recent call last)\nCell In[1], line 5\n      3 x = 1\n----> 5 pour()\n\nZeroDivisionError: division by zero",
        Language::Python,
        "ZeroDivisionError",
        "Cell In[1]:5",
        None,
    ),
    (
        "Traceback (most recent call last):\n  File \"/srv/main.py\", line 3, in <module>\n    ray.get(x)\nray.exceptions.RayTaskError(ValueError): ray::pour() (pid=1, ip=1.2.3.4)\n  File \"/srv/cup.py\", line 5, in pour\n    raise ValueError\nValueError: tea",
        Language::Python,
        "ValueError",
        "/srv/cup.py:5",
        None,
    ),
    (
        "Unhandled exception. System.Exception: tea\n   bei Cup.Pour() in C:\\srv\\Cup.cs:Zeile 5.",
        Language::DotNet,
        "System.Exception",
        "C:\\srv\\Cup.cs:5",
        None,
    ),
    (
        "  + Exception Group Traceback (most recent call last):\n  |   File \"/usr/lib/python3.11/asyncio/taskgroups.py\", line 145, in x\n  |     raise\n  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File \"/srv/cup.py\", line 5, in pour\n    |     read()\n    |   File \"/usr/lib/python3.11/asyncio/streams.py\", line 9, in read\n    |     raise\n    | ConnectionResetError: tea\n    +------------------------------------",
        Language::Python,
        "ConnectionResetError",
        "/srv/cup.py:5",
        None,
    ),
    ("ERROR cup: task 5 panicked with message \"tea\"", Language::Rust, "panic", "", None),
    ("ERROR cup: joined err=JoinError::Panic(Id(5), \"tea\", ...)", Language::Rust, "panic", "", None),
    ("ERROR tower_http::catch_panic: Service panicked: tea", Language::Rust, "panic", "", None),
    // JSON.
    (
        r#"{"level":"ERROR","message":"x","exception":{"type":"a.Spill","message":"tea","stackTrace":[{"class":"java.util.X","method":"y","file":"X.java","line":3},{"class":"org.cup.Cup","method":"pour","file":"Cup.java","line":5}]}}"#,
        Language::Java,
        "a.Spill",
        "Cup.java:5",
        None,
    ),
    (
        r#"{"level":50,"time":1,"msg":"x","err":{"type":"TypeError","message":"tea","stack":"TypeError: tea\n    at pour (/app/cup.js:5:6)"}}"#,
        Language::Node,
        "TypeError",
        "/app/cup.js:5",
        None,
    ),
    (
        r#"{"log.level":"error","message":"x","error":{"type":"java.lang.X","message":"tea","stack_trace":"java.lang.XError: tea\n\tat org.cup.Cup.pour(Cup.java:5)"}}"#,
        Language::Java,
        "java.lang.XError",
        "Cup.java:5",
        None,
    ),
    (
        r#"{"level":"error","exception":{"values":[{"type":"Spill","value":"tea","stacktrace":{"frames":[{"filename":"/srv/main.py","lineno":3},{"filename":"/srv/cup.py","lineno":5}]}}]}}"#,
        Language::Python,
        "Spill",
        "/srv/cup.py:5",
        None,
    ),
    (
        r#"{"level":"ERROR","fields":{"message":"panicked","panic.payload":"tea","panic.location":"src/cup.rs:5:6"}}"#,
        Language::Rust,
        "panic",
        "src/cup.rs:5",
        None,
    ),
    (
        r#"{"level":"error","error":"tea","stack":[{"func":"pour","line":"5","source":"cup.go"}],"type":"spill"}"#,
        Language::Go,
        "spill",
        "cup.go:5",
        None,
    ),
    // Where the indentation was lost.
    (
        "java.lang.IllegalStateException: tea\nat java.base/java.util.Objects.need(Objects.java:3)\nat org.cup.Cup.pour(Cup.java:5)",
        Language::Java,
        "java.lang.IllegalStateException",
        "Cup.java:5",
        None,
    ),
    (
        "[Nest] 1  - 11/25/2026, 6:39:50 AM   ERROR [ExceptionsHandler] tea\nTypeError: tea\nat Cup.pour (/app/dist/cup.js:5:6)\nat async /app/node_modules/x.js:1:2",
        Language::Node,
        "TypeError",
        "/app/dist/cup.js:5",
        None,
    ),
    (
        "GenServer #PID<0.1.0> terminating\n** (stop) exited in: GenServer.stop(x)\n    ** (EXIT) no process\n    (elixir 1.15.7) lib/gen_server.ex:1031: GenServer.stop/3\n    (cup 0.2.1) lib/cup.ex:5: Cup.terminate/2",
        Language::Elixir,
        "EXIT",
        "lib/cup.ex:5",
        None,
    ),
    (
        "[22:00:00 ERROR]: Encountered an unexpected exception\norg.cup.ReportedException: tea\nat org.cup.Cup.a(SourceFile:5) ~[cup.jar:git-1]\nat java.lang.Thread.run(Thread.java:745) [?:1.8.0_51]",
        Language::Java,
        "org.cup.ReportedException",
        "SourceFile:5",
        None,
    ),
    (
        "2026-11-25 22:00:00.393 | ERROR    | __main__:func:13 - \nTraceback (most recent call last):\n\n  File \"/srv/main.py\", line 18, in <module>\n    func(1234, 0)\n    └ <function func at 0x7121083272e0>\n\n> File \"/srv/cup.py\", line 5, in func\n    a / b\n    │   └ 0\n    └ 1234\n\nZeroDivisionError: division by zero",
        Language::Python,
        "ZeroDivisionError",
        "/srv/cup.py:5",
        None,
    ),
    (
        "The following NoSuchMethodError was thrown building Builder(dirty):\nWhen the exception was thrown, this was the stack: \n#0      Object.noSuchMethod (dart:core-patch/object_patch.dart:51:5)\n#1      pour (package:cup/cup.dart:5:28)",
        Language::Dart,
        "NoSuchMethodError",
        "package:cup/cup.dart:5",
        None,
    ),
    // Chains have one root.
    (
        "a.SpillException\n\tat org.cup.Cup.pour(Cup.java:5)\nCaused: a.TeaException: x\n\tat org.cup.Tea.brew(Tea.java:9)",
        Language::Java,
        "a.TeaException",
        "Tea.java:9",
        Some("a.SpillException"),
    ),
];

#[test]
fn each_kind_is_one_traceback_with_exception_application_frame_and_root() {
    let mut wrong = Vec::new();
    for (text, language, exception, place, cause) in ROWS {
        let mut survey = Survey::new(&Format::Auto).expect("a format");
        survey.feed(text.as_bytes());
        let summary = survey.finish();
        let found: Vec<_> = summary
            .tracebacks
            .iter()
            .map(|kind| {
                (
                    kind.count,
                    kind.language,
                    kind.exception.as_deref().unwrap_or(""),
                    kind.place().unwrap_or(""),
                    kind.cause.as_deref(),
                )
            })
            .collect();
        if found != [(1, *language, *exception, *place, *cause)] {
            wrong.push(format!("{text}\n   {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ROWS.len(), wrong.join("\n\n"));
}

#[test]
fn what_is_ours_can_be_told_where_rules_cannot_know() {
    let text = "java.lang.X: tea\n\tat org.apache.other.X.y(X.java:3)\n\tat org.apache.kafka.Cup.pour(Cup.java:5)\n";
    let mut survey = Survey::new(&Format::Auto).expect("a format").with_applications(vec!["org.apache.kafka".into()]);
    survey.feed(text.as_bytes());
    assert_eq!(survey.finish().tracebacks[0].place(), Some("Cup.java:5"));
    let text = "Traceback (most recent call last):\n  File \"/v/site-packages/ours/cup.py\", line 5, in f\n  File \"/v/site-packages/x/y.py\", line 6, in g\nE: x\n";
    let mut survey =
        Survey::new(&Format::Auto).expect("a format").with_applications(vec!["site-packages/ours/".into()]);
    survey.feed(text.as_bytes());
    assert_eq!(survey.finish().tracebacks[0].place(), Some("/v/site-packages/ours/cup.py:5"));
}

#[test]
fn json_over_several_lines_is_one_record_and_broken_objects_are_lines_again() {
    let text = "{\n  \"level\": \"error\",\n  \"message\": \"a\",\n  \"more\": [\n    1,\n    {\"x\": \"}\"}\n  ]\n}\n{\n  not json\nERROR:app:b\n{\n";
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    survey.feed(text.as_bytes());
    let summary = survey.finish();
    assert_eq!((summary.lines, summary.formats["json"], summary.formats["python"]), (12, 1, 1), "{summary:#?}");
    assert_eq!(summary.levels.values().sum::<u64>(), 2);
}

#[test]
fn numbers_and_addresses_in_messages_do_not_split_kinds() {
    let one = |number: u32| {
        format!("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nE: port {number} at 0x{number:x}\n")
    };
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    survey.feed([one(1), one(22), one(333)].concat().as_bytes());
    let summary = survey.finish();
    assert_eq!((summary.tracebacks.len(), summary.traceback_count()), (1, 3));
}

/// What a survey finds: levels, traces with their exception and place, and how many texts fit nothing.
fn surveyed(text: &str) -> (Vec<(crate::Level, u64)>, Vec<String>, u64) {
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    survey.feed(text.as_bytes());
    let summary = survey.finish();
    let kinds = summary.tracebacks.iter().map(|kind| {
        let name = kind.exception.as_deref().unwrap_or("-");
        format!("{}x {name}: {} at {}", kind.count, kind.message, kind.place().unwrap_or("-"))
    });
    (summary.levels.iter().map(|(level, count)| (*level, *count)).collect(), kinds.collect(), summary.not_understood)
}

#[test]
fn an_object_that_is_cut_off_has_its_level_and_its_stack_as_far_as_they_are_there() {
    const WHOLE: &str = r#"{"level": "error", "message": "failed", "stack": "Error: spilled\n    at pour (/srv/cup.js:5:11)\n    at main (/srv/main.js:9:1)", "ctx": {"a": [1, "x"], "b": null}}"#;
    let stack = WHOLE.find(":11)").expect("a frame") + 4;
    let message = WHOLE.find("failed").expect("a message") + 2;
    for end in message..=WHOLE.len() {
        for text in
            [WHOLE[..end].to_owned(), ["{\"level\":\"info\",\"message\":\"a\"}\n", &WHOLE[..end], "\n"].concat()]
        {
            let (levels, kinds, not_understood) = surveyed(&text);
            assert_eq!(levels.last(), Some(&(crate::Level::Error, 1)), "{text}");
            assert_eq!(not_understood, 0, "{text}");
            if end >= stack {
                assert_eq!(kinds, ["1x Error: spilled at /srv/cup.js:5"], "{text}");
            }
        }
    }
    let lines = WHOLE.replace(", \"", ",\n  \"").replacen('{', "{\n  ", 1).replacen("{\"a", "{\n  \"a", 1);
    for end in lines.find("\"stack").expect("a key")..=lines.len() {
        for text in [lines[..end].to_owned(), [&lines[..end], "\n"].concat()] {
            let (levels, _, not_understood) = surveyed(&text);
            assert_eq!((levels, not_understood), (vec![(crate::Level::Error, 1)], 0), "{text}");
        }
    }
    // The next record says that the one before is cut off.
    let text =
        "{\n  \"level\": \"error\",\n  \"message\": \"failed\",\n{\"level\":\"info\",\"message\":\"a\"}\nINFO:app:b\n";
    assert_eq!(surveyed(text).0, [(crate::Level::Info, 2), (crate::Level::Error, 1)]);
    // An object of data is no record.
    assert!(surveyed("{\"level\": 3, \"x\": [1,\n").0.is_empty());
}

#[test]
fn a_log_that_markdown_quotes_is_read_without_its_backticks() {
    let trace = "ERROR:app:failed\nTraceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in pour\nValueError: spilled";
    let expected = surveyed(trace);
    assert_eq!(expected.1, ["1x ValueError: spilled at /srv/cup.py:5"]);
    for (before, after) in [("`", "`"), ("```\n", "\n```\n"), ("```python\n", "\n```"), ("\n```", "```"), ("`", "")] {
        assert_eq!(surveyed(&[before, trace, after].concat()), expected, "{before:?} {after:?}");
    }
}

#[test]
fn frames_of_php_without_their_exception_are_a_trace() {
    let frames =
        "#0 /srv/vendor/x/y.php(12): f()\n#1 [internal function]: g()\n#2 /srv/main.php(3): pour()\n#3 {main}\n";
    let found = surveyed(&["Stack trace:\n", frames].concat());
    assert_eq!((found.1.as_slice(), found.2), (["1x -:  at /srv/main.php(3)".to_owned()].as_slice(), 0));
}

#[test]
fn lines_that_were_left_out_of_a_trace_are_neither_its_message_nor_its_end() {
    for sign in ["... 47 lines omitted ...", "[5 lines skipped]", "... 12 more", "  ... 3 frames omitted"] {
        for (text, expected) in [
            (
                "Traceback (most recent call last):\n  File \"/srv/main.py\", line 9, in main\nSIGN\n  File \"/srv/cup.py\", line 5, in pour\n    pour()\nSIGN\nValueError: spilled\n",
                "1x ValueError: spilled at /srv/cup.py:5",
            ),
            (
                "Error: spilled\nSIGN\n    at pour (/srv/cup.js:5:11)\nSIGN\n    at main (/srv/main.js:9:1)\n",
                "1x Error: spilled at /srv/cup.js:5",
            ),
            (
                "a.SpillException: tea\n\tat org.cup.Cup.pour(Cup.java:5)\nSIGN\n\tat org.cup.Main.main(Main.java:9)\n",
                "1x a.SpillException: tea at Cup.java:5",
            ),
        ] {
            let text = text.replace("SIGN", sign);
            let (_, kinds, not_understood) = surveyed(&text);
            assert_eq!((kinds.as_slice(), not_understood), ([expected.to_owned()].as_slice(), 0), "{text}");
        }
    }
}

#[test]
fn a_date_in_words_before_each_line_is_a_prefix() {
    let trace = "ERROR:app:failed\nTraceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in pour\nValueError: spilled\n";
    let expected = surveyed(trace);
    for prefix in ["Wed, Sep 1 2021 9:38:45 am | ", "Sep 12, 2021 19:38:45 | "] {
        let text: String = trace.lines().map(|line| [prefix, line, "\n"].concat()).collect();
        assert_eq!(surveyed(&text), expected, "{text}");
    }
}
