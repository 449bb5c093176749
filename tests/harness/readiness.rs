//! What a process does before it is ready: what it prints, and requests that a gate stops. With Python programs as processes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use quietdown::finding::FindingKind;
use quietdown::run::{Report, Runner};
use quietdown::scenario::Scenario;
use quietdown::system::System;
use rstest::rstest;

const PROGRAM: &str = env!("CARGO_BIN_EXE_quietdown");

const SYSTEM: &str = r#"
name = "boots"
summary = "A server that says much before it answers, and a client that is ready only after its first request"
policy = "calm"
[log]
format = "python"
[roles.server]
kind = "server"
command = ["python3", "FOLDER/server.py"]
env = { PORT = "${port}" }
ready = { http = "/health" }
exit = "success"
lifecycle = ["stopping"]
[roles.client]
kind = "free-running"
command = ["python3", "FOLDER/client.py"]
env = { SERVER = "${server}" }
ready = { line = "registered" }
exit = "success"
lifecycle = ["registered"]
[lines]
registered = { message = "registered" }
stopping = { message = "stopping" }
[operations]
register = { method = "GET", path = "/register" }
[exits]
success = { status = [0] }
"#;

/// The pipe is full when the answer is sent that makes it ready: 2000 lines of 32 bytes.
const SERVER: &str = r#"
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
signal.signal(signal.SIGUSR1, lambda *_: os.write(2, b"fatal: disk is full\nINFO:server:stopping\n"))
class Handler(http.server.BaseHTTPRequestHandler):
    greeted = False
    def do_GET(self):
        if self.path == "/health" and not Handler.greeted:
            Handler.greeted = True
            os.write(2, b"this is line 0000 of the banner\n" * 2000)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_): pass
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"#;

/// Registers, is ready then, and works until it is told to end. It reports once what went wrong, and gives up after a while.
const CLIENT: &str = r#"
import http.client, os, signal, sys, time, urllib.request
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
reported = False
for attempt in range(40):
    try:
        urllib.request.urlopen(os.environ["SERVER"] + "/register", timeout=20).read()
        break
    except (OSError, http.client.HTTPException) as why:
        if not reported:
            print(f"WARNING:client:not registered: {why}", file=sys.stderr, flush=True)
        reported = True
        time.sleep(0.05)
else:
    os._exit(0)
print("INFO:client:registered", file=sys.stderr, flush=True)
while True:
    signal.pause()
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        place.write("server.py", SERVER);
        place.write("client.py", CLIENT);
        place.write("system.toml", &SYSTEM.replace("FOLDER", &place.0.path().display().to_string()));
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("written");
    }

    fn run(&self, scenario: &str) -> Report {
        let system = System::load(&self.0.path().join("system.toml").display().to_string()).expect("a system");
        let scenario = Scenario::parse(Path::new("boots.toml"), &format!("summary = \"x\"\n{scenario}"));
        let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
        scenario.check(&system).unwrap_or_else(|wrong| panic!("{wrong}"));
        let runner = Runner::new(PROGRAM).runs(self.0.path().join("runs")).without_snapshots();
        runner.run(&scenario, &system).expect("a run")
    }
}

/// Its answer comes before anybody has read what it wrote before.
#[test]
fn a_banner_ends_where_the_process_was_ready_however_late_it_is_read() {
    needs_python!();
    let report = Place::new().run("[processes.server]\n");
    assert!(report.passed(), "{:#?}", report.findings);
    assert_eq!(report.evidence.processes[0].records.len(), 2000);
}

#[test]
fn text_after_readiness_is_no_banner() {
    needs_python!();
    let report = Place::new().run(
        "[processes.server]\n[[step]]\ndo.signal = { process = \"server\", signal = \"SIGUSR1\", planned = true }\n[[step]]\non.line = { process = \"server\", line = \"stopping\" }\n",
    );
    let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::LevelAboveDebug], "{:#?}", report.findings);
    assert!(report.findings[0].excerpt[0].contains("fatal: disk is full"), "{:#?}", report.findings);
}

/// In one write: no time is between the two.
#[test]
fn a_banner_ends_at_the_very_line_that_says_that_the_process_is_ready() {
    needs_python!();
    let place = Place::new();
    let server = "sleep 1000 & trap 'kill $!; exit 0' TERM; printf 'welcome\\nINFO:server:registered\\nfatal: disk is full\\n'; wait";
    let system = SYSTEM.replace(r#"["python3", "FOLDER/server.py"]"#, &format!("['sh', '-c', '''{server}''']"));
    place.write("system.toml", &system.replace("{ http = \"/health\" }", "{ line = \"registered\" }"));
    let report = place.run("[processes.server]\n");
    let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::LevelAboveInfo], "{:#?}", report.findings);
    assert!(report.findings[0].excerpt[0].contains("fatal: disk is full"), "{:#?}", report.findings);
}

#[rstest]
#[case::cut("do.cut = { mode = \"rst\" }", "[[step]]\non.ready = { process = \"client\" }")]
#[case::the_server_is_killed("do.kill = { process = \"server\" }", "")]
#[case::the_server_is_restarted(
    "do.kill = { process = \"server\" }",
    "[[step]]\ndo.start = { process = \"server\" }\n[[step]]\non.ready = { process = \"client\" }"
)]
#[case::nothing("", "")]
fn a_gate_on_a_request_that_a_process_needs_to_be_ready_is_met(#[case] action: &str, #[case] then: &str) {
    needs_python!();
    let began = Instant::now();
    let report = Place::new().run(&format!(
        "[processes.client]\n[[step]]\non.request = {{ process = \"client\", op = \"register\", phase = \"request-sent\" }}\n{action}\n{then}\n"
    ));
    assert!(report.passed(), "{:#?}", report.findings);
    assert!(report.evidence.steps.iter().all(|step| step.done.is_some()), "{:#?}", report.evidence.steps);
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}

/// A process that nothing keeps from it must be ready: also where gates come later.
#[test]
fn a_process_that_is_not_ready_although_nothing_holds_it_fails_the_run() {
    needs_python!();
    let place = Place::new();
    let impatient = "ready = { line = \"stopping\", within = \"2s\" }";
    let system = SYSTEM.replace("ready = { line = \"registered\" }", impatient);
    place.write("system.toml", &system.replace("FOLDER", &place.0.path().display().to_string()));
    let report = place.run(
        "[processes.client]\n[[step]]\non.request = { process = \"client\", op = \"register\", phase = \"request-sent\" }\n",
    );
    assert_eq!(report.findings[0].kind, FindingKind::StepFailed, "{:#?}", report.findings);
    assert!(report.findings[0].message.contains("`client` to be ready: not within 2s"), "{:#?}", report.findings);
    assert!(report.evidence.steps[0].done.is_some(), "the gate was met all the same");
}

#[test]
fn every_point_of_a_request_that_comes_before_readiness_is_swept() {
    needs_python!();
    let place = Place::new();
    place.write("base.toml", "summary = \"A client registers\"\n[processes.client]\n[sweep]\noutage = \"5ms\"\n");
    let began = Instant::now();
    let mut command = Command::new(PROGRAM);
    command.args(["sweep", "base.toml", "--system", "./system.toml", "--folder", "results", "--jobs", "2"]);
    command.args(["--faults", "rst,server-kill"]);
    // Once its answer has passed the client closes: what is done to the connection then meets nothing.
    command.args(["--points", "request-head,request-sent,response-head,response-body"]);
    let output = command.current_dir(place.0.path()).stdin(Stdio::null()).output().expect("a sweep");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("not fired"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(240), "{said}");
}
