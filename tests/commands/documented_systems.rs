//! The systems that docs/systems.md and docs/drivers.md walk through: written as they stand there, and run as it says there.

use crate::place::{Place, check, end};

const SYSTEMS: &str = include_str!("../../docs/systems.md");
const DRIVERS: &str = include_str!("../../docs/drivers.md");

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

fn write(place: &Place, page: &str) {
    for (path, text, more) in files(page) {
        let before = if more { place.read(&path) } else { String::new() };
        place.write(&path, &(before + &text));
    }
}

#[track_caller]
fn quietdown(place: &Place, arguments: &str, wanted: &str) {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    check(end(place.command(&arguments).env("QUIETDOWN_REQUIRE", "all")), 0, &[wanted]);
}

#[test]
fn the_server_without_a_driver_is_short_and_its_scenarios_pass() {
    needs_python!();
    let place = Place::new();
    write(&place, SYSTEMS);
    let server = place.read("systems/items/server.py");
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
        quietdown(&place, arguments, wanted);
    }
}

#[test]
fn the_driver_and_the_zygote_run_the_same_scenarios() {
    needs_python!();
    let place = Place::new();
    write(&place, SYSTEMS);
    write(&place, DRIVERS);
    let system = place.read("systems/items/system.toml");
    assert!(system.contains("[roles.client]") && system.contains("[zygotes."), "{system}");
    for arguments in ["run --system items --accept", "run --system items --no-zygote", "run --system items --control"] {
        quietdown(&place, arguments, "passed, 0 failed");
    }
}
