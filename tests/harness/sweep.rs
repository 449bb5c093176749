//! Sweeps: every point is counted once and the same way, goes on after a kill, and what fails is shown again by a file of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use quietdown::finding::FindingKind;
use quietdown::run::Runner;
use quietdown::scenario::{Scenario, SweepFault};
use quietdown::sweep::{Persistence, Spot, Sweep, SweepPlace, Verdict, cause};
use quietdown::system::System;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quietdown");

/// Two calls, the second of which needs the first one's answer.
const TWO_CALLS: &str = r#"
summary = "A rollout is enqueued and read"
[processes.a]
options = { retry = "2ms,10ms,30ms" }
[[step]]
do.call = { process = "a", op = "enqueue_rollout", args = { input = 1 }, save = "rollout" }
[[step]]
do.call = { process = "a", op = "get_rollout", args = { rollout_id = "${rollout.rollout_id}" }, returns = { status = "queuing" } }
[sweep]
recovers = ["fin", "rst"]
"#;

struct Bench {
    folder: tempfile::TempDir,
    scenario: PathBuf,
}

impl Bench {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = folder.path().join("swept.toml");
        std::fs::write(&scenario, text).expect("writes");
        Self { folder, scenario }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("sweep").arg(&self.scenario).args(arguments).env("TMPDIR", self.folder.path());
        command
    }

    fn sweep(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("starts")
    }

    /// The points that `--list` names.
    fn list(&self, arguments: &[&str]) -> Vec<String> {
        let listed = self.sweep(&[&["--list"], arguments].concat());
        assert!(listed.status.success(), "{}", said(&listed));
        String::from_utf8_lossy(&listed.stdout).lines().map(|line| line.trim().to_owned()).collect()
    }

    fn loaded(&self) -> (Scenario, System) {
        let scenario = Scenario::load(&self.scenario).expect("a scenario");
        let system = System::store();
        scenario.check(&system).expect("in order");
        (scenario, system)
    }

    fn runner(&self) -> Runner {
        Runner::new(PROGRAM).runs(self.path("runs")).without_snapshots()
    }
}

fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
    files.sort();
    files
}

#[test]
fn points_are_numbered_the_same_way_every_time_and_shards_have_each_of_them_once() {
    let bench = Bench::new(TWO_CALLS);
    let all = bench.list(&[]);
    // Of a write 14 places, of a read 11, as it has no body; 17 faults at each, but nothing to cancel after the answer.
    assert_eq!(all.len(), (14 + 11) * 17 - 2);
    assert_eq!(all, bench.list(&[]), "another clean run counts the same");
    let mut shards: Vec<String> =
        ["1/3", "2/3", "3/3"].iter().flat_map(|shard| bench.list(&["--shard", shard])).collect();
    shards.sort_by_key(|line| line.split(' ').next().and_then(|number| number.parse::<usize>().ok()));
    assert_eq!(shards, all);
    assert_eq!(bench.list(&["--points", "7"]), [all[6].clone()]);
    let rst: Vec<&String> = all.iter().filter(|line| line.contains("  rst ")).collect();
    assert_eq!(
        bench.list(&["--faults", "rst"]).iter().collect::<Vec<_>>(),
        rst,
        "numbers do not depend on what is chosen"
    );
}

#[test]
fn a_sharded_sweep_runs_what_an_unsharded_one_runs() {
    let bench = Bench::new(TWO_CALLS);
    let chosen = ["--faults", "fin,client-cancel", "--points", "request-sent,response-head"];
    let numbers = |folder: &Path| -> BTreeSet<u64> {
        let text = std::fs::read_to_string(folder.join("results.jsonl")).expect("results");
        let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["number"].as_u64();
        text.lines().filter_map(line).collect()
    };
    let run = |name: &str, more: &[&str]| {
        let folder = bench.path(name);
        let folder_name = folder.to_string_lossy().into_owned();
        let swept = bench.sweep(&[&chosen, ["--folder", folder_name.as_str()].as_slice(), more].concat());
        assert_eq!(code(&swept), Some(0), "{}", said(&swept));
        numbers(&folder)
    };
    let whole = run("whole", &[]);
    let (one, two) = (run("one", &["--shard", "1/2"]), run("two", &["--shard", "2/2"]));
    assert!(one.is_disjoint(&two) && !one.is_empty() && !two.is_empty());
    assert_eq!(&one | &two, whole);
}

#[test]
fn a_sweep_that_was_killed_goes_on_where_it_was() {
    let bench = Bench::new(TWO_CALLS);
    let folder = bench.path("kept").to_string_lossy().into_owned();
    let arguments = ["--faults", "rst,fin", "--folder", folder.as_str()];
    let mut killed = bench.command(&[&arguments[..], &["--jobs", "1"]].concat()).spawn().expect("starts");
    let results = Path::new(&folder).join("results.jsonl");
    let lines = || std::fs::read_to_string(&results).unwrap_or_default().lines().count();
    let deadline = Instant::now() + Duration::from_secs(120);
    while lines() < 3 && Instant::now() < deadline {
        // A file tells nobody when it grows.
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().expect("lives");
    killed.wait().expect("ends");
    let before = lines();
    let went_on = bench.sweep(&[&arguments[..], &["--budget", "1us"]].concat());
    assert_eq!(code(&went_on), Some(4), "not everything was tested\n{}", said(&went_on));
    let went_on = bench.sweep(&arguments);
    assert_eq!(code(&went_on), Some(0), "{}", said(&went_on));
    let text = said(&went_on);
    let before_word = text.split(" of them done before").next().unwrap_or_default();
    let done: usize = before_word.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    // The last line may have been half.
    assert!(done + 1 >= before && done >= 3, "{before} were there\n{text}");
    assert_eq!(lines(), (14 + 11) * 4, "each point once");
    let other = bench.sweep(&["--every-byte", "--folder", folder.as_str()]);
    assert_eq!(code(&other), Some(2), "other numbers do not belong to these results\n{}", said(&other));
}

#[test]
fn a_failing_point_is_written_as_a_small_scenario_that_shows_the_same_on_its_own() {
    let bench = Bench::new(TWO_CALLS);
    let folder = bench.path("kept").to_string_lossy().into_owned();
    let arguments =
        ["--faults", "rst", "--points", "request-sent", "--defect", "report-twice", "--folder", folder.as_str()];
    let swept = bench.sweep(&arguments);
    assert_eq!(code(&swept), Some(1), "{}", said(&swept));
    assert!(said(&swept).contains("reported-twice"), "{}", said(&swept));
    let written = files(&Path::new(&folder).join("failures"));
    // What is cut once is recovered from, and so reported never.
    assert_eq!(written.len(), 2, "every attempt at either call\n{}", said(&swept));
    let system = System::store();
    for path in written {
        let scenario = Scenario::load(&path).expect("a scenario");
        scenario.check(&system).expect("in order");
        let defective = bench.runner().defect("report-twice").run(&scenario, &system).expect("runs");
        assert!(defective.fails_with(FindingKind::ReportedTwice), "{:?}", defective.findings);
        let sound = bench.runner().run(&scenario, &system).expect("runs");
        assert!(sound.passed(), "{:?}", sound.findings);
        let calls = scenario.source.matches("op = ").count();
        let needed = if path.to_string_lossy().contains("get_rollout") { 3 } else { 2 };
        assert_eq!(calls, needed, "the call, its gate, and what the call needs\n{}", scenario.source);
    }
}

#[test]
fn a_fault_that_does_not_fire_is_no_pass() {
    let bench = Bench::new(TWO_CALLS);
    let (scenario, system) = bench.loaded();
    let recorded = Sweep::record(&scenario, &system, &bench.runner(), false).expect("records");
    let mut requests = recorded.requests().to_vec();
    // As if the call had made more requests before.
    requests[0].earlier = vec![None; 5];
    let sweep = Sweep::with_requests(&scenario, &system, &bench.runner(), false, requests);
    let point = sweep.points().into_iter().find(|point| point.strikes[0].fault == SweepFault::Rst).expect("a point");
    let (outcome, _) = sweep.run(&point);
    assert_eq!(outcome.verdict, Verdict::NotFired, "{:?}", outcome.findings);
}

#[test]
fn a_failing_timeline_of_several_faults_shrinks_to_the_one_that_matters() {
    let bench = Bench::new(&std::fs::read_to_string("scenarios/every-operation.toml").expect("the standard workload"));
    let (scenario, system) = bench.loaded();
    let recorded = Sweep::record(&scenario, &system, &bench.runner(), false).expect("records");
    let requests = recorded.requests().to_vec();
    let defective = bench.runner().defect("cancel-logged-as-error");
    let sweep = Sweep::with_requests(&scenario, &system, &defective, false, requests);
    let faults = [SweepFault::Rst, SweepFault::ClientCancel];
    let cancels = |number: &usize| {
        let point = sweep.timeline(7, *number, &faults)?;
        let of = |fault| point.strikes.iter().any(|strike| strike.fault == fault);
        (of(SweepFault::Rst) && of(SweepFault::ClientCancel)).then_some(point)
    };
    let point = (1..200).find_map(|number| cancels(&number)).expect("a timeline with both");
    let again = sweep.timeline(7, point.number, &faults).expect("a timeline");
    assert_eq!(again, point, "a seed and a number draw the same");
    let differ = (1..50).any(|number| sweep.timeline(8, number, &faults) != sweep.timeline(7, number, &faults));
    assert!(differ, "another seed draws others");
    let (outcome, _) = sweep.run(&point);
    assert_eq!(outcome.verdict, Verdict::Failed, "{:?}", outcome.findings);
    let minimal = sweep.minimal(&point.strikes, &outcome, None).expect("something is left");
    assert_eq!((minimal.strikes.len(), minimal.strikes[0].fault), (1, SweepFault::ClientCancel));
    assert_eq!(minimal.shown, minimal.runs, "{}", cause(&outcome.findings));
    let before = sweep.scenario_of(&point).expect("a scenario").text;
    assert!(minimal.composition.text.len() < before.len() / 2, "{}", minimal.composition.text);
    // The budget is that of making things small, too.
    let late = sweep.until(Some(std::time::Instant::now()));
    assert!(late.is_over() && late.minimal(&point.strikes, &outcome, None).is_none());
}

#[test]
fn every_byte_means_each_of_them() {
    let bench = Bench::new(TWO_CALLS);
    let (scenario, system) = bench.loaded();
    let recorded = Sweep::record(&scenario, &system, &bench.runner(), true).expect("records");
    let sizes = recorded.requests()[0].sizes;
    let parts = sizes.request_head + sizes.request_body + sizes.response_head + sizes.response_body;
    let places = SweepPlace::all(recorded.requests()[0].sizes, true);
    assert_eq!(places.len() as u64, parts + 2);
    let bytes: BTreeSet<String> = places.iter().map(ToString::to_string).collect();
    assert_eq!(bytes.len(), places.len(), "no place twice");
    let is_byte = |place: &&SweepPlace| matches!(place.spot, Some(Spot::Byte(_)));
    assert_eq!(places.iter().filter(is_byte).count() as u64, parts);
    // A byte in the middle of the answer: the client has it not whole, and asks again.
    let at = |strike: &quietdown::sweep::Strike| {
        strike.fault == SweepFault::Rst
            && strike.persistence == Persistence::Once
            && strike.place.to_string() == "response-body byte 7"
    };
    let point = recorded.points().into_iter().find(|point| at(&point.strikes[0])).expect("there is");
    let (outcome, _) = recorded.run(&point);
    assert_eq!(outcome.verdict, Verdict::Passed, "{:?}", outcome.findings);
}

#[test]
fn wrong_use_is_said_and_nothing_runs() {
    let bench = Bench::new(TWO_CALLS);
    for (arguments, part) in [
        (["--faults", "reset"], "`reset` is no fault of a sweep"),
        (["--points", "7-3"], "`7-3` is no number and no range"),
        (["--points", "no-such-call"], "no point is meant"),
        (["--shard", "4/3"], "write I/N"),
        (["--defect", "nothing-like-it"], "declares no defect `nothing-like-it`"),
        (["--budget", "3"], "no duration"),
        (["--variant", "better"], "has no variant `better`"),
    ] {
        let wrong = bench.sweep(&arguments);
        assert_eq!(code(&wrong), Some(2), "{arguments:?}\n{}", said(&wrong));
        assert!(said(&wrong).contains(part), "{arguments:?}\n{}", said(&wrong));
    }
    let fails = Bench::new(&TWO_CALLS.replace("queuing", "preparing"));
    let wrong = fails.sweep(&["--list"]);
    assert_eq!(code(&wrong), Some(1), "{}", said(&wrong));
    assert!(said(&wrong).contains("fails by itself") && said(&wrong).contains("call-returns"), "{}", said(&wrong));
}

#[test]
fn the_second_generation_is_what_only_a_fault_brings_about() {
    let bench = Bench::new(&TWO_CALLS.replace("retry =", "flag = false, probe = \"1ms,2ms\", retry ="));
    let (scenario, system) = bench.loaded();
    let first = Sweep::record(&scenario, &system, &bench.runner(), false).expect("records");
    let before = first.points();
    let sweep = first.with_second_generation().expect("records again");
    let labels: Vec<String> = sweep.requests().iter().map(quietdown::sweep::Recorded::label).collect();
    let again: Vec<&String> = labels.iter().filter(|label| label.ends_with("again after rst")).collect();
    // Another attempt at each call, and the question before it whether the server is well.
    assert_eq!(again.len(), 4, "{labels:?}");
    let points = sweep.points();
    assert_eq!(points[..before.len()], before, "the numbers of the first generation stay");
    assert!(points[before.len()..].iter().all(|point| point.strikes.len() == 2));
    let kill = |point: &&quietdown::sweep::SweepPoint| {
        let last = point.strikes[point.strikes.len() - 1];
        point.strikes.len() == 2
            && last.fault == SweepFault::Rst
            && last.persistence == Persistence::Once
            && last.place.to_string() == "response-head first byte"
    };
    let tried: Vec<_> = points.iter().filter(kill).map(|point| sweep.run(point).0).collect();
    assert_eq!(tried.len(), 4);
    for outcome in tried {
        assert_eq!(outcome.verdict, Verdict::Passed, "{:?}", outcome.findings);
    }
}

#[test]
fn a_sweep_writes_every_report_with_the_number_of_each_point_in_its_name_and_what_shows_it_again() {
    let bench = Bench::new(TWO_CALLS);
    let chosen = ["--faults", "rst", "--points", "enqueue_rollout", "--defect", "no-retry", "--jobs", "2"];
    let folder = bench.path("kept").to_string_lossy().into_owned();
    let file = |name: &str| bench.path(name).to_string_lossy().into_owned();
    let reports = [
        format!("--json={}", file("r.json")),
        format!("--junit={}", file("j.xml")),
        format!("--ctrf={}", file("c.json")),
        format!("--tap={}", file("t.tap")),
    ];
    let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
    let swept = bench.sweep(&[&chosen[..], &["--folder", &folder, "--fail-fast"], &reports].concat());
    assert_eq!(code(&swept), Some(1), "{}", said(&swept));
    let read = |name: &str| std::fs::read_to_string(bench.path(name)).expect(name);
    let results: serde_json::Value = serde_json::from_str(&read("r.json")).expect("JSON");
    assert_eq!(results["version"], 2);
    let tests = results["tests"].as_array().expect("tests");
    let all = bench.list(&["--faults", "rst", "--points", "enqueue_rollout"]).len();
    assert_eq!(tests.len(), all, "each point is a test, also one that was not begun");
    assert!(results["summary"]["not-tested"].as_u64().is_some_and(|left| left > 0), "{}", results["summary"]);
    let failed: Vec<_> = tests.iter().filter(|test| test["status"] == "failed").collect();
    let first = failed.first().expect("one failed");
    let number = first["point"].as_u64().expect("a number");
    let name = first["name"].as_str().expect("a name");
    assert!(name.starts_with(&format!("swept #{number}: rst ")) && name.contains(" of enqueue_rollout"), "{name}");
    assert_eq!(first["line"], 5, "the step that makes the call: {first}");
    let shown_by = first["shown_by"].as_str().expect("a file shows it again");
    assert!(Path::new(shown_by).is_file(), "{shown_by}");
    assert!(read("j.xml").contains(&format!("[[ATTACHMENT|{shown_by}]]")), "{}", read("j.xml"));
    assert!(read("t.tap").contains("not ok") && read("t.tap").contains("# SKIP not run"), "{}", read("t.tap"));
    assert!(read("c.json").contains(&format!("\"point\": {number}")), "{}", read("c.json"));
    let line = format!("FAIL  point {number}: rst ");
    let told = said(&swept);
    let told = told.lines().find(|told| told.starts_with(&line)).expect("a line with fault, place and cause");
    assert!(told.contains(" of enqueue_rollout") && told.contains("call-result"), "{told}");
}
