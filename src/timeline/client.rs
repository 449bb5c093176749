//! The HTTP client of the harness itself: one attempt for each call, through its own link.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::world::World;
use crate::file::Span;
use crate::http::{NoAnswer, Pool, exchange};
use crate::remote::RemoteProxy;
use crate::scenario::request;
use crate::system::{HTTP_KEEP_ALIVE, HTTP_TIMEOUT};

/// How much of an error's body is told.
const TOLD: usize = 500;

/// What the client has open between its calls.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// Those that are kept, by actor.
    pub pools: BTreeMap<usize, Pool>,
    /// Those that were opened and left silent, by name.
    pub silent: BTreeMap<String, Silent>,
}

/// A connection on which nothing is sent. Whatever comes is read; its end ends it.
#[derive(Debug)]
pub(super) struct Silent(tokio::task::JoinHandle<()>);

impl Silent {
    pub fn new(mut stream: TcpStream) -> Self {
        Self(tokio::spawn(async move {
            let mut space = [0; 4096];
            while let Ok(1..) = stream.read(&mut space).await {}
        }))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is sent besides method and path.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub headers: BTreeMap<String, String>,
    /// A body as it is; else the arguments, if there are any, are one in JSON.
    pub body: Option<String>,
}

impl World<'_> {
    /// Begins a call; its answer comes as an event. `op` has no variables any more.
    pub(super) fn request(
        &mut self,
        actor: usize,
        number: u64,
        op: &str,
        args: &Value,
        message: Message,
    ) -> Result<(), String> {
        let (method, target) = match (request(op), self.system.file.operations.get(op)) {
            (Some((method, target)), _) => (method.to_owned(), target.to_owned()),
            (None, Some(rule)) => {
                (rule.method().unwrap_or_default().to_owned(), rule.path().unwrap_or_default().to_owned())
            }
            (None, None) => return Err(format!("`{op}` is no request")),
        };
        let request = build(&method, &target, args, message).map_err(|why| format!("{method} {target}: {why}"))?;
        let (addr, timeout) = (self.address_of(actor), self.timeout_of(actor));
        let answers = self.answers.clone();
        let pool = self.keeps_alive(actor).then(|| self.connections.pools.entry(actor).or_default().clone());
        let exchanged = async move {
            match pool {
                Some(pool) => pool.exchange(addr, request).await,
                None => exchange(addr, request).await,
            }
        };
        let task = tokio::spawn(async move {
            let mut answer = match tokio::time::timeout(timeout, exchanged).await {
                Ok(result) => told(result),
                Err(_) => json!({"result": "transport", "error": format!("no whole answer within {timeout:?}")}),
            };
            answer["call"] = json!(number);
            // Without a receiver the run is over.
            let _ = answers.send((actor, answer));
        });
        self.requests_under_way.insert((actor, number), task);
        Ok(())
    }

    /// Ends a call with its connection.
    pub(super) async fn give_up(&mut self, actor: usize, number: u64) {
        let Some(task) = self.requests_under_way.remove(&(actor, number)) else { return };
        task.abort();
        // Its connection is closed only then.
        let _ = task.await;
        self.take_all();
        self.take_answer(actor, 0, json!({"call": number, "result": "cancelled", "error": "the call was cancelled"}));
    }

    /// Nobody waits for these any more. Connections that were kept or left silent are closed.
    pub(super) fn give_up_all(&mut self) {
        self.connections = Connections::default();
        self.requests_under_way.values().for_each(tokio::task::JoinHandle::abort);
        self.requests_under_way.clear();
    }

    /// Where an actor reaches the server: at its own link, if it has one.
    pub(super) fn address_of(&self, actor: usize) -> SocketAddr {
        let actor = &self.actors[actor];
        let link = actor.link.as_ref().map(crate::proxy::EventLink::addr);
        link.or(actor.remote.as_ref().map(RemoteProxy::addr)).unwrap_or(self.server_addr())
    }

    fn option_of(&self, actor: usize, option: &str) -> Option<&toml::Value> {
        let actor = &self.actors[actor];
        let said = actor.process.and_then(|process| process.options.iter().find(|(name, _)| name.as_ref() == option));
        let usual = actor.role.options.get(option).and_then(|rule| rule.default.as_ref());
        said.map(|(_, value)| value).or(usual)
    }

    fn keeps_alive(&self, actor: usize) -> bool {
        self.option_of(actor, HTTP_KEEP_ALIVE).and_then(toml::Value::as_bool).unwrap_or_default()
    }

    fn timeout_of(&self, actor: usize) -> Duration {
        let text = self.option_of(actor, HTTP_TIMEOUT).and_then(toml::Value::as_str);
        // The check has read it before.
        text.and_then(|text| Span::parse(text).ok()).map_or(Duration::MAX, |span| span.0)
    }
}

fn build(method: &str, target: &str, args: &Value, message: Message) -> Result<Request<Full<Bytes>>, String> {
    let json = args.as_object().filter(|args| !args.is_empty()).map(|_| args.to_string());
    let is_json = json.is_some() && message.body.is_none();
    let body = message.body.or(json).unwrap_or_default();
    let request = Request::builder().method(method).uri(target).body(Full::new(Bytes::from(body)));
    let mut request = request.map_err(|why| why.to_string())?;
    if is_json {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in message.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|why| format!("{name}: {why}"))?;
        let value = HeaderValue::from_str(&value).map_err(|why| format!("{name}: {why}"))?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// The result of a call, in the words of a driver.
fn told(result: Result<(u16, Bytes), NoAnswer>) -> Value {
    let text = |body: &Bytes| String::from_utf8_lossy(body).into_owned();
    match result {
        Ok((status @ ..400, body)) => {
            let value = match body.is_empty() {
                true => Value::Null,
                false => serde_json::from_slice(&body).unwrap_or_else(|_| Value::String(text(&body))),
            };
            json!({"result": "ok", "value": value, "status": status})
        }
        Ok((status, body)) => {
            let body: String = text(&body).chars().take(TOLD).collect();
            json!({"result": "rejected", "error": format!("status {status}: {body}")})
        }
        Err(failure @ NoAnswer::Connect(_)) => json!({"result": "unreachable", "error": failure.to_string()}),
        Err(failure) => json!({"result": "transport", "error": failure.to_string()}),
    }
}
