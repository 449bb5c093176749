//! The systems that docs/systems.md and docs/drivers.md walk through: written as they stand there, and run as it says there.

#[path = "needs/python.rs"]
#[macro_use]
mod needs;

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const SYSTEMS: &str = include_str!("../docs/systems.md");
const DRIVERS: &str = include_str!("../docs/drivers.md");

/// The files of a page, in order: a path in backquotes, and the next block of code. `Add to` it is one that goes on.
fn files(page: &str) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    let mut named: Option<(String, bool)> = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let more = line.starts_with("Add to `");
        if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if let Some((path, more)) = named.take().filter(|_| !language.is_empty()) {
                found.push((path, block.join("\n") + "\n", more));
            }
        } else if more || line.starts_with('`') {
            let path = line.split('`').nth(1).unwrap_or_default();
            named = path.contains('/').then(|| (path.to_owned(), more));
        } else if !line.is_empty() {
            named = None;
        }
    }
    found
}

fn write(folder: &Path, page: &str) {
    for (path, text, more) in files(page) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let before = if more { fs::read_to_string(&path).expect("it was written before") } else { String::new() };
        fs::write(path, before + &text).expect("written");
    }
}

#[track_caller]
fn quietdown(folder: &TempDir, arguments: &str, wanted: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quietdown"));
    command.current_dir(folder.path()).args(arguments.split(' ')).env_remove("CI").env("QUIETDOWN_REQUIRE", "all");
    if arguments.starts_with("run") {
        command.args(["--runs", "runs"]);
    }
    let output = command.output().expect("it starts");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && text.contains(wanted), "quietdown {arguments}: {}\n{text}", output.status);
}

#[test]
fn the_server_without_a_driver_is_short_and_its_scenarios_pass() {
    needs_python!();
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), SYSTEMS);
    let server = fs::read_to_string(folder.path().join("systems/items/server.py")).expect("it is documented");
    let lines = server.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 30, "it has {lines} lines");
    let roles: Vec<_> = server.lines().filter(|line| line.contains("import quietdown")).collect();
    assert!(roles.is_empty(), "it is an ordinary program");
    for (arguments, wanted) in [
        ("check --system items", "files are in order"),
        ("run --system items --accept", "all passed"),
        ("run --system items --repeat 3", "all passed"),
        ("run --system items --control", "under its control"),
    ] {
        quietdown(&folder, arguments, wanted);
    }
}

#[test]
fn the_driver_and_the_zygote_run_the_same_scenarios() {
    needs_python!();
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), SYSTEMS);
    write(folder.path(), DRIVERS);
    let system = fs::read_to_string(folder.path().join("systems/items/system.toml")).expect("it is documented");
    assert!(system.contains("[roles.client]") && system.contains("[zygotes."), "{system}");
    for arguments in ["run --system items --accept", "run --system items --no-zygote", "run --system items --control"] {
        quietdown(&folder, arguments, "passed, 0 failed");
    }
}
