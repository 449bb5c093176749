//! A proxy on a Toxiproxy server that somebody else runs.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::proxy::{Hit, Toxic};

use crate::http::{RequestError, send};

/// How long the server may take to answer: a watchdog.
const WITHIN: Duration = Duration::from_secs(10);

/// Why a Toxiproxy server cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The text is not the URL of a server.
    #[error("`{0}` is no URL of a Toxiproxy server; write http://HOST:PORT, such as http://127.0.0.1:8474")]
    Url(String),
    /// Nothing answers there, or something that is not a Toxiproxy server.
    #[error("no Toxiproxy server answers at {url}: {why}")]
    NotThere {
        /// The URL.
        url: String,
        /// What was met instead.
        why: String,
    },
}

/// A request to a Toxiproxy server that was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteProxyError {
    /// It was not answered.
    #[error(transparent)]
    Unanswered(Unanswered),
    /// It took too long.
    #[error("{path} was not answered in {WITHIN:?}")]
    TooLate {
        /// The path that was asked for.
        path: String,
    },
    /// It was refused.
    #[error("the Toxiproxy server answered {asked} with {status}: {error}")]
    Refused {
        /// Its method and path.
        asked: String,
        /// The status of the answer.
        status: u16,
        /// What the answer says.
        error: String,
    },
    /// The proxy is there, and nothing can connect to it.
    #[error("the Toxiproxy server does not say where `{name}` listens: {answer}")]
    NoAddress {
        /// The proxy.
        name: String,
        /// What the answer says.
        answer: String,
    },
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Unanswered(RequestError);

/// A Toxiproxy server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    api: SocketAddr,
}

/// One proxy of it.
#[derive(Debug)]
pub struct RemoteProxy {
    server: Remote,
    name: String,
    addr: SocketAddr,
}

impl Remote {
    /// Finds a server by its URL, and asks for its version.
    ///
    /// # Errors
    /// What is wrong with the URL, or that no Toxiproxy server answers there.
    pub async fn find(url: &str) -> Result<Self, RemoteError> {
        let host = url.strip_prefix("http://").map(|host| host.trim_end_matches('/'));
        let is_host = |host: &&str| {
            !host.contains('/') && host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        };
        let host = host.filter(is_host).ok_or_else(|| RemoteError::Url(url.to_owned()))?;
        let not_there = |why: String| RemoteError::NotThere { url: url.to_owned(), why };
        let found = tokio::net::lookup_host(host).await.map_err(|why| not_there(why.to_string()))?;
        let mut last = "the name has no address".to_owned();
        for api in found {
            let server = Self { api };
            match server.ask(Method::GET, "/version", None).await {
                Ok((200, _)) => return Ok(server),
                Ok((status, _)) => last = format!("GET /version was answered with {status}"),
                Err(why) => last = why.to_string(),
            }
        }
        Err(not_there(last))
    }

    /// Creates a proxy on a port that the server chooses.
    ///
    /// # Errors
    /// When the server does not create it.
    pub async fn create(&self, name: &str, upstream: SocketAddr) -> Result<RemoteProxy, RemoteProxyError> {
        let listen = format!("{}:0", self.api.ip());
        let wanted = json!({ "name": name, "listen": listen, "upstream": upstream.to_string() });
        let made = self.expect(Method::POST, "/proxies", Some(&wanted), 201).await?;
        let addr = made["listen"].as_str().and_then(|listen| listen.parse().ok());
        let addr =
            addr.ok_or_else(|| RemoteProxyError::NoAddress { name: name.to_owned(), answer: made.to_string() })?;
        Ok(RemoteProxy { server: self.clone(), name: name.to_owned(), addr })
    }

    async fn expect(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        wanted: u16,
    ) -> Result<Value, RemoteProxyError> {
        let asked = format!("{method} {path}");
        let (status, answer) = self.ask(method, path, body).await?;
        if status == wanted {
            return Ok(answer);
        }
        let error = answer["error"].as_str().map_or_else(|| answer.to_string(), str::to_owned);
        Err(RemoteProxyError::Refused { asked, status, error })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value), RemoteProxyError> {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let answer = tokio::time::timeout(WITHIN, send(self.api, method, path, body)).await;
        let (status, body) = answer
            .map_err(|_| RemoteProxyError::TooLate { path: path.to_owned() })?
            .map_err(|why| RemoteProxyError::Unanswered(Unanswered(why)))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

impl RemoteProxy {
    /// Where clients connect to.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Adds a toxic.
    ///
    /// # Errors
    /// When it could not be added.
    pub async fn add_toxic(&self, toxic: &Toxic) -> Result<(), RemoteProxyError> {
        let path = format!("/proxies/{}/toxics", self.name);
        self.server.expect(Method::POST, &path, Some(&json!(toxic)), 200).await.map(drop)
    }

    /// Removes a toxic.
    ///
    /// # Errors
    /// When it could not be removed.
    pub async fn remove_toxic(&self, name: &str) -> Result<(), RemoteProxyError> {
        let path = format!("/proxies/{}/toxics/{name}", self.name);
        self.server.expect(Method::DELETE, &path, None, 204).await.map(drop)
    }

    /// Removes every toxic.
    ///
    /// # Errors
    /// When one could not be removed.
    pub async fn clear_toxics(&self) -> Result<(), RemoteProxyError> {
        let path = format!("/proxies/{}/toxics", self.name);
        let all = self.server.expect(Method::GET, &path, None, 200).await?;
        for name in all.as_array().into_iter().flatten().filter_map(|toxic| toxic["name"].as_str()) {
            self.remove_toxic(name).await?;
        }
        Ok(())
    }

    /// What its toxics have hit; `None` if the server does not keep a record of hits (Toxiproxy's own does not).
    pub async fn hits(&self) -> Option<Vec<Hit>> {
        let answer = self.server.ask(Method::GET, &format!("/proxies/{}/hits", self.name), None).await.ok()?;
        serde_json::from_value(answer.1.get("hits")?.clone()).ok()
    }

    /// Deletes it from the server.
    ///
    /// # Errors
    /// When it could not be deleted.
    pub async fn delete(self) -> Result<(), RemoteProxyError> {
        self.server.expect(Method::DELETE, &format!("/proxies/{}", self.name), None, 204).await.map(drop)
    }
}
