//! One proxy: a link with the name, addresses and switches that the API gives it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use serde_json::{Value, json};

use super::ApiError;
use super::address::{cannot_listen, resolve};
use super::fields::Fields;
use super::gates::Gates;
use super::presence::Presence;
use super::toxic;
use crate::{Link, Settings, Toxic, Upstream};

/// A proxy as it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub name: String,
    pub listen: SocketAddr,
    pub upstream: Upstream,
    pub enabled: bool,
    /// Nobody listens while the upstream is down (an extension).
    pub refuse_when_down: bool,
    /// What it begins with (an extension).
    pub toxics: Vec<Toxic>,
}

impl Wanted {
    /// Reads a proxy that is to be created; `place` says which of several.
    pub async fn read(mut fields: Fields, place: &str) -> Result<Self, ApiError> {
        let mut needed = |field: &str| {
            let text = fields.text(field)?.filter(|text| !text.is_empty());
            text.ok_or_else(|| ApiError::MissingField(format!("{field}{place}")))
        };
        let (name, upstream) = (needed("name")?, needed("upstream")?);
        Ok(Self {
            name,
            listen: resolve(&fields.text("listen")?.unwrap_or_default()).await?,
            upstream: read_upstream(&upstream)?,
            enabled: fields.flag("enabled")?.unwrap_or(true),
            refuse_when_down: fields.flag("refuse_when_down")?.unwrap_or(false),
            toxics: toxic::read_all(fields.list("toxics")?.unwrap_or_default())?,
        })
    }
}

/// Reads `HOST:PORT`. No host means this machine, as with Go.
fn read_upstream(text: &str) -> Result<Upstream, ApiError> {
    let local = text.starts_with(':').then(|| format!("127.0.0.1{text}"));
    Upstream::parse(local.as_deref().unwrap_or(text)).map_err(|problem| ApiError::bad(format!("upstream: {problem}")))
}

/// What a request changes of a proxy. Its name stays, and so do its toxics.
#[derive(Debug)]
pub(super) struct Change {
    listen: Option<SocketAddr>,
    upstream: Option<Upstream>,
    enabled: Option<bool>,
    refuse_when_down: Option<bool>,
}

impl Change {
    pub async fn read(mut fields: Fields) -> Result<Self, ApiError> {
        let listen = match fields.text("listen")? {
            Some(text) => Some(resolve(&text).await?),
            None => None,
        };
        Ok(Self {
            listen,
            upstream: fields.text("upstream")?.map(|text| read_upstream(&text)).transpose()?,
            enabled: fields.flag("enabled")?,
            refuse_when_down: fields.flag("refuse_when_down")?,
        })
    }
}

/// A proxy that is there. Dropping it ends its connections and frees its port.
#[derive(Debug)]
pub(super) struct Proxy {
    pub name: String,
    pub gates: Rc<Gates>,
    seed: u64,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    link: Rc<Link>,
    upstream: Upstream,
    presence: Option<Presence>,
}

impl Proxy {
    /// Opens it with its toxics: no connection escapes them.
    pub async fn open(wanted: Wanted, seed: u64) -> Result<Self, ApiError> {
        let Wanted { name, listen, upstream, enabled, refuse_when_down, toxics } = wanted;
        let link = open(&name, listen, upstream.clone(), seed, toxics)?;
        let state = RefCell::new(State { link, upstream, presence: None });
        let proxy = Self { name, gates: Gates::new(), seed, state };
        if refuse_when_down {
            proxy.watch(true).await;
        }
        if enabled {
            proxy.switch(true).await?;
        }
        Ok(proxy)
    }

    pub fn link(&self) -> Rc<Link> {
        Rc::clone(&self.state.borrow().link)
    }

    pub fn upstream(&self) -> Upstream {
        self.state.borrow().upstream.clone()
    }

    /// Whether it is what is asked for, apart from its switches and toxics.
    pub fn is(&self, wanted: &Wanted) -> bool {
        self.link().addr() == wanted.listen && self.upstream() == wanted.upstream
    }

    /// As it is answered: Toxiproxy's fields in its order, and `refuse_when_down` where it is set.
    pub fn view(&self) -> Value {
        let link = self.link();
        let mut view = json!({
            "name": self.name,
            "listen": link.addr().to_string(),
            "upstream": self.upstream().to_string(),
            "enabled": link.is_enabled(),
            "toxics": toxic::view_all(&link.toxics()),
        });
        if self.state.borrow().presence.is_some() {
            view["refuse_when_down"] = json!(true);
        }
        view
    }

    /// Changes it. Another address or another upstream ends its connections. If it cannot listen, all else stays as it was.
    pub async fn change(&self, change: Change) -> Result<(), ApiError> {
        let link = self.link();
        let was_enabled = link.is_enabled();
        let listen = change.listen.filter(|addr| *addr != link.addr());
        let upstream = change.upstream.filter(|upstream| *upstream != self.upstream());
        let watched = change.refuse_when_down.unwrap_or(self.state.borrow().presence.is_some());
        if listen.is_some() || upstream.is_some() {
            self.switch(false).await?;
        }
        if let Some(listen) = listen {
            if let Err(error) = self.listen_at(listen) {
                self.switch(was_enabled).await?;
                return Err(error);
            }
            // Of the new link nothing is watched yet.
            self.watch(false).await;
        }
        if let Some(upstream) = upstream {
            self.watch(false).await;
            self.link().lead_to(Some(upstream.clone()));
            self.state.borrow_mut().upstream = upstream;
        }
        self.watch(watched).await;
        self.switch(change.enabled.unwrap_or(was_enabled)).await
    }

    /// Takes it up or down.
    pub async fn switch(&self, enabled: bool) -> Result<(), ApiError> {
        let link = self.link();
        if link.is_enabled() == enabled {
            return Ok(());
        }
        let Err(error) = link.set_enabled(enabled).await else { return Ok(()) };
        // It is bound, and someone else has come to listen there. Ending to listen cannot fail.
        let _ = link.set_enabled(false).await;
        Err(cannot_listen(link.addr(), "bind", &error))
    }

    /// Ends its connections, and tells who waits for its gates.
    pub async fn close(&self) -> Result<(), ApiError> {
        self.gates.clear(&self.link());
        self.switch(false).await
    }

    /// As it was when it was created, without toxics and gates. What a gate holds passes.
    pub async fn reset(&self) -> Result<(), ApiError> {
        let link = self.link();
        link.clear_toxics();
        self.gates.clear(&link);
        link.release_all();
        self.switch(true).await
    }

    /// Replaces its toxics; its connections stay.
    pub fn set_toxics(&self, toxics: Vec<Toxic>) -> Result<(), ApiError> {
        let link = self.link();
        link.clear_toxics();
        // Nothing passes in between: the thread is the one that moves the bytes.
        toxics.into_iter().try_for_each(|toxic| link.add_toxic(toxic)).map_err(ApiError::from)
    }

    /// Listens at another address, with the same toxics and the gates that have met nothing yet. It is down at first.
    fn listen_at(&self, addr: SocketAddr) -> Result<(), ApiError> {
        let link = open(&self.name, addr, self.upstream(), self.seed, self.link().toxics())?;
        self.gates.move_to(&link);
        self.state.borrow_mut().link = link;
        Ok(())
    }

    /// Watches the upstream, or not any more.
    async fn watch(&self, watched: bool) {
        if watched == self.state.borrow().presence.is_some() {
            return;
        }
        // Dropped before anything is awaited: it would go on to change the link.
        self.state.borrow_mut().presence = None;
        let presence = match watched {
            true => Some(Presence::watch(&self.link(), self.upstream()).await),
            false => {
                self.link().accept();
                None
            }
        };
        self.state.borrow_mut().presence = presence;
    }
}

/// A link that is down.
fn open(
    name: &str,
    listen: SocketAddr,
    upstream: Upstream,
    seed: u64,
    toxics: Vec<Toxic>,
) -> Result<Rc<Link>, ApiError> {
    let settings = Settings { listen, upstream: Some(upstream), enabled: false, seed, ..Settings::default() };
    let link = Link::with(name, settings, None).map_err(|error| cannot_listen(listen, "bind", &error))?;
    toxics.into_iter().try_for_each(|toxic| link.add_toxic(toxic))?;
    Ok(Rc::new(link))
}
