//! What a prefix before every line hides: nothing.

mod arrivals;
mod writers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quietdown_log::{Format, Survey};
use writers::{COLLECTORS, Collector, names_sources};

/// Canonical traces: the language, and what its runtime writes.
const TRACES: [(&str, &str); 14] = [
    (
        "python",
        "Traceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in pour\n    raise Spill(\"tea\")\nSpill: tea\n",
    ),
    (
        "python, chained",
        "Traceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in pour\n    brew()\nKeyError: 'tea'\n\nDuring handling of the above \
         exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/srv/cup.py\", line 7, in pour\n    raise Spill(\"tea\")\nSpill: tea\n",
    ),
    (
        "rust",
        "thread 'main' panicked at src/cup.rs:5:9:\nspilled\nstack backtrace:\n   0: cup::pour\n             at ./src/cup.rs:5:9\n",
    ),
    (
        "go",
        "panic: spilled\n\ngoroutine 1 [running]:\nmain.pour(0x1)\n\t/srv/cup.go:5 +0x1d\nmain.main()\n\t/srv/main.go:9 +0x1d\nexit status 2\n",
    ),
    (
        "go, fatal",
        "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.pour()\n\t/srv/cup.go:5 +0x1d\n",
    ),
    (
        "java",
        "org.cup.SpillException: tea\n\tat org.cup.Cup.pour(Cup.java:5)\n\tat org.cup.Cup.main(Cup.java:9)\nCaused by: \
         java.io.IOException: dry\n\tat org.cup.Tea.brew(Tea.java:3)\n\t... 1 more\n",
    ),
    (
        "java, uncaught",
        "Exception in thread \"main\" java.lang.IllegalStateException: spilled\n\tat org.cup.Cup.pour(Cup.java:5)\n",
    ),
    (
        "node",
        "/srv/cup.js:5\n    throw new TypeError('spilled')\n    ^\n\nTypeError: spilled\n    at pour (/srv/cup.js:5:11)\n    at main (/srv/main.js:9:1)\n\nNode.js v20.1.0\n",
    ),
    (
        "dotnet",
        "Unhandled exception. Cup.SpillException: tea\n   at Cup.Pour(String tea) in /srv/Cup.cs:line 5\n   at Cup.Main() in /srv/Cup.cs:line 9\n",
    ),
    ("ruby", "cup.rb:5:in `pour': spilled (SpillError)\n\tfrom cup.rb:9:in `<main>'\n"),
    (
        "php",
        "PHP Fatal error:  Uncaught SpillException: tea in /srv/cup.php:5\nStack trace:\n#0 /srv/main.php(9): pour()\n#1 {main}\n  thrown in /srv/cup.php on line 5\n",
    ),
    (
        "sanitizer",
        "==12==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000\n    #0 0x55 in pour /srv/cup.c:5\n    #1 0x56 in main /srv/cup.c:9\n\n\
         SUMMARY: AddressSanitizer: SEGV /srv/cup.c:5 in pour\n==12==ABORTING\n",
    ),
    ("c++", "terminate called after throwing an instance of 'std::runtime_error'\n  what():  spilled\n"),
    ("anyhow", "Error: cannot pour\n\nCaused by:\n    0: no tea\n    1: no water\n"),
];

/// What was found: the language, exception, message, frame and cause of every kind, and how often.
type Found = BTreeMap<String, u64>;

fn found(log: &str, chunk: usize) -> Found {
    let mut survey = Survey::new(&Format::Auto).expect("a format");
    log.as_bytes().chunks(chunk.max(1)).for_each(|chunk| survey.feed(chunk));
    let summary = survey.finish();
    let mut found = Found::new();
    for kind in summary.tracebacks {
        let name = format!(
            "{:?} {:?} at {:?}: {:?}, cause {:?}, {} lines",
            kind.language,
            kind.exception,
            kind.frame,
            kind.message,
            kind.cause,
            kind.first.len()
        );
        *found.entry(name).or_default() += kind.count;
    }
    found
}

fn written(collector: &Collector, source: &str, log: &str) -> String {
    log.lines().enumerate().map(|(at, line)| (collector.1)(source, at, line) + "\n").collect()
}

fn and(mut one: Found, other: Found) -> Found {
    other.into_iter().for_each(|(name, count)| *one.entry(name).or_default() += count);
    one
}

fn corpus() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let mut logs: Vec<(PathBuf, String)> = ["logs", "hand"]
        .iter()
        .flat_map(|part| std::fs::read_dir(folder.join(part)).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .map(|path| (path.clone(), String::from_utf8_lossy(&std::fs::read(&path).expect("a log")).into_owned()))
        .collect();
    logs.sort();
    logs
}

#[test]
fn every_trace_is_found_behind_every_prefix() {
    let mut wrong = Vec::new();
    for (language, trace) in TRACES {
        let alone = found(trace, usize::MAX);
        assert_eq!(alone.values().sum::<u64>(), 1, "{language}: {alone:#?}");
        for collector in &COLLECTORS {
            let behind = found(&written(collector, "web", trace), usize::MAX);
            if behind != alone {
                wrong.push(format!("{language} behind {}: {behind:#?} instead of {alone:#?}", collector.0));
            }
        }
    }
    let all = TRACES.len() * COLLECTORS.len();
    assert!(wrong.is_empty(), "{} of {all} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Logs of which something is read otherwise behind these prefixes, and why: at most one combination in twenty may be.
const LIMITS: [(&str, &str, &[&str]); 10] = [
    (
        "format-go-zap-console",
        "the first record: its time is known to be a prefix only once two lines without a level had one",
        &["GitHub Actions", "GitHub Actions and compose", "GitLab", "host", "kubectl --timestamps", "kubectl, both"],
    ),
    (
        "go-by-spaces",
        "the first record: its time is known to be a prefix only once two lines without a level had one",
        &["GitHub Actions and compose"],
    ),
    (
        "json-stacks",
        "an object on several lines is put together only where nothing stands before its lines",
        &[
            "GitHub Actions",
            "GitHub Actions and compose",
            "GitHub Actions, of a run",
            "GitLab",
            "compose",
            "compose with times",
            "compose, coloured",
            "cri",
            "cri, in parts",
            "docker json-file",
            "heroku",
            "host",
            "journal, json",
            "journal, json-seq",
            "journal, no host",
            "journal, short",
            "journal, short-full",
            "journal, short-iso",
            "journal, short-monotonic",
            "journal, short-precise",
            "kubectl --prefix",
            "kubectl --timestamps",
            "kubectl, both",
            "pm2",
            "stern",
            "syslog, RFC 3164",
            "syslog, RFC 5424",
            "systemd",
            "worker",
        ],
    ),
    (
        "mixed",
        "the first record: its time is known to be a prefix only once two lines without a level had one",
        &["GitHub Actions and compose"],
    ),
    (
        "php-behind-nginx",
        "a message of several lines in quotes behind a time",
        &[
            "GitHub Actions",
            "GitHub Actions and compose",
            "GitLab",
            "compose with times",
            "host",
            "kubectl --timestamps",
            "kubectl, both",
        ],
    ),
    (
        "python-logged",
        "the first record: its time is known to be a prefix only once two lines without a level had one",
        &["GitHub Actions and compose"],
    ),
    ("ruby-rails", "a message of several lines in parts", &["cri, in parts"]),
    ("rust-anyhow-backtrace", "a frame that looks like a record", &["GitLab"]),
    ("rust-color-eyre-backtrace", "a frame that looks like a record", &["GitLab"]),
    (
        "rust-logged",
        "the first record: its time is known to be a prefix only once two lines without a level had one",
        &["GitHub Actions and compose", "GitLab", "host"],
    ),
];

#[test]
fn a_prefix_changes_no_finding_of_the_corpus() {
    let mut wrong = Vec::new();
    let (mut all, mut limits) = (0, 0);
    for (path, log) in corpus() {
        // One line alone shows no prefix.
        let log = if log.lines().count() == 1 { ["begun\n", &log].concat() } else { log };
        let alone = found(&log, usize::MAX);
        for collector in &COLLECTORS {
            all += 1;
            let behind = found(&written(collector, "web", &log), usize::MAX);
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if behind != alone && LIMITS.iter().any(|(limited, _, by)| *limited == name && by.contains(&collector.0)) {
                limits += 1;
            } else if behind != alone {
                wrong.push(format!("{name} behind {}: {behind:#?} instead of {alone:#?}", collector.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {all} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(limits * 20 <= all, "{limits} of {all} are limits");
}

#[test]
fn two_interleaved_sources_have_the_findings_of_each() {
    let naming: Vec<&Collector> = COLLECTORS.iter().filter(|collector| names_sources(collector.0)).collect();
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let collector = random.choice(&naming).copied().expect("one");
        let (one, other) = (random.choice(TRACES).expect("one").1, random.choice(TRACES).expect("one").1);
        let mut lines = [written(collector, "web", one), written(collector, "db", other)];
        // What a source writes in parts stays in its order.
        let mut rest: Vec<std::vec::IntoIter<String>> = lines
            .iter_mut()
            .map(|text| text.lines().map(|line| format!("{line}\n")).collect::<Vec<_>>().into_iter())
            .collect();
        let mut log = String::new();
        loop {
            let at = usize::from(random.bool());
            match rest[at].next().or_else(|| rest[1 - at].next()) {
                Some(line) => log.push_str(&line),
                None => break,
            }
        }
        let expected = and(found(one, usize::MAX), found(other, usize::MAX));
        let both = found(&log, random.usize(1..200));
        assert_eq!(both, expected, "seed {seed}, {}:\n{log}", collector.0);
    }
}
