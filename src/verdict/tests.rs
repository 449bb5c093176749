//! The oracle, both ways: what must be found, and what must not.

use std::path::Path;

use serde_json::{Value, json};

use super::{Case, judge};
use crate::evidence::{
    Asked, Boot, Call, CallEffect, CallResult, Evidence, Fault, FinalRead, ProcessEvidence, ProcessExit, ReadAnswer,
};
use crate::finding::FindingKind;
use crate::log::{Format, Reader, Stream};
use crate::scenario::Scenario;
use crate::system::System;

const BEFORE: u64 = 10;
const FAULT: u64 = 100;
const AFTER: u64 = 200;

/// A run of the server, a driven client `a` and a runner `r`, in which nothing is wrong.
fn run() -> Evidence {
    let process = |name: &str, role: &str| ProcessEvidence {
        name: name.into(),
        role: role.into(),
        boots: vec![Boot {
            pid: 1,
            ready: Some(1),
            asked: Some(Asked::Teardown),
            exit: Some(ProcessExit { at: 900, code: Some(0), signal: None }),
            ..Boot::default()
        }],
        ..ProcessEvidence::default()
    };
    Evidence {
        processes: vec![process("server", "server"), process("a", "client"), process("r", "runner")],
        ..Evidence::default()
    }
}

fn with_read(mut evidence: Evidence, answer: Result<Value, String>) -> Evidence {
    let answers = vec![ReadAnswer { invariant: 0, path: "/v1/agl/rollouts".into(), key: None, answer }];
    evidence.final_read = Some(FinalRead { rebooted: false, answers });
    evidence
}

fn with_log(mut evidence: Evidence, process: &str, at: u64, text: &str) -> Evidence {
    let mut reader = Reader::new(&Format::Tracing, Stream::Stderr).expect("a format");
    reader.feed(at, text.as_bytes());
    reader.finish(at);
    let found = evidence.processes.iter_mut().find(|one| one.name == process).expect("a process of the run");
    found.records.extend(reader.into_records());
    evidence
}

fn with_fault(mut evidence: Evidence, action: &str, target: &str, planned: bool) -> Evidence {
    let fired = Some("a live process".to_owned());
    evidence.faults.push(Fault {
        at: FAULT,
        step: 1,
        action: action.into(),
        target: target.into(),
        planned,
        fired,
        request: None,
        calls: Vec::new(),
    });
    if action == "kill" {
        let boot =
            &mut evidence.processes.iter_mut().find(|one| one.name == target).expect("a process of the run").boots[0];
        (boot.asked, boot.exit) =
            (Some(Asked::Kill), Some(ProcessExit { at: FAULT, code: None, signal: Some("SIGKILL".into()) }));
    }
    evidence
}

fn with_call(mut evidence: Evidence, op: &str, args: Value, result: Option<CallResult>) -> Evidence {
    let number = 1 + evidence.history.len() as u64;
    let ok = result == Some(CallResult::Ok);
    evidence.history.push(Call {
        name: format!("call-{number}"),
        process: "a".into(),
        number,
        op: op.into(),
        args,
        begun: BEFORE,
        ended: result.map(|_| AFTER),
        result,
        effect: if ok { CallEffect::Applied } else { CallEffect::Unknown },
        value: ok.then(|| json!({"rollout_id": format!("ro-{number}")})),
        error: None,
        expected: None,
        returns: None,
        further: Vec::new(),
    });
    evidence
}

fn called(evidence: Evidence, result: CallResult) -> Evidence {
    with_call(evidence, "wait_for_rollouts", json!({}), Some(result))
}

fn kinds_in(scenario: &str, evidence: &Evidence) -> Vec<FindingKind> {
    let (top, scenario) = match scenario.strip_prefix("system = \"store\"\n") {
        Some(rest) => ("system = \"store\"\n", rest),
        None => ("", scenario),
    };
    let scenario = format!("summary = \"x\"\n{top}[processes.a]\n[processes.r]\nrole = \"runner\"\n{scenario}");
    let scenario = Scenario::parse(Path::new("x.toml"), &scenario).expect("a scenario");
    let system = System::store();
    judge(Case { evidence, scenario: &scenario.file, system: &system.file })
        .into_iter()
        .map(|finding| finding.kind)
        .collect()
}

/// The findings on a system of one server whose file has this beside, with what it logged.
fn found_abroad(keys: &str, format: &str, logged: &[(u64, &str)], fault: bool) -> Vec<(FindingKind, String)> {
    let file = format!(
        "name = \"x\"\nsummary = \"x\"\n{keys}\n[roles.server]\nkind = \"server\"\ncommand = [\"true\"]\nexit = \"ok\"\n[exits]\nok = {{ status = [0] }}\n"
    );
    let file = file.replace("[log]\n", &format!("[log]\nformat = {format}\n"));
    let system = System::parse(Path::new("system.toml"), &file).unwrap_or_else(|wrong| panic!("{wrong}"));
    let scenario = Scenario::parse(Path::new("x.toml"), "summary = \"x\"\n").expect("a scenario");
    let mut evidence = run();
    evidence.processes.truncate(1);
    let server = &mut evidence.processes[0];
    server.boots[0].ready = Some(BEFORE + 5);
    let mut reader = system.file.dialect("server").reader(Stream::Stderr).expect("a format");
    logged.iter().for_each(|(at, text)| reader.feed(*at, text.as_bytes()));
    reader.finish(AFTER);
    server.records = reader.into_records();
    let evidence = if fault { with_fault(evidence, "stop", "server", true) } else { evidence };
    let findings = judge(Case { evidence: &evidence, scenario: &scenario.file, system: &system.file });
    findings.into_iter().map(|finding| (finding.kind, finding.message)).collect()
}

fn kinds(evidence: &Evidence) -> Vec<FindingKind> {
    kinds_in("", evidence)
}

const ERROR: &str = "ERROR quietdown_store::client: server is unreachable call=1\n";
const PANIC: &str = "thread 'x' panicked at src/a.rs:1:2:\nboom\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";

#[test]
fn a_run_in_which_nothing_happens_passes() {
    assert_eq!(kinds(&run()), []);
}

#[test]
fn a_planned_stop_must_be_quiet() {
    let stopped = with_fault(run(), "stop", "server", true);
    let quiet = with_log(
        called(stopped.clone(), CallResult::Shutdown),
        "a",
        AFTER,
        "DEBUG quietdown_store::client: server is shutting down call=1\n",
    );
    assert_eq!(kinds(&quiet), []);
    for level in ["INFO", "WARN", "ERROR"] {
        let loud = with_log(
            called(stopped.clone(), CallResult::Shutdown),
            "a",
            AFTER,
            &format!("{level:>5} quietdown_store::client: server is shutting down call=1\n"),
        );
        assert_eq!(kinds(&loud), [FindingKind::LevelAboveDebug], "{level}");
    }
    let lifecycle = with_log(stopped.clone(), "server", AFTER, " INFO quietdown_store::server: stopped\n");
    assert_eq!(kinds(&lifecycle), [], "the system file allows this line");
    let other = with_log(stopped, "server", AFTER, " INFO quietdown_store::server: something else\n");
    assert_eq!(kinds(&other), [FindingKind::LevelAboveDebug]);
}

#[test]
fn an_unplanned_failure_must_be_reported_exactly_once() {
    let failed = called(with_fault(run(), "kill", "server", false), CallResult::Unreachable);
    assert_eq!(kinds(&failed), [FindingKind::NotReported]);
    let once = with_log(failed, "a", AFTER, ERROR);
    assert_eq!(kinds(&once), []);
    assert_eq!(kinds(&with_log(once, "a", AFTER, ERROR)), [FindingKind::ReportedTwice]);
}

#[test]
fn a_call_that_recovered_owes_nothing_and_may_say_nothing() {
    let recovered = called(with_fault(run(), "cut", "a", false), CallResult::Ok);
    assert_eq!(kinds(&recovered), []);
    assert_eq!(kinds(&with_log(recovered, "a", AFTER, ERROR)), [FindingKind::LevelAboveDebug]);
}

#[test]
fn a_crash_that_is_called_a_shutdown_is_found() {
    let killed = called(with_fault(run(), "kill", "server", false), CallResult::Shutdown);
    assert_eq!(kinds(&killed), [FindingKind::OverSuppressed]);
    // A stop of an earlier boot explains nothing after the server was ready again.
    let mut restarted = killed;
    restarted.faults[0].at = 50;
    restarted = with_fault(restarted, "restart", "server", true);
    restarted.faults[1].at = 2;
    restarted.processes[0].boots[0].ready = Some(5);
    assert_eq!(kinds(&restarted), [FindingKind::OverSuppressed]);
    restarted.processes[0].boots[0].ready = Some(60);
    assert_eq!(kinds(&restarted), [], "it came back only after the call had begun");
}

#[test]
fn tracebacks_and_stray_text_are_found_wherever_they_are() {
    assert_eq!(kinds(&with_log(run(), "server", BEFORE, PANIC)), [FindingKind::Traceback]);
    assert_eq!(kinds(&with_log(run(), "a", BEFORE, "double free\n")), [FindingKind::LevelAboveInfo]);
    assert_eq!(
        kinds(&with_log(run(), "a", BEFORE, " WARN quietdown_store::client: odd\n")),
        [FindingKind::LevelAboveInfo]
    );
    assert_eq!(kinds(&with_log(run(), "a", BEFORE, " INFO quietdown_store::client: fine\n")), []);
}

#[test]
fn a_free_running_process_reports_once_per_outage() {
    let warned = " WARN quietdown_store::client: server is unreachable op=dequeue_rollout\n";
    assert_eq!(kinds(&with_log(run(), "r", BEFORE, warned)), [FindingKind::LevelAboveInfo], "there was no outage");
    let once = with_log(with_fault(run(), "kill", "server", false), "r", AFTER, warned);
    assert_eq!(kinds(&once), []);
    assert_eq!(kinds(&with_log(once, "r", AFTER, warned)), [FindingKind::ReportedTwice]);
}

#[test]
fn a_line_that_is_demanded_is_allowed_and_must_be_there() {
    let demanded = "[[expect.line]]\nprocess = \"a\"\nline = \"unreachable-error\"\ncount = 1";
    assert_eq!(kinds_in(demanded, &run()), [FindingKind::LineCount]);
    let there = with_log(run(), "a", BEFORE, "ERROR quietdown_store::client: server is unreachable\n");
    assert_eq!(kinds_in(demanded, &there), []);
}

#[test]
fn ends_are_judged() {
    let mut odd = run();
    odd.processes[1].boots[0].exit = Some(ProcessExit { at: 900, code: Some(1), signal: None });
    assert_eq!(kinds(&odd), [FindingKind::ExitStatus]);
    let mut by_itself = run();
    by_itself.processes[0].boots[0].asked = None;
    assert_eq!(kinds(&by_itself), [FindingKind::ExitStatus], "status 0, but nobody had told it to end");
    let mut late = run();
    late.processes[0].boots[0].late = true;
    assert_eq!(kinds(&late), [FindingKind::ExitLate]);
    let mut leaves = run();
    leaves.processes[0].left_behind.push("sleep 9".into());
    assert_eq!(kinds(&leaves), [FindingKind::DescendantLeft]);
}

#[test]
fn a_fault_that_met_nothing_and_a_call_that_never_ended_are_found() {
    let mut void = with_fault(run(), "cut", "a", false);
    void.faults[0].fired = None;
    assert_eq!(kinds(&void), [FindingKind::FaultNotFired]);
    assert_eq!(kinds(&with_call(run(), "health", json!({}), None)), [FindingKind::CallNeverEnded]);
    let mut other = called(run(), CallResult::Ok);
    other.history[0].expected = Some(CallResult::Shutdown.into());
    assert_eq!(kinds(&other), [FindingKind::CallResult]);
    let mut returns = called(run(), CallResult::Ok);
    returns.history[0].returns = Some(json!({"status": "queuing"}));
    assert_eq!(kinds(&returns), [FindingKind::CallReturns]);
}

#[test]
fn what_was_acknowledged_is_there_exactly_once() {
    let wrote = |result| with_call(run(), "enqueue_rollout", json!({"input": 7}), Some(result));
    let read = |evidence: Evidence, items: Value| with_read(evidence, Ok(json!({"items": items})));
    let item = json!({"rollout_id": "ro-1", "input": 7});
    assert_eq!(kinds(&read(wrote(CallResult::Ok), json!([item]))), []);
    assert_eq!(
        kinds(&read(wrote(CallResult::Ok), json!([item, {"rollout_id": "ro-2", "input": 7}]))),
        [FindingKind::Duplicated]
    );
    assert_eq!(kinds(&read(wrote(CallResult::Ok), json!([]))), [FindingKind::Lost]);
    assert_eq!(kinds(&read(run(), json!([item]))), [FindingKind::Phantom], "nobody wrote it");
    for there in [json!([]), json!([item])] {
        assert_eq!(kinds(&read(wrote(CallResult::Lost), there)), [], "its effect is unknown");
    }
    assert_eq!(kinds(&with_read(run(), Err("refused".into()))), [FindingKind::FinalRead]);
}

#[test]
fn a_flood_is_one_problem() {
    let flood = " WARN quietdown_store::client: again\n".repeat(1000);
    assert_eq!(kinds(&with_log(run(), "a", BEFORE, &flood)).len(), super::FINDINGS_BOUND + 1);
}

#[test]
fn a_traceback_is_told_with_language_exception_place_cause_and_record() {
    let java = "ERROR app: request failed\njava.io.IOException: gone\n\tat a.B.c(B.java:7)\nCaused by: a.Error: why\n";
    let found = said("", &with_log(run(), "a", BEFORE, java), FindingKind::Traceback);
    let [text] = found.as_slice() else { panic!("one finding: {found:?}") };
    assert!(text.starts_with("a traceback of Java: java.io.IOException: gone, at B.java:7, caused by a.Error: why\n"));
    assert!(text.contains("\nERROR app: request failed\n"), "{text}");
}

/// The messages and excerpts of the findings of one kind.
fn said(scenario: &str, evidence: &Evidence, kind: FindingKind) -> Vec<String> {
    let scenario = format!("summary = \"x\"\n[processes.a]\n[processes.r]\nrole = \"runner\"\n{scenario}");
    let scenario = Scenario::parse(Path::new("x.toml"), &scenario).expect("a scenario");
    let system = System::store();
    let findings = judge(Case { evidence, scenario: &scenario.file, system: &system.file });
    let of_kind = findings.into_iter().filter(|finding| finding.kind == kind);
    of_kind.map(|finding| format!("{}\n{}", finding.message, finding.excerpt.join("\n"))).collect()
}

const TALK: &str = "DEBUG app: request ro-1 begun call=1 size=10\nDEBUG app: request ro-2 begun call=2 size=20\n\
                    DEBUG app: request ro-1 answered call=1 status=200\n";

#[test]
fn a_line_is_described_by_level_target_message_and_fields() {
    let evidence = with_log(run(), "a", BEFORE, TALK);
    for (line, count) in [
        ("level = \">= info\"", 0),
        ("level = \"<= DEBUG\"", 3),
        ("target = \"a*\"", 3),
        ("target = \"ap\"", 0),
        ("message = \"begun\"", 2),
        ("message = { glob = \"request * answered\" }", 1),
        ("message = { regex = '^request ro-\\d' }", 3),
        ("fields = { call = \"1\" }", 2),
        ("fields = { size = { regex = '^[12]0$' } }", 2),
        ("message = \"begun\"\nfields = { call = \"3\" }", 0),
    ] {
        let expect = |count: u64| format!("[[expect.line]]\nprocess = \"a\"\n{line}\ncount = {count}\n");
        assert_eq!(kinds_in(&expect(count), &evidence), [], "{line}");
        assert_eq!(kinds_in(&expect(count + 1), &evidence), [FindingKind::LineCount], "{line}");
        let absent = kinds_in(&format!("[[expect.absent]]\nrole = \"client\"\n{line}\n"), &evidence);
        assert_eq!(absent, vec![FindingKind::LinePresent; usize::from(count > 0)], "{line}");
    }
}

#[test]
fn order_phase_and_captures_narrow_down() {
    let evidence = with_fault(with_log(run(), "a", BEFORE, TALK), "stop", "server", true);
    let evidence = with_log(evidence, "r", AFTER, "DEBUG app: request ro-1 begun\n");
    let begun =
        "[[expect.line]]\nname = \"begun\"\nprocess = \"a\"\nmessage = { regex = 'request (?<id>ro-2) begun' }\n";
    for (rest, kinds) in [
        // `ro-2` was never answered.
        ("[[expect.line]]\nprocess = \"a\"\nmessage = { regex = 'request (?<id>\\S+) answered' }\n", 1),
        ("[[expect.line]]\nprocess = \"a\"\nmessage = { regex = 'request (?<other>\\S+) answered' }\n", 0),
        ("[[expect.line]]\nprocess = \"a\"\nmessage = \"answered\"\nafter = \"begun\"\n", 0),
        ("[[expect.line]]\nprocess = \"a\"\nmessage = \"ro-1 begun\"\nafter = \"begun\"\n", 1),
        ("[[expect.line]]\nprocess = \"r\"\nmessage = \"ro-1 begun\"\nafter = \"begun\"\nphase = \"after-fault\"\n", 0),
        ("[[expect.line]]\nrole = \"runner\"\nmessage = \"ro-1 begun\"\nphase = \"before-fault\"\n", 1),
        ("[[expect.absent]]\nmessage = \"begun\"\nphase = \"before-fault\"\n", 1),
        ("[[expect.absent]]\nprocess = \"a\"\nmessage = \"begun\"\nphase = \"after-fault\"\n", 0),
    ] {
        assert_eq!(kinds_in(&[begun, rest].concat(), &evidence).len(), kinds, "{rest}");
    }
}

#[test]
fn a_missing_line_shows_the_nearest_ones_and_why_they_are_not_it() {
    let evidence = with_log(run(), "a", BEFORE, TALK);
    let expect =
        "[[expect.line]]\nprocess = \"a\"\nlevel = \"WARN\"\nmessage = \"answered\"\nfields = { call = \"2\" }\n";
    let found = said(expect, &evidence, FindingKind::LineCount);
    let [text] = found.as_slice() else { panic!("one finding: {found:?}") };
    for part in [
        "the line WARN \"answered\" call=\"2\" is there 0 times, and must be at least 1",
        "near: DEBUG app: request ro-1 answered call=1 status=200",
        "the level is DEBUG, must be WARN",
        "the field call is \"1\", must be \"2\"",
        "the message does not contain \"answered\"",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let begun = "[[expect.line]]\nname = \"b\"\nprocess = \"a\"\nmessage = { regex = '(?<id>ro-2) begun' }\n";
    let later = "[[expect.line]]\nprocess = \"a\"\nmessage = { regex = '(?<id>\\S+) answered' }\n";
    let found = said(&[begun, later].concat(), &evidence, FindingKind::LineCount);
    assert!(found[0].contains("`id` is \"ro-1\" here, and was \"ro-2\" before"), "{found:?}");
}

#[test]
fn a_policy_moves_the_bounds() {
    let quiet = with_fault(run(), "kill", "server", false);
    assert_eq!(kinds_in("[expect]\npolicy = \"quiet\"\n", &quiet), kinds(&quiet));
    let not_loud = kinds_in("[expect]\npolicy = \"loud\"\n", &quiet);
    assert_eq!(not_loud.iter().filter(|kind| **kind == FindingKind::NotReported).count(), 1 + kinds(&quiet).len());
    let loud = with_log(quiet, "a", AFTER, "ERROR quietdown_store::client: gone\n");
    let of_loud = kinds_in("[expect]\npolicy = \"loud\"\n", &loud);
    assert!(!of_loud.contains(&FindingKind::NotReported), "{of_loud:?}");
    let policy = "[policies.chatty]\nsummary = \"x\"\nbefore = \"ERROR\"\nafter = \"WARN\"\ntracebacks = true\n";
    let system =
        System::parse(Path::new("x.toml"), &format!("{}\n{policy}", System::store().source)).expect("a system");
    let scenario = "summary = \"x\"\n[processes.a]\n[processes.r]\nrole = \"runner\"\n[expect]\npolicy = \"chatty\"\n";
    let scenario = Scenario::parse(Path::new("x.toml"), scenario).expect("a scenario");
    scenario.check(&system).expect("it is known");
    let stopped = with_fault(with_log(run(), "a", BEFORE, "ERROR app: x\n"), "stop", "server", true);
    let stopped = with_log(stopped, "a", AFTER, &[PANIC, " WARN app: x\n"].concat());
    let judged = |evidence: &Evidence| judge(Case { evidence, scenario: &scenario.file, system: &system.file });
    assert_eq!(judged(&stopped), []);
    assert_eq!(judged(&with_log(stopped, "a", AFTER, "ERROR app: x\n"))[0].kind, FindingKind::LevelAboveDebug);
}

#[test]
fn text_outside_any_record_is_one_finding_whatever_came_before_it() {
    let text = " INFO quietdown_store::runner: runner started\nfatal: disk is full, 3 writes lost\nand more\n";
    assert_eq!(kinds(&with_log(run(), "r", BEFORE, text)), [FindingKind::LevelAboveInfo], "a block is one");
    assert_eq!(
        kinds(&with_log(with_fault(run(), "stop", "server", true), "r", AFTER, text)),
        [FindingKind::LevelAboveDebug]
    );
    let absent = "system = \"store\"\n[[expect.absent]]\nmessage = \"disk is full\"";
    let scenario = |text: &str| kinds_in(absent, &with_log(run(), "r", BEFORE, text));
    assert!(scenario(text).contains(&FindingKind::LinePresent));
    // Where the record right before it is a finding, it is part of that one.
    let noisy = "ERROR app: it broke\nfor two reasons\n INFO quietdown_store::runner: runner started\n";
    assert_eq!(kinds(&with_log(run(), "r", BEFORE, noisy)), [FindingKind::LevelAboveInfo]);
    let panicked = format!("{PANIC}and text\n");
    assert_eq!(kinds(&with_log(run(), "r", BEFORE, &panicked)), [FindingKind::Traceback], "one cause, one finding");
}

#[test]
fn text_outside_any_record_that_another_format_reads_is_said_to_look_like_it() {
    let message = |text: &str| {
        let scenario = "summary = \"x\"\n[processes.a]\n[processes.r]\nrole = \"runner\"\n";
        let scenario = Scenario::parse(Path::new("x.toml"), scenario).expect("a scenario");
        let (system, evidence) = (System::store(), with_log(run(), "r", BEFORE, text));
        let findings = judge(Case { evidence: &evidence, scenario: &scenario.file, system: &system.file });
        findings.into_iter().next().expect("a finding").message
    };
    let gunicorn = "[2026-11-25 22:00:00 +0000] [12] [ERROR] failed\n";
    let wanted = "it looks like `gunicorn`: the format in [log] is `tracing`";
    assert!(message(gunicorn).contains(wanted), "{}", message(gunicorn));
    let behind = "web-1 !! INFO:app:begun\n";
    let wanted = "it looks like `python` behind `web-1 !! `: say what stands before each line: `prefix` in [log]";
    assert!(message(behind).contains(wanted), "{}", message(behind));
    assert!(!message("disk is full\n").contains("looks like"));
}

#[test]
fn what_was_not_kept_of_a_single_record_is_truncated_too() {
    for text in
        [format!("DEBUG app: {}\n", "x".repeat(300 << 10)), format!("DEBUG app: a\n{}", " continued\n".repeat(20_000))]
    {
        assert_eq!(kinds(&with_log(run(), "r", BEFORE, &text)), [FindingKind::LogTruncated]);
    }
}

#[test]
fn under_the_calm_policy_info_and_a_banner_may_be_and_warnings_may_not() {
    let python = "\"python\"";
    let found = |keys: &str, at, text| {
        let found = found_abroad(keys, python, &[(at, text)], true).into_iter();
        found.map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    let calm = "policy = \"calm\"\n[log]\n";
    assert_eq!(found(calm, AFTER, "INFO:app:drained\n"), []);
    assert_eq!(found("[log]\n", AFTER, "INFO:app:drained\n"), [FindingKind::LevelAboveDebug]);
    assert_eq!(found(calm, AFTER, "WARNING:app:slow\n"), [FindingKind::LevelAboveDebug]);
    assert_eq!(found(calm, BEFORE, "WARNING:app:slow\n"), [FindingKind::LevelAboveInfo]);
    // A banner, and what is none: text after the process was ready.
    assert_eq!(found(calm, BEFORE, "  ___\n\nWelcome to app 1.0\n"), []);
    assert_eq!(found(calm, BEFORE + 6, "Welcome to app 1.0\n"), [FindingKind::LevelAboveInfo]);
    assert_eq!(found("[log]\n", BEFORE, "Welcome to app 1.0\n"), [FindingKind::LevelAboveInfo]);
    assert_eq!(found("[log]\nbanner = true\n", BEFORE, "Welcome to app 1.0\n"), []);
    assert_eq!(found("policy = \"calm\"\n[log]\nbanner = false\n", BEFORE, "Welcome\n"), [FindingKind::LevelAboveInfo]);
    // What comes later does not hide behind what was allowed, though nothing is between them.
    let both = found_abroad(calm, python, &[(BEFORE, "Welcome\n"), (AFTER, "fatal: disk is full\n")], true);
    assert_eq!(both.len(), 1, "{both:?}");
}

#[test]
fn a_word_that_is_no_known_level_is_named_with_the_way_to_map_it() {
    let line = "2026-11-25 22:00:00,123 AUDIT app: somebody came\n";
    let found = found_abroad("[log]\n", "\"python\"", &[(BEFORE, line)], false);
    let [(FindingKind::LevelAboveInfo, message)] = found.as_slice() else { panic!("{found:?}") };
    assert!(message.contains("levels = { AUDIT = \"info\" }"), "{message}");
    assert_eq!(found_abroad("[log]\nlevels = { AUDIT = \"info\" }\n", "\"python\"", &[(BEFORE, line)], false), []);
    let json = "{\"time\":\"x\",\"level\":\"audit\",\"msg\":\"somebody came\"}\n";
    let found = found_abroad("[log]\n", "\"json\"", &[(BEFORE, json)], false);
    assert!(found[0].1.contains("unknown level `audit`"), "{found:?}");
}

#[test]
fn a_format_without_levels_is_judged_for_stack_traces_only() {
    for (format, line) in [("\"raw\"", "anything at all\n"), ("\"go\"", "2026/11/25 22:00:00 anything at all\n")] {
        assert_eq!(found_abroad("[log]\n", format, &[(BEFORE, line)], false), []);
        let found = found_abroad("[log]\n", format, &[(BEFORE, PANIC)], false);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn a_report_that_does_not_say_its_call_is_shown_beside_the_one_that_is_missing() {
    let silent = "ERROR quietdown_store::client: server is unreachable\n";
    let evidence =
        with_log(called(with_fault(run(), "kill", "server", false), CallResult::Unreachable), "a", AFTER, silent);
    let scenario = Scenario::parse(Path::new("x.toml"), "summary = \"x\"\n[processes.a]\n").expect("a scenario");
    let system = System::store();
    let findings = judge(Case { evidence: &evidence, scenario: &scenario.file, system: &system.file });
    let missing = findings.iter().find(|finding| finding.kind == FindingKind::NotReported).expect("it is not reported");
    assert!(missing.excerpt[0].starts_with("without the field `call`: ERROR"), "{missing:?}");
}

/// The findings about lines that one process has logged in this order, at these times.
fn lines_found(expect: &str, logged: &[(&str, u64, &str)]) -> Vec<FindingKind> {
    let log = |evidence, (process, at, text): &(&str, u64, &str)| {
        with_log(evidence, process, *at, &format!("DEBUG app: {text}\n"))
    };
    kinds_in(&["system = \"store\"\n", expect].concat(), &logged.iter().fold(run(), log))
}

#[test]
fn a_line_comes_after_another_only_where_it_is_a_later_record() {
    let expect = "[[expect.line]]\nname = \"first\"\nprocess = \"a\"\nmessage = \"item\"\n[[expect.line]]\nprocess = \"PROCESS\"\nmessage = \"item\"\nafter = \"first\"\n";
    let (own, other) = (expect.replace("PROCESS", "a"), expect.replace("PROCESS", "r"));
    for (expect, logged, found) in [
        // It does not come after itself.
        (&own, vec![("a", 5, "item")], vec![FindingKind::LineCount]),
        (&own, vec![("a", 5, "item"), ("a", 5, "item")], vec![]),
        // Of another process its time is what counts, and at the same one nobody knows.
        (&other, vec![("a", 5, "item"), ("r", 5, "item")], vec![]),
        (&other, vec![("a", 5, "item"), ("r", 6, "item")], vec![]),
        (&other, vec![("a", 5, "item"), ("r", 4, "item")], vec![FindingKind::LineCount]),
    ] {
        assert_eq!(lines_found(expect, &logged), found, "{logged:?}");
    }
}

#[test]
fn what_a_capture_has_caught_is_narrowed_by_every_later_line() {
    let line =
        |verb: &str| format!("[[expect.line]]\nprocess = \"a\"\nmessage = {{ regex = 'item (?<id>\\d) {verb}' }}\n");
    let expect = ["put", "taken", "done"].map(line).concat();
    let all = [("a", 1, "item 1 put"), ("a", 2, "item 2 put"), ("a", 3, "item 2 taken")];
    let with = |last| lines_found(&expect, &[&all[..], &[("a", 4, last)]].concat());
    assert_eq!(with("item 2 done"), []);
    // It was put, but it was not the one that was taken.
    assert_eq!(with("item 1 done"), [FindingKind::LineCount]);
}

#[test]
fn a_kill_excuses_a_process_only_where_no_step_has_named_its_end() {
    let killed = with_fault(run(), "kill", "a", false);
    let ended = |expected: Option<&str>, signal: &str| {
        let mut evidence = killed.clone();
        let boot =
            &mut evidence.processes.iter_mut().find(|one| one.name == "a").expect("a process of the run").boots[0];
        boot.expected = expected.map(str::to_owned);
        boot.exit = Some(ProcessExit { at: FAULT, code: None, signal: Some(signal.to_owned()) });
        kinds(&evidence)
    };
    assert_eq!(ended(None, "SIGKILL"), []);
    assert_eq!(ended(Some("success"), "SIGKILL"), [FindingKind::ExitStatus]);
    assert_eq!(ended(None, "SIGSEGV"), [FindingKind::ExitStatus], "not what killed it");
}

#[test]
fn a_server_that_is_booted_to_read_its_data_has_not_come_back() {
    let request = serde_json::from_value(json!({
        "process": "r", "at": BEFORE, "connection": 1, "number": 1, "method": "GET", "path": "/", "finished": false, "request_bytes": 10, "response_bytes": 0,
    }));
    let mut killed = with_fault(run(), "kill", "server", false);
    killed.requests.push(request.unwrap_or_else(|why| panic!("{why}")));
    killed.processes.iter_mut().for_each(|process| {
        process.boots.iter_mut().filter(|boot| boot.asked == Some(Asked::Teardown)).for_each(|boot| boot.asked = None);
        let exit = ProcessExit { at: 900, code: Some(0), signal: None };
        process.boots.iter_mut().for_each(|boot| boot.exit.clone_from(&boot.exit.clone().or(Some(exit.clone()))));
    });
    let booted_again = |teardown_record| {
        let mut evidence = killed.clone();
        let boot = Boot {
            pid: 2,
            started: 800,
            ready: Some(810),
            teardown_record,
            asked: Some(Asked::Teardown),
            ..Boot::default()
        };
        evidence.processes[0].boots.push(boot);
        kinds(&evidence).contains(&FindingKind::NotReported)
    };
    assert!(booted_again(Some(0)), "only its data were read");
    assert!(!booted_again(None), "it came back");
}
