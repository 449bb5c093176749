//! `quietdown run` and its reports for programs: all of one run, each where it was asked for, none lost without a word.

use std::fs;
use std::process::Stdio;

use crate::place::{Place, check, end};
use serde_json::Value;

/// A system whose server is loud, and says what GitHub would carry out; with a scenario that passes and one that does not.
fn shop() -> Place {
    let place = Place::new();
    let text = r#"
name = "shop"
summary = "A server that warns"
[log]
format = "tracing"
[roles.server]
kind = "server"
command = ["sh", "-c", "echo ' WARN shop: ##[add-mask]x'; echo ' INFO shop: ready'; exec sleep 1000"]
ready = { line = "ready" }
exit = "terminated"
[lines]
ready = { message = "ready" }
[policies.chatty]
summary = "It may warn"
before = "WARN"
[exits]
terminated = { status = ["SIGTERM"] }
"#;
    place.write("shop.toml", text);
    place.write("scenarios/loud.toml", "summary = \"It boots\"\n");
    place.write("scenarios/calm.toml", "summary = \"It boots\"\n[expect]\npolicy = \"chatty\"\n");
    place
}

const RUN: [&str; 4] = ["run", "--system", "./shop.toml", "--jobs=1"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RUN, more].concat()
}

/// Snapshots are not what this is about.
fn accepted(place: &Place) {
    drop(place.quietdown(&with(&["--accept"])));
}

#[test]
fn one_run_writes_every_report_that_was_asked_for() {
    let place = shop();
    accepted(&place);
    let files = ["--junit", "j.xml", "--ctrf", "c.json", "--tap", "t.tap", "--json=r.json"];
    check(place.quietdown(&with(&files)), 1, &["FAIL  loud", "pass  calm", "1 passed, 1 failed"]);
    let results: Value = serde_json::from_str(&place.read("r.json")).expect("JSON");
    assert_eq!(
        (&results["version"], &results["summary"]["passed"], &results["summary"]["failed"]),
        (&2.into(), &1.into(), &1.into())
    );
    let loud = results["tests"].as_array().expect("tests").iter().find(|test| test["name"] == "loud").expect("there");
    assert_eq!((&loud["status"], &loud["findings"][0]["kind"]), (&"failed".into(), &"level-above-info".into()));
    assert!(place.read("j.xml").contains("type=\"level-above-info\""), "{}", place.read("j.xml"));
    assert!(place.read("t.tap").contains("not ok"), "{}", place.read("t.tap"));
    assert!(place.read("c.json").contains("\"failed\": 1"), "{}", place.read("c.json"));
}

#[test]
fn a_report_on_standard_output_has_it_alone() {
    let place = shop();
    accepted(&place);
    let output = place.command(&with(&["--json"])).output().expect("it runs");
    let results: Value = serde_json::from_slice(&output.stdout).expect("nothing but JSON");
    assert_eq!(results["tests"].as_array().map(Vec::len), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("FAIL  loud"), "people read standard error then");
    check(place.quietdown(&with(&["--json", "--tap", "-"])), 2, &["cannot both go to standard output"]);
}

#[test]
fn a_report_that_cannot_be_written_is_told_after_the_findings_and_is_no_verdict() {
    let place = shop();
    accepted(&place);
    let ended = place.quietdown(&with(&["--junit", "no/such/folder/j.xml", "--tap", "t.tap"]));
    check(ended, 3, &["level-above-info", "no/such/folder/j.xml: the report cannot be written"]);
    assert!(place.read("t.tap").starts_with("TAP version 14"), "the others are written");
}

#[test]
fn under_github_actions_evidence_commands_nothing_and_failures_are_annotated() {
    let place = shop();
    accepted(&place);
    let mut command = place.command(&RUN);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", place.path("summary.md")).stderr(Stdio::null());
    let (code, text) = end(&mut command);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = text.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").expect("it begins with silence");
    let end = lines.iter().position(|line| *line == format!("::{token}::")).expect("which ends");
    let hostile = lines.iter().position(|line| line.contains("##[add-mask]x")).expect("evidence is shown");
    assert!(hostile < end, "{text}");
    assert!(
        lines[end + 1].starts_with("::error file=scenarios/loud.toml,line=1,title=loud%3A level-above-info::"),
        "{text}"
    );
    let summary = fs::read_to_string(place.path("summary.md")).expect("written");
    assert!(summary.contains("1 passed, 1 failed") && summary.contains("### failed ` loud `"), "{summary}");
}

#[test]
fn quiet_tells_what_is_wrong_verbose_what_begins_and_a_filter_what_is_meant() {
    let place = shop();
    accepted(&place);
    let (code, text) = place.quietdown(&with(&["--quiet"]));
    assert_eq!(code, Some(1));
    assert!(text.contains("FAIL  loud") && text.contains("level-above-info") && !text.contains("pass  calm"), "{text}");
    check(place.quietdown(&with(&["--verbose", "--filter", "!loud"])), 0, &["begin calm", "pass  calm", "1 scenario,"]);
    check(place.quietdown(&with(&["--filter", "nobody"])), 2, &["--filter leaves none of 2 scenarios"]);
}

#[test]
fn fail_fast_begins_nothing_after_a_failure_and_says_so_everywhere() {
    let place = shop();
    accepted(&place);
    place.write("scenarios/after.toml", &place.read("scenarios/loud.toml"));
    let ended = place.quietdown(&with(&["--fail-fast", "--json=r.json"]));
    check(ended, 1, &["3 scenarios, 0 passed, 1 failed, 2 not begun"]);
    let results: Value = serde_json::from_str(&place.read("r.json")).expect("JSON");
    assert_eq!(results["summary"]["not-tested"], 2, "{results}");
}

#[test]
fn evidence_that_cannot_be_saved_takes_no_finding_away_and_is_exit_code_3() {
    let place = shop();
    accepted(&place);
    // What a server writes into its folder is its own: here it is in the way.
    let loud = place.read("shop.toml").replace("echo ' INFO", "mkdir evidence.json; echo ' INFO");
    place.write("shop.toml", &loud);
    check(
        place.quietdown(&with(&["loud"])),
        3,
        &["FAIL  loud", "level-above-info", "its evidence could not be saved: writing", "1 failed"],
    );
}

#[test]
fn an_annotation_never_gets_into_a_report_on_standard_output() {
    let place = shop();
    accepted(&place);
    let output = place.command(&with(&["--json"])).env("GITHUB_ACTIONS", "true").output().expect("it runs");
    serde_json::from_slice::<Value>(&output.stdout).expect("nothing but JSON");
    assert!(String::from_utf8_lossy(&output.stderr).contains("::error file=scenarios/loud.toml"));
}
