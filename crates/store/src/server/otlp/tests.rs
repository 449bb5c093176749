use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use super::messages::{
    Any, AnyValue, KeyValue, KeyValueList, OtlpSpan, Resource, ResourceSpans, ScopeSpans, SpanEvent, SpanLink, Status,
};
use super::*;

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

fn word(key: &str, value: &str) -> KeyValue {
    pair(key, Any::String(value.to_owned()))
}

fn request(resource: Vec<KeyValue>, spans: Vec<OtlpSpan>) -> Vec<u8> {
    let group = ResourceSpans {
        resource: Some(Resource { attributes: resource }),
        scope_spans: vec![ScopeSpans { spans }],
        schema_url: "https://schema".to_owned(),
    };
    ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec()
}

fn headers(kind: &'static str, encoding: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    headers
}

fn spans(export: &Export) -> Value {
    serde_json::from_slice(&export.spans).expect("JSON")
}

#[test]
fn a_span_keeps_all_that_it_says() {
    let span = OtlpSpan {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        parent_span_id: vec![3; 8],
        name: "llm.call".to_owned(),
        start_time_unix_nano: 1_500_000_000,
        end_time_unix_nano: 0,
        attributes: vec![
            pair("n", Any::Int(-1)),
            pair("bytes", Any::Bytes(vec![0xab])),
            pair("map", Any::List(KeyValueList { values: vec![pair("yes", Any::Bool(true))] })),
            KeyValue { key: "nothing".to_owned(), value: None },
        ],
        events: vec![SpanEvent { time_unix_nano: 2_000_000_000, name: "e".to_owned(), attributes: vec![] }],
        links: vec![SpanLink { trace_id: vec![], span_id: vec![9], attributes: vec![] }],
        status: Some(Status { message: "bad".to_owned(), code: 2 }),
    };
    let resource = vec![word(ROLLOUT, "ro-1"), word(ATTEMPT, "at-1"), word("agentlightning.span_sequence_id", "7")];
    let export = Export::read(&headers("application/x-protobuf; charset=x", None), &request(resource, vec![span]))
        .expect("an export");
    let context =
        |trace: &str, span: &str| json!({ "trace_id": trace, "span_id": span, "is_remote": false, "trace_state": {} });
    let (trace, id) = ("01".repeat(16), "02".repeat(8));
    assert_eq!(
        spans(&export),
        json!([{
            "rollout_id": "ro-1", "attempt_id": "at-1", "sequence_id": 7, "trace_id": trace, "span_id": id,
            "parent_id": "03".repeat(8), "name": "llm.call",
            "status": { "status_code": "ERROR", "description": "bad" },
            "attributes": { "n": -1, "bytes": "ab", "map": { "yes": true }, "nothing": null },
            "events": [{ "name": "e", "attributes": {}, "timestamp": 2.0 }],
            "links": [{ "context": context(&"0".repeat(32), "0000000000000009"), "attributes": null }],
            "start_time": 1.5, "end_time": null, "context": context(&trace, &id), "parent": null,
            "resource": {
                "attributes": { ROLLOUT: "ro-1", ATTEMPT: "at-1", "agentlightning.span_sequence_id": "7" },
                "schema_url": "https://schema",
            },
        }])
    );
}

#[test]
fn a_span_overrides_its_resource_and_one_without_a_rollout_is_told_of() {
    let own = OtlpSpan { attributes: vec![word(ROLLOUT, "ro-2"), pair(ATTEMPT, Any::Int(5))], ..OtlpSpan::default() };
    let body = request(vec![word(ROLLOUT, "ro-1")], vec![own, OtlpSpan::default()]);
    let export = Export::read(&headers("application/x-protobuf", None), &body).expect("an export");
    let spans = spans(&export);
    assert_eq!((&spans[0]["rollout_id"], &spans[0]["attempt_id"]), (&json!("ro-2"), &json!("5")));
    assert_eq!((&spans[0]["sequence_id"], spans.as_array().map(Vec::len)), (&Value::Null, Some(1)));
    let answer = export.answer(Answer::ok(&Added { rejected: 0, reason: String::new() }));
    let told = ExportTraceServiceResponse::decode(answer.body).expect("protobuf").partial_success.expect("it tells");
    assert_eq!(told.rejected_spans, 1);
    assert!(told.error_message.contains(ROLLOUT), "{}", told.error_message);
}

#[test]
fn an_export_may_be_gzipped_and_what_cannot_be_read_is_refused_in_protobuf() {
    let body = request(vec![word(ROLLOUT, "r"), word(ATTEMPT, "a")], vec![OtlpSpan::default()]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&body).expect("written");
    let zipped = gzip.finish().expect("zipped");
    let export = Export::read(&headers("application/x-protobuf", Some("GZIP")), &zipped).expect("an export");
    assert_eq!(spans(&export)[0]["rollout_id"], "r");

    let cases: [(&str, Option<&str>, &[u8], &str); 5] = [
        ("application/json", None, b"{}", "Unsupported Content-Type 'application/json'"),
        ("application/x-protobuf", None, b"\xff\xff\xff", "Unable to parse OTLP traces payload"),
        ("application/x-protobuf", Some("gzip"), b"no gzip", "Unable to parse OTLP traces payload"),
        ("application/x-protobuf", Some("gzip"), &zipped[..zipped.len() - 4], "Unable to parse OTLP traces payload"),
        ("application/x-protobuf", Some("br"), b"", "Unsupported Content-Encoding 'br'"),
    ];
    for (kind, encoding, body, expected) in cases {
        let kind: &'static str = kind;
        let refused = Export::read(&headers(kind, encoding), body).expect_err("refused");
        assert_eq!((refused.status, refused.content), (400, Content::Protobuf));
        let status = RpcStatus::decode(refused.body).expect("protobuf");
        assert!(status.message.starts_with(expected), "{}", status.message);
    }
}

#[test]
fn a_small_payload_that_unzips_to_too_much_is_refused() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&vec![0; LARGEST + 2]).expect("written");
    let zipped = gzip.finish().expect("zipped");
    assert!(zipped.len() < LARGEST / 100, "{}", zipped.len());
    let refused = Export::read(&headers("application/x-protobuf", Some("gzip")), &zipped).expect_err("refused");
    assert!(refused.problem.is_some_and(|problem| problem.contains("larger than")));
}
