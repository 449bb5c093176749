//! The reader of the flag that `docs/store.md` shows, run by Python on flags that the store's own code wrote.
//!
//! A machine without `python3` cannot run it: the test then says so, and with `QUIETDOWN_REQUIRE=all`, as `.ci/run` sets it
//! after it has installed what is needed, it fails.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use quietdown_store::flag::{Flag, State, read};

/// The documented reader: the first block of Python in the documentation.
fn reader() -> &'static str {
    let documentation = include_str!("../../docs/store.md");
    let code = documentation.split("```python\n").nth(1).expect("a block of Python");
    code.split("```").next().expect("its end")
}

/// What the reader makes of each of these files, one line each; nothing when there is no Python.
fn by_python(files: &[&Path]) -> Option<Vec<String>> {
    let program = format!("import sys\n{}\nfor path in sys.argv[1:]: print(read_flag(path))\n", reader());
    let output = match Command::new("python3").arg("-c").arg(program).args(files).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let complete = std::env::var_os("QUIETDOWN_REQUIRE").is_some_and(|what| what == "all");
            assert!(!complete, "python3 is not installed: install it to test the documented reader");
            // Past the capture of the test's output: this must be seen.
            let left_out = "LEFT OUT: 1 test, the documented reader of the flag: python3 is not installed";
            writeln!(std::io::stderr(), "{left_out}").expect("standard error");
            return None;
        }
        output => output.expect("python3 runs"),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

#[test]
fn the_documented_reader_is_short_and_sees_what_the_store_wrote() {
    let lines = reader().lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 10, "it has {lines} lines");
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    let mut expected = Vec::new();
    for (number, (state, name)) in [
        (State::Starting, "starting"),
        (State::Online, "online"),
        (State::Stopping, "stopping"),
        (State::Stopped, "stopped"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(name);
        let epoch = u64::MAX - number as u64;
        Flag::create_with_epoch(&path, epoch).and_then(|flag| flag.set(state)).expect("written");
        expected.push(format!("('{name}', {epoch}, {})", std::process::id()));
        files.push(path);
    }
    for (number, wrong) in [
        &b""[..],
        b"QDFL",
        &[0; 32],
        b"QDFL\x02\x00\x02\x00aaaaaaaaaaaaaaaaaaaaaaaa",
        b"QDFL\x01\x00\x09\x00aaaaaaaaaaaaaaaaaaaaaaaa",
        b"QDFL\x01\x00\x00\x00aaaaaaaaaaaaaaaaaaaaaaaa",
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("wrong-{number}"));
        std::fs::write(&path, wrong).expect("written");
        assert_eq!(read(&path), None, "the store's own reader");
        expected.push("None".to_owned());
        files.push(path);
    }
    files.push(folder.path().join("missing"));
    expected.push("None".to_owned());
    let files: Vec<&Path> = files.iter().map(|path| path.as_path()).collect();
    if let Some(seen) = by_python(&files) {
        assert_eq!(seen, expected);
    }
}
