//! One proxy: a link with the name, addresses and switches that the API gives it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use serde_json::{Value, json};

use super::ApiError;
use super::address::{cannot_listen, resolve};
use super::circle::Hop;
use super::fields::Fields;
use super::gates::Gates;
use super::presence::Presence;
use super::toxic;
use crate::{EventLink, Settings, Toxic, Unreachable, Upstream};

/// A proxy as it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub name: String,
    pub listen: Listen,
    pub upstream: Upstream,
    pub enabled: bool,
    /// A client sees a reset, not the end of its stream, where the upstream cannot be reached (an extension).
    pub reset_when_down: bool,
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
            listen: Listen::read(fields.text("listen")?.unwrap_or_default()).await?,
            upstream: read_upstream(&upstream)?,
            enabled: fields.flag("enabled")?.unwrap_or(true),
            refuse_when_down: fields.flag("refuse_when_down")?.unwrap_or(false),
            reset_when_down: fields.flag("reset_when_down")?.unwrap_or(false),
            toxics: toxic::read_all(fields.list("toxics")?.unwrap_or_default())?,
        })
    }
}

impl Wanted {
    /// What it will lead from and to.
    pub fn hop(&self) -> Hop {
        Hop { name: self.name.clone(), listen: self.listen.addr, upstream: self.upstream.clone() }
    }
}

/// Where a proxy is to listen.
#[derive(Debug, Clone)]
pub(super) struct Listen {
    pub addr: SocketAddr,
    /// As it was written, where a host is named: Toxiproxy answers that until the proxy has listened.
    named: Option<String>,
}

impl Listen {
    async fn read(text: String) -> Result<Self, ApiError> {
        let addr = resolve(&text).await?;
        let is_named = addr.port() != 0 && !text.starts_with(':') && text.parse::<SocketAddr>().is_err();
        Ok(Self { addr, named: is_named.then_some(text) })
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
    listen: Option<Listen>,
    upstream: Option<Upstream>,
    enabled: Option<bool>,
    refuse_when_down: Option<bool>,
}

impl Change {
    pub async fn read(mut fields: Fields) -> Result<Self, ApiError> {
        let listen = match fields.text("listen")? {
            Some(text) => Some(Listen::read(text).await?),
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

impl Change {
    /// What a proxy will lead from and to.
    pub fn hop(&self, proxy: &Proxy) -> Hop {
        let Hop { name, listen, upstream } = proxy.hop();
        let listen = self.listen.as_ref().map_or(listen, |listen| listen.addr);
        Hop { name, listen, upstream: self.upstream.clone().unwrap_or(upstream) }
    }
}

/// A proxy that is there. Dropping it ends its connections and frees its port.
#[derive(Debug)]
pub(super) struct Proxy {
    pub name: String,
    pub gates: Rc<Gates>,
    seed: u64,
    unreachable: Unreachable,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    link: Rc<EventLink>,
    /// Where it is to listen, as it was written, until it does.
    named: Option<String>,
    upstream: Upstream,
    presence: Option<Presence>,
}

impl Proxy {
    /// Opens it with its toxics: no connection escapes them.
    pub async fn open(wanted: Wanted, seed: u64) -> Result<Self, ApiError> {
        let Wanted { name, listen, upstream, enabled, refuse_when_down, reset_when_down, toxics } = wanted;
        let unreachable = if reset_when_down { Unreachable::Reset } else { Unreachable::Close };
        let settings = Settings {
            listen: listen.addr,
            upstream: Some(upstream.clone()),
            enabled: false,
            seed,
            unreachable,
            ..Settings::default()
        };
        let link = open(&name, settings, toxics)?;
        let state = RefCell::new(State { link, named: listen.named, upstream, presence: None });
        let proxy = Self { name, gates: Gates::new(), seed, unreachable, state };
        if refuse_when_down {
            proxy.watch(true).await;
        }
        if enabled {
            proxy.switch(true).await?;
        }
        Ok(proxy)
    }

    pub fn link(&self) -> Rc<EventLink> {
        Rc::clone(&self.state.borrow().link)
    }

    /// What it leads from and to.
    pub fn hop(&self) -> Hop {
        Hop { name: self.name.clone(), listen: self.link().addr(), upstream: self.upstream() }
    }

    pub fn upstream(&self) -> Upstream {
        self.state.borrow().upstream.clone()
    }

    /// Whether it is what is asked for, apart from its switches and toxics.
    pub fn is(&self, wanted: &Wanted) -> bool {
        self.link().addr() == wanted.listen.addr && self.upstream() == wanted.upstream
    }

    /// As it is answered: Toxiproxy's fields in its order, and `refuse_when_down` where it is set.
    pub fn view(&self) -> Value {
        let link = self.link();
        let mut view = json!({
            "name": self.name,
            "listen": self.listen(),
            "upstream": self.upstream().to_string(),
            "enabled": link.is_enabled(),
            "toxics": toxic::view_all(&link.toxics()),
        });
        if self.state.borrow().presence.is_some() {
            view["refuse_when_down"] = json!(true);
        }
        if self.unreachable == Unreachable::Reset {
            view["reset_when_down"] = json!(true);
        }
        view
    }

    /// Where it listens; as it was written, while it has not yet.
    fn listen(&self) -> String {
        let state = self.state.borrow();
        state.named.clone().unwrap_or_else(|| state.link.addr().to_string())
    }

    /// Changes it. Another address or another upstream ends its connections. If it cannot listen, all else stays as it was.
    pub async fn change(&self, change: Change) -> Result<(), ApiError> {
        let link = self.link();
        let was_enabled = link.is_enabled();
        let listen = change.listen.filter(|listen| listen.addr != link.addr());
        let upstream = change.upstream.filter(|upstream| *upstream != self.upstream());
        let watched = change.refuse_when_down.unwrap_or(self.state.borrow().presence.is_some());
        if listen.is_some() || upstream.is_some() {
            self.switch(false).await?;
        }
        if let Some(listen) = listen {
            if let Err(error) = self.listen_at(listen.addr) {
                self.switch(was_enabled).await?;
                return Err(error);
            }
            self.state.borrow_mut().named = listen.named;
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
        let Err(error) = link.set_enabled(enabled).await else {
            if enabled {
                self.state.borrow_mut().named = None;
            }
            return Ok(());
        };
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
        let settings = Settings {
            listen: addr,
            upstream: Some(self.upstream()),
            enabled: false,
            seed: self.seed,
            unreachable: self.unreachable,
            ..Settings::default()
        };
        let link = open(&self.name, settings, self.link().toxics())?;
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

/// Opens a link.
fn open(name: &str, settings: Settings, toxics: Vec<Toxic>) -> Result<Rc<EventLink>, ApiError> {
    let listen = settings.listen;
    let link = EventLink::with(name, settings, None).map_err(|error| cannot_listen(listen, "bind", &error))?;
    toxics.into_iter().try_for_each(|toxic| link.add_toxic(toxic))?;
    Ok(Rc::new(link))
}
