//! From an exporter's spans to the store's.

use serde_json::{Map, Value, json};

use super::messages::{Any, AnyValue, ExportTraceServiceRequest, KeyValue, OtlpSpan, SpanEvent, SpanLink};

/// The attribute, of a resource or a span, that names the rollout.
pub const ROLLOUT: &str = "agentlightning.rollout_id";
/// The attribute that names the attempt.
pub const ATTEMPT: &str = "agentlightning.attempt_id";
/// The attribute that numbers the span; without it, the store does.
const SEQUENCE: &str = "agentlightning.span_sequence_id";

const STATUS: [&str; 3] = ["UNSET", "OK", "ERROR"];

/// The spans of an export as the store's objects, and how many more name no rollout and attempt.
pub fn of(request: ExportTraceServiceRequest) -> (Vec<Value>, i64) {
    let mut spans = Vec::new();
    let mut homeless = 0;
    for group in request.resource_spans {
        let attributes = attributes(group.resource.map(|resource| resource.attributes).unwrap_or_default());
        let resource = json!({ "attributes": attributes, "schema_url": group.schema_url });
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            match object(span, &attributes, &resource) {
                Some(span) => spans.push(span),
                None => homeless += 1,
            }
        }
    }
    (spans, homeless)
}

fn object(span: OtlpSpan, inherited: &Map<String, Value>, resource: &Value) -> Option<Value> {
    let own = attributes(span.attributes);
    // What the span says itself overrides what its resource says.
    let named = |name: &str| own.get(name).or_else(|| inherited.get(name)).filter(|value| !value.is_null());
    let (rollout, attempt) = (text(named(ROLLOUT)?), text(named(ATTEMPT)?));
    let sequence = named(SEQUENCE).and_then(|number| text(number).trim().parse::<u32>().ok());
    let status = span.status.unwrap_or_default();
    let code = usize::try_from(status.code).ok().and_then(|code| STATUS.get(code)).unwrap_or(&STATUS[0]);
    let (trace, id) = (hex(&span.trace_id, 32), hex(&span.span_id, 16));
    let parent = (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id, 16));
    let description = (!status.message.is_empty()).then_some(status.message);
    Some(json!({
        "rollout_id": rollout,
        "attempt_id": attempt,
        "sequence_id": sequence,
        "trace_id": trace,
        "span_id": id,
        "parent_id": parent,
        "name": span.name,
        "status": { "status_code": code, "description": description },
        "attributes": own,
        "events": span.events.into_iter().map(event).collect::<Vec<_>>(),
        "links": span.links.into_iter().map(link).collect::<Vec<_>>(),
        "start_time": seconds(span.start_time_unix_nano),
        "end_time": seconds(span.end_time_unix_nano),
        "context": context(trace, id),
        "parent": null,
        "resource": resource,
    }))
}

fn event(event: SpanEvent) -> Value {
    let timestamp = seconds(event.time_unix_nano);
    json!({ "name": event.name, "attributes": attributes(event.attributes), "timestamp": timestamp })
}

fn link(link: SpanLink) -> Value {
    let attributes = attributes(link.attributes);
    let attributes = (!attributes.is_empty()).then_some(attributes);
    json!({ "context": context(hex(&link.trace_id, 32), hex(&link.span_id, 16)), "attributes": attributes })
}

fn context(trace: String, span: String) -> Value {
    json!({ "trace_id": trace, "span_id": span, "is_remote": false, "trace_state": {} })
}

fn attributes(pairs: Vec<KeyValue>) -> Map<String, Value> {
    pairs.into_iter().map(|pair| (pair.key, value(pair.value))).collect()
}

fn value(any: Option<AnyValue>) -> Value {
    match any.and_then(|any| any.value) {
        None => Value::Null,
        Some(Any::String(text)) => text.into(),
        Some(Any::Bool(yes)) => yes.into(),
        Some(Any::Int(number)) => number.into(),
        // JSON has no infinity and no NaN: they become null.
        Some(Any::Double(number)) => number.into(),
        Some(Any::Array(array)) => array.values.into_iter().map(|any| value(Some(any))).collect(),
        Some(Any::List(list)) => attributes(list.values).into(),
        Some(Any::Bytes(bytes)) => hex(&bytes, 0).into(),
    }
}

/// An id or a number as text, however it was sent.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Nanoseconds since the Unix epoch as seconds; 0 is no time.
fn seconds(nanoseconds: u64) -> Option<f64> {
    (nanoseconds > 0).then_some(nanoseconds as f64 / 1e9)
}

/// Hexadecimal digits, zeros before them up to `width`.
fn hex(bytes: &[u8], width: usize) -> String {
    use std::fmt::Write;
    let mut digits = "0".repeat(width.saturating_sub(bytes.len() * 2));
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
