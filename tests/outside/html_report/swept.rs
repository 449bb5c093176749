//! The page of a sweep that nobody has run: as large as is wanted.

use std::time::Duration;

use quietdown::evidence::{Call, CallEffect, CallResult, Evidence, Fault, ProcessEvidence, SeenRequest, StepEvidence};
use quietdown::finding::{Finding, FindingKind};
use quietdown::report::html::{HtmlSweep, PointEnd};
use quietdown::sweep::{Outcome, Recorded, SweepPoint, Verdict};
use quietdown_log::{Level, Record, Stream};
use serde_json::{Value, from_value, json};

/// Records of a point.
pub const RECORDS: usize = 100;
const REQUESTS: usize = 25;

/// The page of a sweep of so many points, each with [`RECORDS`] records; each twentieth has failed.
pub fn page(points: usize) -> std::io::Result<String> {
    let requests: Vec<Recorded> = (0..REQUESTS).map(recorded).collect();
    let points: Vec<SweepPoint> = (0..points).map(point).collect();
    let outcomes: Vec<Outcome> = points.iter().map(|point| outcome(point.number)).collect();
    let mut page = HtmlSweep::default();
    for (point, outcome) in points.iter().zip(&outcomes) {
        page.keep(point.number, &evidence(point.number), &outcome.findings, "calls\n  a add first: ok, applied\n");
    }
    let ends: Vec<PointEnd<'_>> =
        points.iter().zip(&outcomes).map(|(point, outcome)| PointEnd { point, outcome: Some(outcome) }).collect();
    let text = page.page("sweep of everything", &ends, &requests, Duration::from_secs(60), true, |_| None);
    text.map_err(Into::into)
}

fn of_json<T: serde::de::DeserializeOwned>(value: Value) -> T {
    from_value(value).unwrap_or_else(|why| panic!("{why}"))
}

fn recorded(number: usize) -> Recorded {
    of_json(json!({
        "process": "a", "call": format!("add-{number}"), "op": "add", "method": "POST", "path": "/items", "earlier": [], "steps": [0, 1],
        "sizes": { "request_head": 80, "request_body": 20, "response_head": 60, "response_body": 10 }
    }))
}

fn point(index: usize) -> SweepPoint {
    let phases = ["request-head", "request-body", "request-sent", "response-head", "response-body", "response-sent"];
    let faults = ["fin", "rst", "hold", "refuse", "server-stop", "server-kill", "pause"];
    let strike = json!({
        "request": index % REQUESTS, "place": { "phase": phases[index / REQUESTS % phases.len()] }, "fault": faults[index % faults.len()], "persistence": "once"
    });
    of_json(json!({ "number": index + 1, "strikes": [strike] }))
}

fn outcome(number: usize) -> Outcome {
    let failed = number.is_multiple_of(20);
    let finding =
        Finding::new(FindingKind::LevelAboveDebug, "ERROR after a fault").process("a").excerpt([said(number, 60)]);
    Outcome {
        strikes: Vec::new(),
        number,
        verdict: if failed { Verdict::Failed } else { Verdict::Passed },
        findings: if failed { vec![finding] } else { Vec::new() },
        took: 200_000,
    }
}

fn said(number: usize, record: usize) -> String {
    format!(
        "ERROR shop::client: request {record} of {number} was not answered, trying again call={record} attempt={}",
        record % 4
    )
}

fn evidence(number: usize) -> Evidence {
    let at = |record: usize| (record * 2_000 + number % 50) as u64;
    let record = |index: usize| -> Record {
        let level = match (index, index % 8) {
            (60, _) if number.is_multiple_of(20) => Level::Error,
            (_, 0) => Level::Info,
            _ => Level::Debug,
        };
        let message = format!("request {index} of {number} was not answered, trying again");
        let fields = [("call", index.to_string()), ("attempt", (index % 4).to_string())];
        of_json(
            json!({ "at": at(index), "stream": Stream::Stderr, "level": level, "target": "shop::client", "message": message, "fields": fields }),
        )
    };
    let process = |name: &str, records: Vec<Record>| ProcessEvidence {
        name: name.to_owned(),
        role: name.to_owned(),
        boots: vec![of_json(
            json!({ "pid": 1000 + number, "started": 100, "ready": 20_000, "first_record": 0, "exit": { "at": 199_000, "code": 0 } }),
        )],
        records,
        ..ProcessEvidence::default()
    };
    let request = |index: usize| -> SeenRequest {
        of_json(json!({
            "process": "a", "at": at(index * 4), "ended": at(index * 4) + 900, "connection": index, "number": index + 1, "method": "POST", "path": "/items",
            "phase": "response-sent", "request_bytes": 100, "response_bytes": 70, "request_head": 80, "response_head": 60, "status": 200, "finished": true
        }))
    };
    let call = |index: usize| Call {
        name: format!("add-{index}"),
        process: "a".to_owned(),
        number: index as u64,
        op: "add".to_owned(),
        args: Value::Null,
        begun: at(index * 4),
        ended: Some(at(index * 4) + 1_000),
        result: Some(CallResult::Ok),
        effect: CallEffect::Applied,
        value: None,
        error: None,
        expected: None,
        further: Vec::new(),
        returns: None,
    };
    Evidence {
        scenario: "everything".to_owned(),
        took: 200_000,
        processes: vec![
            process("server", (0..RECORDS / 2).map(record).collect()),
            process("a", (RECORDS / 2..RECORDS).map(record).collect()),
        ],
        requests: (0..REQUESTS).map(request).collect(),
        history: (0..REQUESTS).map(call).collect(),
        steps: (1..=REQUESTS)
            .map(|number| StepEvidence {
                number,
                what: "do call add".to_owned(),
                met: None,
                done: Some(at(number * 4)),
            })
            .collect(),
        faults: vec![Fault {
            at: at(50),
            step: 12,
            action: "cut".to_owned(),
            target: "a".to_owned(),
            planned: false,
            fired: Some("1 connection".to_owned()),
            request: Some("POST /items".to_owned()),
            calls: Vec::new(),
        }],
        ..Evidence::default()
    }
}
