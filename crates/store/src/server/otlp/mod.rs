//! Traces as OpenTelemetry exporters send them: protobuf over HTTP, gzipped or not.

mod messages;
mod spans;
#[cfg(test)]
mod tests;

use std::io::Read;

use flate2::read::MultiGzDecoder;
use hyper::HeaderMap;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use prost::Message;

use super::shared::LARGEST;
use crate::data::spans::{Added, add_many};
use crate::data::{Access, Answer, Content, DataOperation};
use messages::{ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse, RpcStatus};
use spans::{ATTEMPT, ROLLOUT};

/// What the data is asked to do with the spans of an export.
pub const ADD: DataOperation = DataOperation { name: "add_traces", access: Access::Write, apply: add_many };

/// An export as it was understood.
#[derive(Debug)]
pub struct Export {
    /// The spans, as [`ADD`] takes them.
    pub spans: Vec<u8>,
    /// How many more name no rollout and attempt, so that there is no place for them.
    homeless: i64,
}

impl Export {
    /// Reads an export.
    ///
    /// # Errors
    /// When it is not protobuf, or cannot be read; with the answer for that.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Answer> {
        let kind = headers.get(CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap_or("?"));
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let expected = Content::Protobuf.name();
        if Some(kind) != expected {
            let expected = expected.unwrap_or_default();
            return Err(refused(format!("Unsupported Content-Type '{kind}', expected '{expected}'")));
        }
        let encoding = headers.get(CONTENT_ENCODING).map_or("", |encoding| encoding.to_str().unwrap_or("?"));
        let request = match encoding.to_ascii_lowercase().as_str() {
            "gzip" => ExportTraceServiceRequest::decode(unzip(body)?.as_slice()),
            "" | "identity" => ExportTraceServiceRequest::decode(body),
            _ => return Err(refused(format!("Unsupported Content-Encoding '{encoding}', expected 'gzip'"))),
        };
        let (spans, homeless) = spans::of(request.map_err(|error| unreadable(&error))?);
        let spans = serde_json::to_vec(&spans).map_err(|error| unreadable(&error))?;
        Ok(Self { spans, homeless })
    }

    /// The answer to it, from that of [`ADD`]. What could not be kept is told as a partial success, so that an exporter does
    /// not send it again and again.
    pub fn answer(&self, added: Answer) -> Answer {
        if added.status != 200 {
            let message = added.problem.unwrap_or_default();
            let status = RpcStatus { message: message.clone(), ..RpcStatus::default() };
            return Answer::protobuf(added.status, status.encode_to_vec()).because(message);
        }
        let mut added = serde_json::from_slice(&added.body).unwrap_or(Added { rejected: 0, reason: String::new() });
        if self.homeless > 0 {
            added.rejected += self.homeless;
            added.reason = format!("{ROLLOUT} and {ATTEMPT} must be among the attributes of the resource or the span");
        }
        let partial_success = (added.rejected > 0)
            .then_some(ExportTracePartialSuccess { rejected_spans: added.rejected, error_message: added.reason });
        Answer::protobuf(200, ExportTraceServiceResponse { partial_success }.encode_to_vec())
    }
}

fn unzip(body: &[u8]) -> Result<Vec<u8>, Answer> {
    let mut plain = Vec::new();
    // One byte more than is allowed tells that it is too much.
    let read = MultiGzDecoder::new(body).take(LARGEST as u64 + 1).read_to_end(&mut plain);
    read.map_err(|error| unreadable(&error))?;
    if plain.len() > LARGEST { Err(refused(format!("the payload is larger than {LARGEST} bytes"))) } else { Ok(plain) }
}

fn unreadable(error: &dyn std::error::Error) -> Answer {
    refused(format!("Unable to parse OTLP traces payload: {error}"))
}

fn refused(message: String) -> Answer {
    let status = RpcStatus { code: 0, message: message.clone() };
    Answer::protobuf(400, status.encode_to_vec()).because(message)
}
