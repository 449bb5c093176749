//! The exchanges that were recorded with agent-lightning 0.3.0, one after the other, against this server.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::booted::Booted;

/// What this server answers where it means to differ. Every reason is a line of `docs/store.md`.
struct Deviation {
    /// The exchanges, by their place in the recording.
    exchanges: &'static [usize],
    ours: Ours,
    why: &'static str,
}

enum Ours {
    /// This status, with this detail.
    Refuses(u16, &'static str),
    /// The same status and shape: a list of mistakes, each with its kind, its place and a message.
    OtherMistakes,
    /// The same status and kind of body, in other words that begin like this.
    OtherWords(&'static str),
    /// The same but for these fields: absent, or of another value.
    OtherFields(&'static [&'static str]),
}

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        exchanges: &[34, 35, 36, 37, 38],
        ours: Ours::Refuses(404, "unknown rollout ro-x"),
        why: "What does not exist is answered with 404",
    },
    Deviation {
        exchanges: &[46, 47, 48, 49, 55],
        ours: Ours::OtherMistakes,
        why: "A 422 tells of the first mistake only, in words of its own",
    },
    Deviation {
        exchanges: &[58],
        ours: Ours::OtherWords("Unable to parse OTLP traces payload: "),
        why: "What is wrong with a protobuf message is told in words of its own",
    },
    Deviation {
        exchanges: &[33],
        ours: Ours::OtherFields(&[
            "name",
            "total_span_bytes",
            "eviction_threshold_bytes",
            "safe_threshold_bytes",
            "memory_capacity_bytes",
            "uptime",
        ]),
        why: "Nothing is evicted, so the statistics have no thresholds",
    },
];

struct Exchange {
    number: usize,
    method: String,
    path: String,
    body: Vec<u8>,
    headers: &'static str,
    recorded: Value,
}

/// Ids as they were recorded, with those of this run.
type Ids = BTreeMap<String, String>;

fn exchanges() -> Vec<Exchange> {
    let recorded: Vec<Value> = serde_json::from_str(include_str!("recorded/api_examples.json")).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let exchange = |(number, recorded): (usize, Value)| {
        let path = text(&recorded["path"]);
        let (body, headers) = match &recorded["request_body"] {
            Value::Null => (Vec::new(), ""),
            Value::String(python) => (python_bytes(python), content_type(&path, python)),
            body => (body.to_string().into_bytes(), "content-type: application/json\r\n"),
        };
        Exchange { number, method: text(&recorded["method"]), path, body, headers, recorded }
    };
    recorded.into_iter().enumerate().map(exchange).collect()
}

/// Bytes as Python writes them, as far as they occur.
fn python_bytes(literal: &str) -> Vec<u8> {
    let inner = literal.strip_prefix("b'").and_then(|rest| rest.strip_suffix('\'')).expect("Python's bytes");
    if inner == r"\xff\xff\xff" { vec![0xff; 3] } else { inner.as_bytes().to_vec() }
}

/// The recording has no request headers; its notes say what these were.
fn content_type(path: &str, body: &str) -> &'static str {
    match body {
        "b'{}'" => "content-type: application/json\r\n",
        "b'input=1'" => "content-type: application/x-www-form-urlencoded\r\n",
        _ if path.starts_with("/v1/") => "content-type: application/x-protobuf\r\n",
        _ => "content-type: application/json\r\n",
    }
}

fn is_id(text: &str) -> bool {
    ["ro-", "at-", "rs-"].iter().any(|kind| {
        text.strip_prefix(kind).is_some_and(|hex| hex.len() >= 8 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// Replaces every recorded id in a text by that of this run.
fn translated(text: &str, ids: &Ids) -> String {
    ids.iter().fold(text.to_owned(), |text, (recorded, ours)| text.replace(recorded, ours))
}

/// What differs between a recorded value and ours, apart from ids, which must correspond, and from times, which must be
/// times or absent alike.
fn differences(recorded: &Value, ours: &Value, at: &str, ids: &mut Ids, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(theirs), Value::Object(mine)) => {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            if names(theirs) != names(mine) {
                found.push(format!("{at}: fields {:?} instead of {:?}", names(mine), names(theirs)));
            }
            for (name, value) in theirs {
                let time = name.ends_with("_time") && value.as_f64().is_some_and(|time| time > 1e9);
                match mine.get(name) {
                    Some(mine) if time && mine.as_f64().is_some_and(|time| time > 1e9) => {}
                    Some(mine) => differences(value, mine, &format!("{at}.{name}"), ids, found),
                    None => {}
                }
            }
        }
        (Value::Array(theirs), Value::Array(mine)) if theirs.len() == mine.len() => {
            for (index, (theirs, mine)) in theirs.iter().zip(mine).enumerate() {
                differences(theirs, mine, &format!("{at}[{index}]"), ids, found);
            }
        }
        (Value::String(theirs), Value::String(mine)) if is_id(theirs) && is_id(mine) && theirs.len() == mine.len() => {
            let known = ids.entry(theirs.clone()).or_insert_with(|| mine.clone());
            if known != mine {
                found.push(format!("{at}: {mine} where {known} is {theirs}"));
            }
        }
        _ if recorded == ours => {}
        _ => found.push(format!("{at}: {ours} instead of {recorded}")),
    }
}

#[test]
fn what_was_recorded_is_answered_alike_apart_from_the_deviations_that_are_documented() {
    let documented = include_str!("../../../docs/store.md");
    let server = Booted::with(&[]);
    let mut connection = server.connect();
    let mut ids = Ids::new();
    let mut found = Vec::new();
    let exchanges = exchanges();
    for exchange in &exchanges {
        let path = translated(&exchange.path, &ids);
        let full = if path.starts_with("/v1/") { path } else { format!("/v1/agl{path}") };
        let body = match std::str::from_utf8(&exchange.body) {
            Ok(text) => translated(text, &ids).into_bytes(),
            Err(_) => exchange.body.clone(),
        };
        connection.send_to(&exchange.method, &full, exchange.headers, &body);
        let answer = connection.response();
        let at = format!("{} {} {}", exchange.number, exchange.method, exchange.path);
        let recorded = &exchange.recorded;
        let deviation = DEVIATIONS.iter().find(|deviation| deviation.exchanges.contains(&exchange.number));
        let status = match deviation {
            Some(Deviation { ours: Ours::Refuses(status, _), .. }) => json!(status),
            _ => recorded["status"].clone(),
        };
        if json!(answer.status) != status {
            found.push(format!(
                "{at}: {} instead of {status}: {:?}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            ));
            continue;
        }
        let kind = recorded["response_headers"]["content-type"].as_str();
        if answer.header("content-type") != kind {
            found.push(format!("{at}: {:?} instead of {kind:?}", answer.header("content-type")));
        }
        let theirs = &recorded["response_body"];
        // Bodies that are no JSON were recorded as text.
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let mine = if kind == Some("application/json") { answer.json() } else { json!(text) };
        match deviation.map(|deviation| &deviation.ours) {
            None => differences(theirs, &mine, &at, &mut ids, &mut found),
            Some(Ours::Refuses(_, detail)) => {
                differences(&json!({ "detail": detail }), &mine, &at, &mut ids, &mut found)
            }
            Some(Ours::OtherMistakes) => {
                let place = |body: &Value| body["detail"][0]["loc"][0].clone();
                let whole = |mistake: &Value| mistake["type"].is_string() && mistake["msg"].is_string();
                let mistakes = mine["detail"].as_array().map(Vec::as_slice).unwrap_or_default();
                if mistakes.is_empty() || !mistakes.iter().all(whole) || place(theirs) != place(&mine) {
                    found.push(format!("{at}: {mine} is no list of mistakes like {theirs}"));
                }
            }
            Some(Ours::OtherWords(beginning)) => {
                if !text.contains(beginning) || !theirs.as_str().is_some_and(|theirs| theirs.contains(beginning)) {
                    found.push(format!("{at}: {text:?} does not say {beginning:?} as {theirs} does"));
                }
            }
            Some(Ours::OtherFields(fields)) => {
                let (mut theirs, mut mine) = (theirs.clone(), mine.clone());
                for body in [&mut theirs, &mut mine] {
                    body.as_object_mut().expect("an object").retain(|name, _| !fields.contains(&name.as_str()));
                }
                differences(&theirs, &mine, &at, &mut ids, &mut found);
            }
        }
    }
    for deviation in DEVIATIONS {
        if !documented.contains(deviation.why) {
            found.push(format!("docs/store.md does not say: {}", deviation.why));
        }
    }
    assert!(found.is_empty(), "{} of {} exchanges:\n{}", found.len(), exchanges.len(), found.join("\n"));
    server.stop();
}

#[test]
fn every_route_of_the_original_is_replayed() {
    let schema: Value = serde_json::from_str(include_str!("recorded/openapi.json")).expect("JSON");
    let mut missing = BTreeSet::new();
    for (path, methods) in schema["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            missing.insert((method.to_uppercase(), path.trim_start_matches("/v1/agl").to_owned()));
        }
    }
    assert_eq!(missing.len(), 32, "28 of the store, 4 of OpenTelemetry");
    for exchange in exchanges() {
        let route = exchange.recorded["route"].as_str().expect("a route").to_owned();
        missing.remove(&(exchange.method, route));
    }
    assert_eq!(missing, BTreeSet::new());
}
