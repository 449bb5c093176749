//! Idempotency keys: a key is applied once, and its answer repeated.
//!
//! The answer is stored in the transaction that has the effect, so that no crash separates the two. Calls are applied one
//! after the other, so a key that is still being processed is simply awaited. A call that was refused has had no effect, so
//! its key stays unused.

use hyper::body::Bytes;
use rusqlite::params;

use super::answer::{Answer, Content, Refusal};
use super::store::Store;
use crate::wire::IDEMPOTENCY_HEADER;

/// How long an answer is kept, in seconds: longer than any client goes on retrying.
const RETENTION: f64 = 3600.0;

/// A key, and what distinguishes the request it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The header's value.
    pub key: String,
    /// A fingerprint of method, target and body.
    pub request: i64,
}

impl Key {
    /// The key of this request; `parts` is all of it that must be the same when the key is repeated.
    pub fn new(key: String, parts: &[&[u8]]) -> Self {
        Self { key, request: fingerprint(parts) as i64 }
    }

    /// The answer that was given for this key.
    ///
    /// # Errors
    /// When the key was used for another request, or the database fails.
    pub fn known(&self, store: &Store<'_>) -> Result<Option<Answer>, Refusal> {
        let sql = "SELECT request, status, body FROM answer WHERE key = ?1";
        let row = store.first(sql, [&self.key], |row| {
            let body = Bytes::from(row.get::<_, Vec<u8>>(2)?);
            Ok((row.get::<_, i64>(0)?, Answer { status: row.get(1)?, content: Content::Json, body, problem: None }))
        })?;
        match row {
            Some((request, _)) if request != self.request => Err(Refusal::Unprocessable {
                place: "header",
                field: Some(IDEMPOTENCY_HEADER.to_owned()),
                kind: "value_error",
                message: format!("the idempotency key {:?} was used for another request", self.key),
            }),
            Some((_, answer)) => Ok(Some(answer)),
            None => Ok(None),
        }
    }

    /// Keeps the answer for this key, and forgets answers that are too old.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep(&self, store: &Store<'_>, answer: &Answer) -> rusqlite::Result<()> {
        store.execute("DELETE FROM answer WHERE time < ?1", [store.now - RETENTION])?;
        let sql = "INSERT INTO answer (key, request, status, body, time) VALUES (?1, ?2, ?3, ?4, ?5)";
        store.execute(sql, params![self.key, self.request, answer.status, &answer.body[..], store.now])?;
        Ok(())
    }
}

/// FNV-1a over eight bytes at a time. It is stored, so it must not change with the compiler as the standard hasher may;
/// it guards against mistakes, not against malice.
fn fingerprint(parts: &[&[u8]]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |word: u64| {
        hash = (hash ^ word).wrapping_mul(PRIME);
        hash ^= hash >> 32;
    };
    for part in parts {
        mix(part.len() as u64);
        for chunk in part.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(u64::from_le_bytes(word));
        }
    }
    hash
}
