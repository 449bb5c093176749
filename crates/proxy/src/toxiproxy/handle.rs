//! One request: to its route, to its answer.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::USER_AGENT;
use hyper::{Request, Response};
use serde_json::{Value, json};

use super::answer::Answer;
use super::fields::Fields;
use super::gate::{self, Spec};
use super::metrics;
use super::proxies::Proxies;
use super::proxy::{Change, Proxy, Wanted};
use super::routes::{Action, Found, find};
use super::toxic;
use super::{API_VERSION, ApiError};
use crate::Hit;
use crate::Span;

/// The largest body of a request, in bytes.
pub(super) const LARGEST: usize = 8 << 20;

/// How much of a larger one is read.
const THROWN_AWAY: usize = 8 * LARGEST;

/// The longest time that a request may wait for a gate.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What all requests share.
#[derive(Debug)]
pub(super) struct Api {
    pub proxies: Proxies,
    pub metrics: metrics::Wanted,
}

/// Answers a request.
pub(super) async fn handle(api: Rc<Api>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(api.answer(request).await.into_response())
}

impl Api {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let agent = request.headers().get(USER_AGENT).map_or(&b""[..], |agent| agent.as_bytes());
        if agent.starts_with(b"Mozilla/") {
            return Answer::browser();
        }
        let (action, names) = match find(request.method(), request.uri().path(), self.metrics.any()) {
            Found::Route(action, names) => (action, names),
            Found::OtherMethod(allowed) => return Answer::other_method(&allowed),
            Found::Elsewhere(path) => {
                let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                return Answer::moved(&format!("{path}{query}"));
            }
            Found::Nothing => return Answer::not_found(),
        };
        let query = request.uri().query().unwrap_or_default().to_owned();
        let outcome = match receive(request.into_body()).await {
            Ok(body) => self.act(action, &names, &query, &body).await,
            Err(error) => Err(error),
        };
        outcome.unwrap_or_else(Answer::from)
    }

    async fn act(&self, action: Action, names: &[String], query: &str, body: &[u8]) -> Result<Answer, ApiError> {
        match (action, names) {
            (Action::Version, _) => {
                // With Toxiproxy's spaces: scripts look for them.
                let quietdown = env!("CARGO_PKG_VERSION");
                let version = format!("{{\"version\": \"{API_VERSION}\", \"quietdown\": \"{quietdown}\"}}\n");
                Ok(Answer::text("application/json;charset=utf-8", version))
            }
            (Action::Metrics, _) => Ok(Answer::text(metrics::CONTENT_TYPE, self.metrics.text(&self.proxies))),
            (Action::Reset, _) => self.proxies.reset().await.map(|()| Answer::none()),
            (Action::Proxies, _) => {
                let all = self.proxies.all().into_iter().map(|proxy| (proxy.name.clone(), proxy.view()));
                Ok(Answer::ok(&Value::Object(all.collect())))
            }
            (Action::Populate, _) => {
                let (status, value) = self.proxies.populate(body).await.view();
                Ok(Answer::json(status, &value))
            }
            (Action::CreateProxy, _) => {
                let wanted = Wanted::read(Fields::read(body, "a proxy")?, "").await?;
                Ok(Answer::json(201, &self.proxies.create(wanted).await?.view()))
            }
            (Action::UpdateProxy, [proxy]) => {
                self.proxies.named(proxy)?;
                let change = Change::read(Fields::read(body, "a proxy")?).await?;
                Ok(Answer::ok(&self.proxies.change(proxy, change).await?.view()))
            }
            (Action::DeleteProxy, [proxy]) => self.proxies.delete(proxy).await.map(|()| Answer::none()),
            (_, [proxy, rest @ ..]) => act_on(&*self.proxies.named(proxy)?, action, rest, query, body).await,
            // Every other action has a proxy in its path.
            (_, []) => Ok(Answer::not_found()),
        }
    }
}

async fn act_on(proxy: &Proxy, action: Action, names: &[String], query: &str, body: &[u8]) -> Result<Answer, ApiError> {
    let link = proxy.link();
    match (action, names) {
        (Action::Proxy, _) => Ok(Answer::ok(&proxy.view())),
        (Action::Toxics, _) => Ok(Answer::ok(&toxic::view_all(&link.toxics()))),
        (Action::CreateToxic, _) => {
            let toxic = toxic::read(Fields::read(body, "a toxic")?)?;
            let view = toxic::view(&toxic);
            link.add_toxic(toxic)?;
            Ok(Answer::ok(&view))
        }
        (Action::Toxic, [name]) => {
            link.toxic(name).map(|toxic| Answer::ok(&toxic::view(&toxic))).ok_or(ApiError::ToxicNotFound)
        }
        (Action::UpdateToxic, [name]) => {
            let old = link.toxic(name).ok_or(ApiError::ToxicNotFound)?;
            let change = toxic::Change::read(&old, Fields::read(body, "a toxic")?)?;
            Ok(Answer::ok(&toxic::view(&link.update_toxic(name, |toxic| change.apply(toxic))?)))
        }
        (Action::DeleteToxic, [name]) => {
            link.remove_toxic(name)?;
            Ok(Answer::none())
        }
        (Action::Hits, _) => {
            let (hits, forgotten) = link.hits();
            let hits: Value = hits.iter().map(hit).collect();
            Ok(Answer::ok(&json!({ "hits": hits, "forgotten": forgotten })))
        }
        (Action::ForgetHits, _) => {
            link.forget_hits();
            Ok(Answer::none())
        }
        (Action::Gates, _) => Ok(Answer::ok(&proxy.gates.view_all(&link))),
        (Action::CreateGate, _) => {
            let spec = Spec::read(Fields::read(body, "a gate")?)?;
            let name = spec.name.clone();
            proxy.gates.arm(&link, spec)?;
            Ok(Answer::json(201, &proxy.gates.view(&link, &name)?))
        }
        (Action::Gate, [name]) => {
            let time = wait(query)?;
            // Not found is told at once, and so is what is there already.
            proxy.gates.wait(name, time).await?;
            Ok(Answer::ok(&proxy.gates.view(&proxy.link(), name)?))
        }
        (Action::ResumeGate, [name]) => {
            // What is to be done first is optional, and so is the body.
            let mut fields = if body.is_empty() { Fields::default() } else { Fields::read(body, "what happens")? };
            let then = fields.take("then").map(gate::then).transpose()?;
            fields.end("then")?;
            proxy.gates.resume(&link, name, then).await?;
            Ok(Answer::ok(&proxy.gates.view(&link, name)?))
        }
        (Action::DeleteGate, [name]) => {
            proxy.gates.remove(&link, name)?;
            Ok(Answer::none())
        }
        // The table of routes has no such pair.
        _ => Ok(Answer::not_found()),
    }
}

fn hit(hit: &Hit) -> Value {
    let mut view = json!({
        "toxic": hit.toxic,
        "effect": hit.effect,
        "connection": hit.connection,
        "stream": toxic::stream(hit.toward),
        "offset": hit.offset,
    });
    if let Some(request) = &hit.request {
        view["request"] = json!(request);
    }
    view
}

/// How long a request is to wait: `?wait=10s`.
fn wait(query: &str) -> Result<Duration, ApiError> {
    let mut time = Duration::ZERO;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some(("wait", text)) = pair.split_once('=') else {
            return Err(ApiError::BadQuery(format!("`{pair}` is not known; write ?wait=10s")));
        };
        time = Span::parse(text).map_err(|problem| ApiError::BadQuery(format!("wait: {problem}")))?.0;
    }
    if time > LONGEST_WAIT {
        return Err(ApiError::BadQuery("wait: at most 60s".to_owned()));
    }
    Ok(time)
}

/// Reads the body of a request. Of one that is too large, more is read and thrown away: a client that still sends would not
/// read the answer.
async fn receive(mut body: Incoming) -> Result<Vec<u8>, ApiError> {
    let (mut read, mut kept) = (0, Vec::new());
    while let Some(frame) = body.frame().await {
        // Toxiproxy's words for what ends too early. Nobody may be left to read them.
        let frame = frame.map_err(|_| ApiError::bad("unexpected EOF"))?;
        let Ok(data) = frame.into_data() else { continue };
        read += data.len();
        if read > THROWN_AWAY {
            break;
        }
        if read <= LARGEST {
            kept.extend_from_slice(&data);
        }
    }
    if read <= LARGEST { Ok(kept) } else { Err(ApiError::BodyTooLarge(LARGEST)) }
}
