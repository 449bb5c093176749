//! All proxies of a server.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::ApiError;
use super::circle::{self, Hop};
use super::fields::{Fields, json, kind};
use super::proxy::{Change, Proxy, Wanted};

#[derive(Debug)]
pub(super) struct Proxies {
    seed: u64,
    all: RefCell<BTreeMap<String, Rc<Proxy>>>,
    /// Held by what opens, changes or closes proxies: one at a time. Toxics and reads do not wait for it.
    changing: Mutex<()>,
}

/// The proxies that were populated, and the error that ended it.
pub(super) struct Populated {
    pub proxies: Vec<Rc<Proxy>>,
    pub error: Option<ApiError>,
}

impl Proxies {
    pub fn new(seed: u64) -> Self {
        Self { seed, all: RefCell::default(), changing: Mutex::new(()) }
    }

    pub fn all(&self) -> Vec<Rc<Proxy>> {
        self.all.borrow().values().map(Rc::clone).collect()
    }

    pub fn named(&self, name: &str) -> Result<Rc<Proxy>, ApiError> {
        self.all.borrow().get(name).map(Rc::clone).ok_or(ApiError::ProxyNotFound)
    }

    pub async fn create(&self, wanted: Wanted) -> Result<Rc<Proxy>, ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        if self.named(&wanted.name).is_ok() {
            return Err(ApiError::ProxyExists);
        }
        self.open(wanted).await
    }

    pub async fn change(&self, name: &str, change: Change) -> Result<Rc<Proxy>, ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        let proxy = self.named(name)?;
        circle::refuse(&change.hop(&proxy), &self.hops())?;
        proxy.change(change).await?;
        Ok(proxy)
    }

    /// Closes a proxy. When this returns, its connections are closed and its port is free.
    pub async fn delete(&self, name: &str) -> Result<(), ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        let proxy = self.all.borrow_mut().remove(name).ok_or(ApiError::ProxyNotFound)?;
        proxy.close().await?;
        drop(proxy);
        // The task that holds the port ends when it has its turn.
        tokio::task::yield_now().await;
        Ok(())
    }

    /// Every proxy up, no toxics, no gates.
    pub async fn reset(&self) -> Result<(), ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        let mut outcome = Ok(());
        for proxy in self.all() {
            outcome = outcome.and(proxy.reset().await);
        }
        outcome
    }

    /// Opens what a list asks for. Nothing is done if anything in it is wrong. What is there with the same addresses is left
    /// as it is, but for toxics that are given; what is there with others is replaced.
    pub async fn populate(&self, body: &[u8]) -> Populated {
        let mut proxies = Vec::new();
        let error = self.populate_each(body, &mut proxies).await.err();
        Populated { proxies, error }
    }

    async fn populate_each(&self, body: &[u8], done: &mut Vec<Rc<Proxy>>) -> Result<(), ApiError> {
        let list = read_list(body).await?;
        let _one_at_a_time = self.changing.lock().await;
        for wanted in list {
            let existing = self.named(&wanted.name).ok();
            if let Some(existing) = existing.as_ref().filter(|existing| existing.is(&wanted)) {
                if !wanted.toxics.is_empty() {
                    existing.set_toxics(wanted.toxics)?;
                }
                done.push(Rc::clone(existing));
                continue;
            }
            let was_enabled = existing.as_ref().is_some_and(|existing| existing.link().is_enabled());
            if let Some(existing) = &existing {
                existing.switch(false).await?;
            }
            match (self.open(wanted).await, existing) {
                (Ok(proxy), existing) => {
                    done.push(proxy);
                    if let Some(existing) = existing {
                        existing.close().await?;
                    }
                }
                (Err(error), existing) => {
                    // What could not be replaced is there again.
                    if let Some(existing) = existing {
                        existing.switch(was_enabled).await?;
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn hops(&self) -> Vec<Hop> {
        self.all.borrow().values().map(|proxy| proxy.hop()).collect()
    }

    async fn open(&self, wanted: Wanted) -> Result<Rc<Proxy>, ApiError> {
        circle::refuse(&wanted.hop(), &self.hops())?;
        let proxy = Rc::new(Proxy::open(wanted, self.seed).await?);
        self.all.borrow_mut().insert(proxy.name.clone(), Rc::clone(&proxy));
        Ok(proxy)
    }
}

impl Populated {
    /// As it is answered: the error's fields first, if there is one.
    pub fn view(&self) -> (u16, Value) {
        // As Go writes a list that was never begun.
        let proxies =
            if self.proxies.is_empty() { Value::Null } else { self.proxies.iter().map(|it| it.view()).collect() };
        match &self.error {
            None => (201, json!({ "proxies": proxies })),
            Some(error) => {
                (error.status(), json!({ "error": error.to_string(), "status": error.status(), "proxies": proxies }))
            }
        }
    }
}

/// Reads a list of proxies, all of it.
async fn read_list(body: &[u8]) -> Result<Vec<Wanted>, ApiError> {
    let list = match json(body)? {
        Value::Array(list) => list,
        Value::Null => Vec::new(),
        other => return Err(ApiError::bad(format!("expected an array of proxies, got {}", kind(&other)))),
    };
    let mut all: Vec<Wanted> = Vec::new();
    for (index, value) in list.into_iter().enumerate() {
        let place = format!(" at proxy {}", index + 1);
        let fields = Fields::of(value, &format!("proxy {}", index + 1))?;
        let wanted = Wanted::read(fields, &place).await.map_err(|error| match error {
            ApiError::BadBody(problem) => ApiError::BadBody(format!("proxy {}: {problem}", index + 1)),
            other => other,
        })?;
        if all.iter().any(|other| other.name == wanted.name) {
            return Err(ApiError::bad(format!("two proxies are called `{}`", wanted.name)));
        }
        all.push(wanted);
    }
    Ok(all)
}
