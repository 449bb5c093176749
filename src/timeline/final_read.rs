//! Reads the data at the end, past the faults.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::world::World;
use crate::evidence::{FinalRead, ReadAnswer, abridge};
use crate::http::{RequestError, get};
use crate::system::{FinalReadPlace, Invariant};

/// The bound of one read.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// A read that gave no data.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Unanswered(#[from] RequestError),
    #[error("GET {path}: no JSON: {why}")]
    NotJson { path: String, why: serde_json::Error },
    #[error("GET {path}: status {status}")]
    Status { path: String, status: u16 },
    #[error("GET {path}: no answer within {READ_WITHIN:?}")]
    TooLate { path: String },
}

/// One read that an invariant needs.
pub(super) struct Wanted {
    invariant: usize,
    path: String,
    key: Option<Value>,
}

impl Wanted {
    /// As it is saved: why there is no answer is text there.
    fn answered(&self, answer: Result<Value, String>) -> ReadAnswer {
        ReadAnswer { invariant: self.invariant, path: self.path.clone(), key: self.key.clone(), answer }
    }
}

impl World<'_> {
    /// What the invariants read: where the path has a key, once for each key that the history names.
    pub(super) fn reads(&self) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (index, invariant) in self.system.file.invariants.iter().enumerate() {
            let invariant = invariant.as_ref();
            let Some(path) = invariant.read().map(|read| read.path.as_ref()) else { continue };
            if !path.contains("${key}") {
                wanted.push(Wanted { invariant: index, path: path.clone(), key: None });
                continue;
            }
            for key in self.keys(invariant) {
                let text = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                let path = path.replace("${key}", &encoded(&text));
                wanted.push(Wanted { invariant: index, path, key: Some(key) });
            }
        }
        wanted
    }

    fn keys(&self, invariant: &Invariant) -> Vec<Value> {
        let mut keys: Vec<Value> = Vec::new();
        for call in &self.observed.calls {
            for (op, place) in invariant.keys() {
                let named = place.of(&call.args, call.value.as_ref());
                let key = named.first().filter(|key| op == call.op && !keys.contains(key));
                keys.extend(key.map(|key| (*key).clone()));
            }
        }
        keys
    }

    pub(super) async fn read_data(&mut self, wanted: &[Wanted]) -> Option<FinalRead> {
        let listener = self.listener()?;
        let never_started = self.actors[listener].boots.is_empty();
        let stopping = self.actors[listener].boots.last().is_some_and(|boot| boot.told_to_end);
        if stopping {
            // A server that was told to stop may still be there; its data are read when it has ended.
            self.end_group(&[listener]).await;
        }
        let rebooted = !self.actors[listener].is_running();
        if rebooted {
            if self.system.file.final_read == FinalReadPlace::LiveOnly
                || never_started
                || self.actors[listener].instance.role != "server" && !self.has_plain_server()
            {
                self.observed.notes.push("the data were not read at the end: the server has ended, and this system does not keep its data past that".to_owned());
                return None;
            }
            if let Err(why) = self.reboot(listener).await {
                return Some(FinalRead {
                    rebooted,
                    answers: wanted.iter().map(|read| read.answered(Err(why.clone()))).collect(),
                });
            }
        }
        let addr = self.server_addr();
        let mut answers = Vec::new();
        for read in wanted {
            let path = &read.path;
            let reading = async {
                match get(addr, path).await? {
                    (200..=299, body) => serde_json::from_slice(&body)
                        .map(abridge)
                        .map_err(|why| ReadError::NotJson { path: path.clone(), why }),
                    (status, _) => Err(ReadError::Status { path: path.clone(), status }),
                }
            };
            tokio::pin!(reading);
            let deadline = tokio::time::Instant::now() + READ_WITHIN;
            let answer = loop {
                tokio::select! {
                    answer = &mut reading => break answer,
                    () = self.take_next() => {}
                    () = tokio::time::sleep_until(deadline) => break Err(ReadError::TooLate { path: path.clone() }),
                }
            };
            answers.push(read.answered(answer.map_err(|why| why.to_string())));
        }
        Some(FinalRead { rebooted, answers })
    }

    /// A composite role's data are kept by a server of its own, which this harness cannot boot alone.
    fn has_plain_server(&self) -> bool {
        self.listener().is_some_and(|index| self.actors[index].instance.kind == crate::system::RoleKind::Server)
    }

    async fn reboot(&mut self, listener: usize) -> Result<(), String> {
        self.spawn(listener).await?;
        let boot = self.actors[listener].boots.last_mut().ok_or("not started")?;
        boot.teardown = Some(boot.bookmarks());
        let bound = self.ready_bound(listener, 0);
        self.await_ready(listener, bound)
            .await
            .map_err(|failure| format!("the server does not boot again on its data: {}", failure.message))
    }
}

/// A text as a part of a URL: RFC 3986, section 2.3.
fn encoded(text: &str) -> String {
    const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

#[test]
fn a_key_is_encoded_as_a_part_of_a_url() {
    assert_eq!(encoded("ro-1/a b&ü"), "ro-1%2Fa%20b%26%C3%BC");
}
