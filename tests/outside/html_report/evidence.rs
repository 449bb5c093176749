//! Saved runs, written by hand: evidence of a shop whose client meets a cut.

// Each program uses some of it.
#![allow(dead_code)]

use serde_json::{Value, json};

/// The system of these runs.
pub const SYSTEM: &str = r#"
name = "shop"
summary = "A server with a client"
[log]
format = "tracing"
[roles.server]
kind = "server"
command = ["shop"]
ready = { line = "ready" }
exit = "clean"
[roles.client]
kind = "driven"
command = ["client"]
exit = "clean"
[lines]
ready = { message = "ready" }
[exits]
clean = { status = [0] }
"#;

/// A scenario of it; its fault is step 2, in line 6.
pub const SCENARIO: &str = "summary = \"A cut\"\n[processes.a]\n\n[[step]]\ndo.start = { process = \"a\" }\n[[step]]\ndo.cut = { link = \"a\", mode = \"rst\" }\n";

pub fn record(at: u64, level: &str, message: &str) -> Value {
    json!({ "at": at, "stream": "stderr", "level": level, "target": "shop::client", "message": message, "fields": [["call", "1"]] })
}

pub fn request(number: u64, at: u64, path: &str, whole: bool) -> Value {
    json!({
        "process": "a", "at": at, "ended": at + 30_000, "connection": number, "number": number, "method": "POST", "path": path,
        "phase": if whole { "response-sent" } else { "request-sent" }, "request_bytes": 120, "request_head": 100,
        "response_bytes": if whole { 90 } else { 0 }, "response_head": if whole { 70 } else { 0 }, "status": if whole { json!(200) } else { Value::Null }, "finished": whole
    })
}

/// A run in which the second request is cut, and the client writes a traceback.
pub fn cut(records: Vec<Value>) -> Value {
    let exit = json!({ "at": 290_000, "code": 0 });
    json!({
        "scenario": "cut-once", "scenario_source": SCENARIO, "system_source": SYSTEM, "folder": "/tmp/runs/cut-once", "began": 1.7e9, "took": 300_000,
        "processes": [
            { "name": "server", "role": "server", "boots": [{ "pid": 11, "started": 1_000, "ready": 20_000, "first_record": 0, "exit": exit, "asked": "teardown" }],
              "records": [record(20_000, "INFO", "ready"), record(280_000, "INFO", "stopped")] },
            { "name": "a", "role": "client", "boots": [{ "pid": 12, "started": 21_000, "ready": 22_000, "first_record": 0 }], "records": records }
        ],
        "history": [
            { "name": "first", "process": "a", "number": 1, "op": "add", "args": {}, "begun": 40_000, "ended": 75_000, "result": "ok", "effect": "applied" },
            { "name": "second", "process": "a", "number": 2, "op": "add", "args": {}, "begun": 100_000, "ended": 160_000, "result": "transport", "effect": "unknown", "error": "connection reset" }
        ],
        "requests": [request(1, 41_000, "/items", true), request(2, 101_000, "/items", false)],
        "faults": [{ "at": 120_000, "step": 2, "action": "cut", "target": "a", "planned": false, "fired": "1 connection", "request": "POST /items" }],
        "steps": [{ "number": 1, "what": "do start a", "done": 22_000 }, { "number": 2, "what": "do cut a", "done": 121_000 }],
        "teardown": 270_000
    })
}
