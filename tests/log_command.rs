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
        "standard input: 230 bytes, 10 lines, 4 records",
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
    let write = |text: &'static str| move |input: &mut dyn Write| input.write_all(text.as_bytes()).expect("it reads");
    assert_eq!(run(&["--max-level", "warn"], write(quiet)).status.code(), Some(0));
    let above = run(&["--max-level", "info"], write(quiet));
    assert_eq!(above.status.code(), Some(1));
    assert!(said(&above).contains("1 records above INFO"), "{}", said(&above));
    let missing = run(&["/does/not/exist.log"], |_| {});
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/does/not/exist.log: No such file"));
    assert_eq!(run(&["--regex", "("], |_| {}).status.code(), Some(2));
}

#[test]
fn several_files_are_told_apart_and_can_be_json() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/logs");
    let path = |name: &str| logs.join(name).display().to_string();
    let output = run(&["--json", &path("java-cause.log"), &path("format-pino.log")], |_| {});
    assert_eq!(output.status.code(), Some(1));
    let files: Vec<serde_json::Value> =
        said(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(files.len(), 2);
    assert_eq!(files[0]["summary"]["tracebacks"][0]["exception"], "Tracebacks$StoreException");
    assert_eq!(files[1]["summary"]["formats"]["json"], 5);
    let shown = run(&["--lines", "2", &path("java-cause.log")], |_| {});
    assert!(said(&shown).contains("| on two lines\n") && !said(&shown).contains("| \tat"), "{}", said(&shown));
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
