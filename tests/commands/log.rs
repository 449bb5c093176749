//! `quietdown log` as a program: what it says, how it ends, and that nothing it reads can hurt it or the terminal.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str], input: impl FnOnce(&mut dyn Write) + Send) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quietdown"))
        .arg("log")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        scope.spawn(move || input(&mut stdin));
        child.wait_with_output().expect("it ends")
    })
}

fn of(text: &str) -> Output {
    run(&[], |input| input.write_all(text.as_bytes()).expect("it reads"))
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it writes UTF-8")
}

const TRACEBACK: &str =
    "ERROR:app:failed\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'x'\n";

#[test]
fn it_says_formats_levels_and_tracebacks_by_cause() {
    let output = of(&["INFO:app:begun\n", TRACEBACK, TRACEBACK, "{\"level\":\"warn\",\"msg\":\"x\"}\n"].concat());
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "standard input: understood: all of 4 records (10 lines, 230 bytes)",
        "formats     python 3, json 1",
        "levels      ERROR 2, WARN 1, INFO 1",
        "tracebacks  2 of 1 kind",
        "2 × Python KeyError: 'x'",
        "at    a.py:3",
        "in    ERROR app: failed\n           first line 3\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn the_exit_code_says_what_was_found() {
    let quiet = "INFO:app:a\nWARNING:app:b\n";
    assert_eq!(of(quiet).status.code(), Some(0));
    assert_eq!(run(&["--max-level", "warn"], write(quiet)).status.code(), Some(0));
    let above = run(&["--max-level", "info"], write(quiet));
    assert_eq!(above.status.code(), Some(1));
    assert!(said(&above).contains("1 record above INFO"), "{}", said(&above));
    let missing = run(&["/does/not/exist.log"], |_| {});
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/does/not/exist.log: No such file"));
    assert_eq!(run(&["--regex", "("], |_| {}).status.code(), Some(2));
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn write(text: &str) -> impl FnOnce(&mut dyn Write) + Send {
    let bytes = text.as_bytes().to_vec();
    move |input| drop(input.write_all(&bytes))
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}

#[test]
fn several_files_are_told_apart_and_one_document_of_json_with_totals() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/logs");
    let path = |name: &str| logs.join(name).display().to_string();
    let output = run(&["--json", &path("java-cause.log"), &path("format-pino.log")], |_| {});
    assert_eq!(output.status.code(), Some(1));
    let document = json(&output);
    assert_eq!((&document["version"], &document["verdict"]), (&1.into(), &"failed".into()));
    let files = document["files"].as_array().expect("files");
    assert_eq!(files.len(), 2);
    assert_eq!(files[0]["tracebacks"][0]["exception"], "Tracebacks$StoreException");
    assert_eq!(files[1]["counts"]["formats"]["json"], 5);
    let records = |at: usize| files[at]["counts"]["records"].as_u64().expect("a count");
    assert_eq!(document["totals"]["records"], records(0) + records(1));
    let shown = run(&["--lines", "2", &path("java-cause.log"), &path("format-pino.log")], |_| {});
    assert!(said(&shown).contains("| on two lines\n") && !said(&shown).contains("| \tat"), "{}", said(&shown));
    assert!(said(&shown).contains("\n2 files: "), "{}", said(&shown));
}

const AT_NINE: &str = "2026-11-25T09:00:00Z ERROR app: failed\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'x'\n";

#[test]
fn a_kind_of_several_files_is_told_once_with_its_count_in_each() {
    let other = "2026-11-25T12:00:00Z ERROR app: failed\nTraceback (most recent call last):\n  File \"b.py\", line 9, in g\nOSError: y\n";
    let at_ten = AT_NINE.replace("T09:00:00Z", "T10:00:00.5Z");
    let files = folder(&[
        ("a.log", AT_NINE.as_bytes()),
        ("b.log", [AT_NINE, &at_ten, other].concat().as_bytes()),
        ("c.log", b"2026-11-25T09:00:00Z INFO app: fine\n"),
    ]);
    let path = files.path().display().to_string();
    let output = run(&[&path], |_| {});
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!((text.matches("KeyError").count(), text.matches("OSError").count()), (1, 1), "{text}");
    for part in [
        "3 files: 1 passed, 2 with findings",
        "4 tracebacks of 2 kinds\n",
        "     3 × Python KeyError: 'x'\n",
        "time  2026-11-25T09:00:00Z to 2026-11-25T10:00:00.500Z\n",
        &format!("first line 2 of {path}/a.log\n"),
        &format!("     1 × {path}/a.log\n"),
        &format!("     2 × {path}/b.log\n"),
        "time  2026-11-25T12:00:00Z\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let document = json(&run(&["--json", &path], |_| {}));
    let kinds = document["kinds"].as_array().expect("kinds");
    assert_eq!(kinds.len(), 2, "{document:#}");
    assert_eq!((&kinds[0]["count"], &kinds[0]["exception"]), (&3.into(), &"KeyError".into()));
    assert_eq!(kinds[0]["last_time"], "2026-11-25T10:00:00.500Z");
    let counts: Vec<_> = kinds[0]["files"].as_array().expect("files").iter().map(|file| &file["count"]).collect();
    assert_eq!(counts, [1, 2]);
}

#[test]
fn the_first_and_last_time_of_a_kind_are_told_where_records_have_times() {
    let later = AT_NINE.replace("T09", "T11");
    let text = said(&of(&[&later, AT_NINE].concat()));
    assert!(text.contains("           time  2026-11-25T09:00:00Z to 2026-11-25T11:00:00Z\n"), "{text}");
    assert!(!said(&of(TRACEBACK)).contains("time  "), "no record has one");
}

#[test]
fn only_a_period_is_judged_and_what_has_no_time_follows_the_record_before() {
    let log = [
        AT_NINE,
        "  and more of nine\nstray of nine\n",
        "2026-11-25T10:00:00Z INFO app: ten\n",
        "stray of ten\n",
        "2026-11-25T11:00:00Z ERROR app: eleven\n",
    ]
    .concat();
    let with = |arguments: &[&str]| run(&[&["--json", "--max-not-understood", "100"], arguments].concat(), write(&log));
    let ten = with(&["--since", "2026-11-25T10:00:00Z", "--until", "2026-11-25T11:30:00+01:00"]);
    assert_eq!(ten.status.code(), Some(0), "{}", said(&ten));
    let totals = &json(&ten)["totals"];
    assert_eq!((&totals["records"], &totals["outside_period"]), (&2.into(), &4.into()), "{totals:#}");
    assert_eq!((&totals["not_understood"], &totals["undated"]), (&1.into(), &0.into()), "{totals:#}");
    assert_eq!(totals["levels"], serde_json::json!({ "INFO": 1 }), "{totals:#}");
    let nine = with(&["--until", "2026-11-25T09:30:00Z"]);
    assert_eq!((nine.status.code(), &json(&nine)["totals"]["tracebacks"]), (Some(1), &1.into()));
    let above = with(&["--since", "2026-11-25T10:30:00Z", "--max-level", "info"]);
    assert_eq!(above.status.code(), Some(1), "{}", said(&above));
    let never = run(&["--since", "10m"], write(AT_NINE.replace("2026", "2001").as_str()));
    assert_eq!(never.status.code(), Some(0), "{}", said(&never));
    assert!(said(&never).contains("period      2 records outside it are not judged"), "{}", said(&never));
}

#[test]
fn what_cannot_be_dated_is_judged_and_said() {
    let log = [TRACEBACK, "2001-11-25T10:00:00Z INFO app: long ago\n"].concat();
    let output = run(&["--since", "2h"], write(&log));
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let told = "period      1 record outside it is not judged, 1 without any time is judged";
    assert!(text.contains(told) && text.contains("KeyError"), "{text}");
}

#[test]
fn a_period_that_is_none_is_refused_with_what_to_write() {
    let wrong = run(&["--since", "yesterday"], |_| {});
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("or how long ago, as `90s`"));
    let reversed = run(&["--since", "1h", "--until", "2h"], |_| {});
    assert_eq!(reversed.status.code(), Some(2));
}

#[test]
fn each_kind_can_be_a_line_of_json() {
    let output = run(&["--ndjson"], write(&[TRACEBACK, TRACEBACK].concat()));
    let line: serde_json::Value = serde_json::from_str(said(&output).trim_end()).expect("one line of JSON");
    assert_eq!((&line["traceback"]["count"], &line["file"]), (&2.into(), &"standard input".into()));
}

#[test]
fn what_is_not_understood_is_never_clean() {
    let prose = "It was a dark night.\nThe rain fell\nin torrents.\n";
    for arguments in [&[][..], &["--max-level", "info"]] {
        let output = run(arguments, write(prose));
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        assert!(said(&output).starts_with("standard input: NOT UNDERSTOOD: 0 of 3 texts"), "{}", said(&output));
        assert!(said(&output).contains("100 % was not understood"), "{}", said(&output));
        assert!(said(&output).contains("     2 | The rain fell"), "{}", said(&output));
        assert_eq!(json(&run(&[arguments, &["--json"]].concat(), write(prose)))["verdict"], "not-understood");
    }
    assert_eq!(run(&["--format", "raw"], write(prose)).status.code(), Some(0));
}

#[test]
fn how_much_may_not_be_understood_is_stated_and_can_be_said() {
    let three_of_four = "INFO:app:a\nINFO:app:b\nINFO:app:c\nwhat is this\n";
    let in_part = of(three_of_four);
    assert_eq!(in_part.status.code(), Some(0), "{}", said(&in_part));
    assert!(said(&in_part).starts_with("standard input: understood: 3 of 4 texts"), "{}", said(&in_part));
    assert_eq!(run(&["--max-not-understood", "24"], write(three_of_four)).status.code(), Some(5));
    assert_eq!(of("INFO:app:a\nwhat is this\n").status.code(), Some(5));
    assert_eq!(run(&["--max-not-understood", "50"], write("INFO:app:a\nwhat is this\n")).status.code(), Some(0));
}

#[test]
fn a_stack_trace_alone_is_understood_and_found_whatever_is_around_it() {
    let alone = of(TRACEBACK.split_once('\n').expect("lines").1);
    assert_eq!(alone.status.code(), Some(1), "{}", said(&alone));
    assert!(said(&alone).starts_with("standard input: understood: all of 1 record"), "{}", said(&alone));
    let go = "panic: spilled\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/cup.go:5 +0x1d\n";
    let alone = of(go);
    assert!(said(&alone).starts_with("standard input: understood: all of 1 record"), "{}", said(&alone));
    let within = of(&["some prose\n", "and more\n", go, "and then\n"].concat());
    assert_eq!(within.status.code(), Some(1), "{}", said(&within));
}

#[test]
fn an_empty_log_is_said_to_be_empty() {
    let empty = of("");
    assert_eq!((empty.status.code(), said(&empty).as_str()), (Some(0), "standard input: empty\n"));
}

#[test]
fn records_without_level_are_not_below_a_level() {
    let access = "127.0.0.1 - - [25/Nov/2026:22:00:00 +0000] \"GET / HTTP/1.1\" 500 12 \"-\" \"curl\"\n";
    assert_eq!(of(access).status.code(), Some(0));
    let judged = run(&["--max-level", "info"], write(access));
    assert_eq!(judged.status.code(), Some(5), "{}", said(&judged));
    assert!(said(&judged).contains("1 record has no level"), "{}", said(&judged));
    let mixed = run(&["--max-level", "info"], write(&[access, "INFO:app:a\n"].concat()));
    assert_eq!(mixed.status.code(), Some(0), "{}", said(&mixed));
}

#[test]
fn a_strange_prefix_is_guessed_and_can_be_taken_off_by_an_expression() {
    let strange = "web-1 !! INFO:app:begun\ndb-22 !! ERROR:db:failed\nweb-1 !! INFO:app:done\n";
    let guessed = of(strange);
    assert_eq!(guessed.status.code(), Some(5), "{}", said(&guessed));
    assert!(said(&guessed).contains("it looks like `python` behind `web-1 !! `"), "{}", said(&guessed));
    let taken = run(&["--prefix", r"(?<source>[\w-]+) !! ", "--max-level", "info"], write(strange));
    assert_eq!(taken.status.code(), Some(1), "{}", said(&taken));
    assert!(said(&taken).contains("levels      ERROR 1, INFO 2"), "{}", said(&taken));
    assert_eq!(run(&["--prefix", "("], |_| {}).status.code(), Some(2));
}

#[test]
fn the_sources_of_a_prefix_of_ones_own_do_not_mix() {
    let trace = "Traceback (most recent call last):\n  File \"/srv/cup.py\", line 5, in f\nSpill: tea\n";
    let other = "panic: spilled\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/cup.go:5 +0x1d\n";
    let mut lines = String::new();
    for at in 0..5 {
        for (source, text) in [("a", trace), ("b", other)] {
            text.lines().nth(at).into_iter().for_each(|line| lines.push_str(&format!("{source} !! {line}\n")));
        }
    }
    let output = run(&["--prefix", r"(?<source>\w) !! ", "--json"], write(&lines));
    let document = json(&output);
    let kinds = document["files"][0]["tracebacks"].as_array().expect("kinds");
    let names: Vec<_> = kinds.iter().map(|kind| (kind["exception"].as_str(), kind["application"].as_str())).collect();
    assert_eq!(names, [(Some("Spill"), Some("/srv/cup.py:5")), (Some("panic"), Some("/srv/cup.go:5"))], "{document:#}");
}

#[test]
fn a_format_that_fits_nothing_is_an_error_that_says_what_it_looks_like() {
    let gunicorn = "[2026-11-25 22:00:00 +0000] [12] [INFO] begun\n[2026-11-25 22:00:00 +0000] [12] [ERROR] failed\n";
    let output = run(&["--format", "java"], write(gunicorn));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("fits no line; it looks like `gunicorn`"), "{}", said(&output));
    assert_eq!(run(&["--format", "gunicorn"], write(gunicorn)).status.code(), Some(0));
    let nothing = run(&["--regex", "^never (?<message>.*)"], write(gunicorn));
    assert_eq!(nothing.status.code(), Some(2), "{}", said(&nothing));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("it compresses");
    encoder.finish().expect("it compresses")
}

fn zstd(text: &str) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn compressed_logs_are_read_whatever_they_are_called() {
    // A frame to skip stands between two others.
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
    let whole = [zstd("INFO:app:a\n"), skipped, zstd(TRACEBACK)].concat();
    let members = [gzip("INFO:app:a\n"), gzip(TRACEBACK)].concat();
    let files = folder(&[("app.log", &whole), ("app.log.1", &members)]);
    let output = run(&["--json", &files.path().display().to_string()], |_| {});
    assert_eq!(output.status.code(), Some(1));
    for file in json(&output)["files"].as_array().expect("files") {
        assert_eq!((&file["counts"]["records"], &file["counts"]["tracebacks"]), (&2.into(), &1.into()), "{file:#}");
    }
    let piped = run(&["-"], |input| input.write_all(&gzip(TRACEBACK)).expect("it reads"));
    assert_eq!(piped.status.code(), Some(1), "{}", said(&piped));
}

#[test]
fn a_compressed_log_that_is_cut_off_is_not_understood_though_its_beginning_is() {
    let text = "INFO:app:a line that is there\n".repeat(20_000);
    for whole in [gzip(&text), zstd(&text)] {
        let cut = whole[..whole.len() * 2 / 3].to_vec();
        let output = run(&[], move |input| drop(input.write_all(&cut)));
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaint.contains("broken or cut off"), "{complaint}");
    }
}

#[test]
fn a_window_that_takes_too_much_memory_is_refused_by_name() {
    // A frame with a window of 64 MiB.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 16 << 3, 0x01, 0x00, 0x00];
    let output = run(&[], move |input| drop(input.write_all(&frame)));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{complaint}");
    assert!(complaint.contains("window of 64 MiB is larger than 32 MiB"), "{complaint}");
}

#[test]
fn what_is_no_text_is_refused_by_name() {
    let mut tar = vec![b'a'; 257];
    tar.extend(b"ustar\x0000");
    for (bytes, what) in [
        (&b"\x7fELF\x02\x01\x01\0"[..], "a program"),
        (b"PK\x03\x04....", "a zip archive"),
        (b"\xfd7zXZ\0..", "compressed by xz"),
        (b"LPKSHHRH", "a file of a journal"),
        (b"\xff\xfeI\0N\0", "text in UTF-16"),
        (&tar, "a tar archive"),
    ] {
        let files = folder(&[("x", bytes)]);
        let output = run(&[&files.path().join("x").display().to_string()], |_| {});
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{complaint}");
        assert!(complaint.contains(&format!("this is {what}, no log; ")), "{complaint}");
    }
}

#[test]
fn folders_and_globs_are_searched_and_nothing_found_is_said() {
    let files =
        folder(&[("a.log", b"INFO:app:a\n"), ("deep/er/b.log", TRACEBACK.as_bytes()), ("deep/c.txt", b"INFO:x:y\n")]);
    let count = |name: &str| {
        let output = run(&["--json", &files.path().join(name).display().to_string()], |_| {});
        (output.status.code(), json(&output)["files"].as_array().map(Vec::len))
    };
    assert_eq!(count(""), (Some(1), Some(3)));
    assert_eq!(count("**/*.log"), (Some(1), Some(2)));
    assert_eq!(count("*.log"), (Some(0), Some(1)));
    assert_eq!(count("*.none"), (Some(2), Some(0)));
}

#[test]
fn of_several_codes_the_gravest_is_given() {
    let files =
        folder(&[("prose", b"it was\na dark\nnight\n"), ("trace", TRACEBACK.as_bytes()), ("good", b"INFO:app:a\n")]);
    let path = |name: &str| files.path().join(name).display().to_string();
    let code = |names: &[&str]| {
        let paths: Vec<String> = names.iter().map(|name| path(name)).collect();
        run(&paths.iter().map(String::as_str).collect::<Vec<_>>(), |_| {}).status.code()
    };
    assert_eq!(code(&["good", "prose"]), Some(5));
    assert_eq!(code(&["prose", "missing"]), Some(2));
    assert_eq!(code(&["trace", "missing", "prose"]), Some(1));
}

#[test]
fn only_kinds_that_a_baseline_does_not_have_are_findings() {
    let files = folder(&[]);
    let baseline = files.path().join("baseline.json").display().to_string();
    let written = run(&[&format!("--json={baseline}")], write(TRACEBACK));
    assert_eq!(written.status.code(), Some(1));
    assert!(said(&written).contains("KeyError"), "people read it, too: {}", said(&written));
    // The line has moved, and the message is another one.
    let moved = TRACEBACK.replace("line 3", "line 30").replace("'x'", "'y'");
    let known = run(&["--new-since", &baseline], write(&moved));
    assert_eq!(known.status.code(), Some(0), "{}", said(&known));
    assert!(said(&known).contains("1 × (known) Python KeyError: 'y'"), "{}", said(&known));
    let fresh = TRACEBACK.replace("KeyError: 'x'", "ValueError: x");
    let new = run(&["--new-since", &baseline], write(&[TRACEBACK, &fresh].concat()));
    assert_eq!(new.status.code(), Some(1), "{}", said(&new));
    for wrong in ["/does/not/exist.json", "Cargo.toml"] {
        assert_eq!(run(&["--new-since", wrong], write(TRACEBACK)).status.code(), Some(2));
    }
}

#[test]
fn each_log_is_a_test_in_the_reports_of_test_runs() {
    let files = folder(&[("good", b"INFO:app:a\n"), ("prose", b"it was\n"), ("trace", TRACEBACK.as_bytes())]);
    let junit = files.path().join("junit.xml");
    let junit_argument = format!("--junit={}", junit.display());
    let paths = ["good", "prose", "trace"].map(|name| files.path().join(name).display().to_string());
    let output = run(&["--tap=-", &junit_argument, &paths[0], &paths[1], &paths[2]], |_| {});
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let results: Vec<&str> = text.lines().filter(|line| line.contains("ok ")).collect();
    assert_eq!(results.len(), 3, "{text}");
    assert!(results[0].starts_with("ok 1 ") && results[1].starts_with("not ok 2 "), "{text}");
    assert!(results[2].starts_with("not ok 3 ") && text.contains("KeyError"), "{text}");
    let xml = std::fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("tests=\"3\"") && xml.contains("failures=\"2\""), "{xml}");
}

#[test]
fn annotations_for_github_stand_on_the_first_finding_and_evidence_commands_nothing() {
    let hostile = TRACEBACK.replace("'x'", "x\\n::error::50% off").replace("failed", "::error::owned");
    let files = folder(&[
        ("good", b"INFO:app:a\n"),
        ("prose", b"it was\na dark\n"),
        ("trace", ["INFO:app:a\n", &hostile].concat().as_bytes()),
    ]);
    let path = |name: &str| files.path().join(name).display().to_string();
    let output = run(&["--github", "--lines", "9", &files.path().display().to_string()], |_| {});
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").expect("silence");
    let end = lines.iter().position(|line| *line == format!("::{token}::")).expect("its end");
    assert!(text.contains("::error::owned") && lines[..end].iter().any(|line| line.contains("50% off")), "{text}");
    let [prose, trace] = &lines[end + 1..] else { panic!("two annotations: {text}") };
    assert!(prose.starts_with(&format!("::error file={},line=1,title=", path("prose"))), "{prose}");
    assert!(trace.starts_with(&format!("::error file={},line=3,title=", path("trace"))), "{trace}");
    assert!(trace.contains("50%25 off") && trace.contains("KeyError"), "{trace}");
}

#[test]
fn what_is_said_of_a_record_fits_a_terminal() {
    let text = TRACEBACK.replace("failed", &"very ".repeat(100)).replace("'x'", &"'long' ".repeat(50));
    let output = of(&[&text, &"prose without end ".repeat(30), "\n"].concat());
    let wide: Vec<_> = said(&output).lines().filter(|line| line.chars().count() > 80).map(str::to_owned).collect();
    assert_eq!(wide, Vec::<String>::new());
}

#[test]
fn hostile_input_hurts_neither_it_nor_the_terminal() {
    let output = run(&["--lines", "40"], |input| {
        let mut random = fastrand::Rng::with_seed(3);
        let mut write = |bytes: &[u8]| input.write_all(bytes).expect("it reads");
        write(b"thread '\x1b[2J\xc2\x9b31m\x07' panicked at a\x08.rs:1:2:\n\x1b]0;owned\x07\xe2\x80\xaeevil\xff\0\n");
        for _ in 0..16 {
            write(&(0..1 << 18).map(|_| random.u8(..)).collect::<Vec<u8>>());
        }
        // One line of 100 MB.
        let part = vec![b'x'; 1 << 20];
        (0..100).for_each(|_| write(&part));
        write(b"\n");
        write(TRACEBACK.as_bytes());
    });
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("Python KeyError") && text.contains("Rust panic"), "{text}");
    let obeyed = text.chars().find(|c| (c.is_control() && *c != '\n' && *c != '\t') || *c == '\u{202e}');
    assert_eq!(obeyed, None, "{text:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure_of_its_own() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quietdown"))
        .arg("log")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    child.stdin.take().expect("piped").write_all(TRACEBACK.as_bytes()).expect("it reads");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn app_says_which_frames_are_the_applications_where_rules_cannot_know() {
    let log = "Traceback (most recent call last):\n  File \"/v/site-packages/ours/cup.py\", line 5, in f\n  File \"/v/site-packages/x/y.py\", line 6, in g\nE: x\n";
    let with = |arguments: &[&str]| said(&run(arguments, |input| input.write_all(log.as_bytes()).expect("it reads")));
    assert!(with(&[]).contains("y.py:6"), "{}", with(&[]));
    let told = with(&["--app", "nobodys/", "--app", "site-packages/ours/"]);
    assert!(told.contains("/v/site-packages/ours/cup.py:5"), "{told}");
}
