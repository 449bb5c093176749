use super::*;

/// Level, target, thread, message and fields of a head, for comparing.
type Expected<'a> = (Option<Level>, &'a str, &'a str, &'a str, &'a [(&'a str, &'a str)]);

#[track_caller]
fn check(format: &Format, line: &str, name: &str, expected: Expected<'_>) {
    for format in [format.clone(), Format::Auto] {
        let mut heads = Heads::new(&format).expect("a format");
        let said = heads.parse(line).unwrap_or_else(|| panic!("{format:?}: no head: {line}")).finish();
        let fields: Vec<(&str, &str)> =
            said.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (target, thread) = (said.target.as_deref().unwrap_or(""), said.thread.as_deref().unwrap_or(""));
        let found = (said.level, target, thread, said.message.as_str(), fields.as_slice());
        assert_eq!(found, expected, "{format:?}: {line}");
        assert_eq!(heads.name(), name, "{line}");
    }
}

const INFO: Option<Level> = Some(Level::Info);
const WARN: Option<Level> = Some(Level::Warn);
const ERROR: Option<Level> = Some(Level::Error);

#[test]
fn rust() {
    let check_it = |line: &str, expected| check(&Format::Tracing, line, "tracing", expected);
    check_it("2026-11-25T22:00:00.123456Z  INFO main a::b: hi n=1", (INFO, "a::b", "main", "hi", &[("n", "1")]));
    check_it(
        "  2026-11-25T22:43:25.798355Z ERROR formats: request failed, cause: no such rollout, name: \"a \\\"b\\\"\"",
        (ERROR, "formats", "", "request failed", &[("cause", "no such rollout"), ("name", "a \"b\"")]),
    );
    let check_it = |line: &str, expected| check(&Format::EnvLogger, line, "env-logger", expected);
    check_it("[2026-11-25T22:43:25Z INFO  a::b] hi call=\"x\"", (INFO, "a::b", "", "hi", &[("call", "x")]));
    check_it("[WARN  a] hi", (WARN, "a", "", "hi", &[]));
}

#[test]
fn json() {
    let check_it = |line: &str, expected| check(&Format::Json, line, "json", expected);
    check_it(
        r#"{"timestamp":"2026-11-25T22:43:25Z","level":"WARN","fields":{"message":"hi","n":1},"target":"a::b","span":{"call":"x","name":"s"},"spans":[{"outer":true,"name":"o"},{"call":"x","name":"s"}]}"#,
        (WARN, "a::b", "", "hi", &[("n", "1"), ("call", "x"), ("outer", "true")]),
    );
    check_it(
        r#"{"level":30,"time":1795646572857,"pid":29799,"hostname":"vm","port":4444,"msg":"listening"}"#,
        (INFO, "", "", "listening", &[("pid", "29799"), ("hostname", "vm"), ("port", "4444")]),
    );
    check_it(
        r#"{"asctime": "2026-11-25 22:42:25,682", "levelname": "ERROR", "name": "agl", "message": "a \"b\" {"}"#,
        (ERROR, "agl", "", "a \"b\" {", &[]),
    );
    check_it(
        r#"{"@timestamp":"2026-11-25T22:00:00Z","message":"m","logger_name":"a.B","thread_name":"main","level":"ERROR"}"#,
        (ERROR, "a.B", "main", "m", &[]),
    );
    check_it(r#"{"ts":1764108000.1,"msg":"no level"}"#, (None, "", "", "no level", &[]));
    check_it(
        r#"{"version":"1.1","short_message":"gelf","level":4,"nested":{"level":"x"}}"#,
        (WARN, "", "", "gelf", &[("version", "1.1"), ("nested", r#"{"level":"x"}"#)]),
    );
}

#[test]
fn java() {
    let check_it = |line: &str, expected| check(&Format::Java, line, "java", expected);
    check_it("22:43:06.950 [main] INFO  store.Client - listening", (INFO, "store.Client", "main", "listening", &[]));
    check_it("[pool-1 thread-2] WARN store.Client - a - b", (WARN, "store.Client", "pool-1 thread-2", "a - b", &[]));
    check_it("2026-11-25 22:43:06,950 ERROR [main] a.B:12 - m", (ERROR, "a.B", "main", "m", &[]));
    check_it("0    [main] WARN  a.B  - m", (WARN, "a.B", "main", "m", &[]));
    check_it(
        "2026-11-25 22:00:00.123  INFO 4242 --- [           main] store.App    : Started: yes",
        (INFO, "store.App", "main", "Started: yes", &[]),
    );
    check_it(
        "2026-11-25T22:00:01.456+01:00 ERROR 42 --- [store] [exec-1] o.a.C.[/]    : failed",
        (ERROR, "o.a.C.[/]", "exec-1", "failed", &[]),
    );
}

#[test]
fn go() {
    check(
        &Format::Zap,
        "2026-11-25T22:00:07.000+0100\tERROR\tstore\tclient/ask.go:7\trequest failed\t{\"error\": \"gone\"}",
        "zap",
        (ERROR, "store", "", "request failed", &[("error", "gone")]),
    );
    check(&Format::Zap, "2026-11-25T22:00:07.000Z\tINFO\thello there", "zap", (INFO, "", "", "hello there", &[]));
    check(&Format::Zerolog, "10:13PM WRN full size=3", "zerolog", (WARN, "", "", "full", &[("size", "3")]));
    check(
        &Format::Klog,
        "E1125 22:00:04.123456    42 main.go:12] gone",
        "klog",
        (ERROR, "main.go:12", "", "gone", &[]),
    );
    check(&Format::Go, "2026/11/25 22:17:54 hello", "go", (None, "", "", "hello", &[]));
    check(
        &Format::Logfmt,
        "time=2026-11-25T22:00:00Z level=WARN msg=\"the queue\" size=10",
        "logfmt",
        (WARN, "", "", "the queue", &[("size", "10")]),
    );
}

#[test]
fn others() {
    check(
        &Format::Ruby,
        "E, [2026-11-25T22:43:13.934739 #30782] ERROR -- store: request failed",
        "ruby",
        (ERROR, "store", "", "request failed", &[]),
    );
    check(
        &Format::Monolog,
        "[2026-11-25 22:00:00] local.ERROR: failed {\"a\":1} []",
        "monolog",
        (ERROR, "local", "", "failed", &[("a", "1")]),
    );
    check(&Format::DotNet, "fail: A.B.C[13]", "dotnet", (ERROR, "A.B.C", "", "", &[]));
    check(&Format::DotNet, "[22:00:00 WRN] hello", "dotnet", (WARN, "", "", "hello", &[]));
    check(
        &Format::Syslog,
        "<27>1 2026-11-25T22:00:01.003Z host store 42 ID47 [meta@1 call=\"poll\"] failed",
        "syslog",
        (ERROR, "store", "", "failed", &[]),
    );
    check(
        &Format::Syslog,
        "Nov 25 22:00:03 host store[42]: failed: x",
        "syslog",
        (None, "store", "", "failed: x", &[]),
    );
    check(
        &Format::Python,
        "[22:42:24] WARNING  the queue is full      formats.py:60",
        "rich",
        (WARN, "", "", "the queue is full", &[]),
    );
    check(
        &Format::Python,
        "           ERROR    request failed         formats.py:64",
        "rich",
        (ERROR, "", "", "request failed", &[]),
    );
    check(&Format::Python, "INFO:     Started [12]", "python", (INFO, "", "", "Started [12]", &[]));
}

#[test]
fn ordinary_text_is_no_head() {
    for line in [
        "",
        "an ordinary line",
        "[note] see below - here",
        "[1] - first",
        "{",
        "{}",
        "{\"a\":1}",
        "{\"level\":\"high\"}",
        "{ x: 1 }",
        "level = high",
        "a=b c=d",
        "info: what it is",
        "Error: it broke",
        "I have seen it",
        "2026-11-25",
        "Nov 25, 2026",
        "    at src/main.rs:12",
        "Caused by: x",
        "\u{e4}\u{f6}\u{fc}",
    ] {
        let mut heads = Heads::new(&Format::Auto).expect("a format");
        assert!(heads.parse(line).is_none(), "{line}: {}", heads.name());
    }
}

#[test]
fn several_formats_that_are_declared_are_read_in_one_stream() {
    let format = Format::Any(vec![Format::Klog, Format::Regex("^<(?<level>\\w+)>".into())]);
    let mut heads = Heads::new(&format).expect("a format");
    let levels: Vec<_> =
        ["W1125 22:00:04.1    42 a.go:1] x", "<error> y", "I1125 22:00:04.1    42 a.go:1] x", "ERROR:root:z"]
            .iter()
            .map(|line| heads.parse(line).and_then(|head| head.level))
            .collect();
    assert_eq!(levels, [WARN, ERROR, INFO, None]);
}
