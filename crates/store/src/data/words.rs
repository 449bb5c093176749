//! The closed sets of words in the store's objects, as enums that JSON and SQLite read and write alike.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[doc = $doc:literal] $name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $(#[doc = $word] $variant),+ }

        impl $name {
            /// The word itself.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Every word.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The value of this word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.word().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let word = value.as_str()?;
                Self::from_word(word).ok_or_else(|| {
                    FromSqlError::Other(format!("{word:?} is none of {}", Self::WORDS.join(", ")).into())
                })
            }
        }
    )+};
}

words! {
    /// What a rollout is for.
    Mode { Train = "train", Val = "val", Test = "test" }
    /// Where a rollout is in its life.
    RolloutStatus {
        Queuing = "queuing", Preparing = "preparing", Running = "running", Failed = "failed", Succeeded = "succeeded",
        Cancelled = "cancelled", Requeuing = "requeuing",
    }
    /// Where an attempt is in its life.
    AttemptStatus {
        Preparing = "preparing", Running = "running", Failed = "failed", Succeeded = "succeeded",
        Unresponsive = "unresponsive", Timeout = "timeout",
    }
    /// What a worker is about.
    WorkerStatus { Idle = "idle", Busy = "busy", Unknown = "unknown" }
}

impl RolloutStatus {
    /// Whether nothing more happens to it by itself.
    pub fn finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// Whether it waits to be dequeued.
    pub fn queued(self) -> bool {
        matches!(self, Self::Queuing | Self::Requeuing)
    }
}

impl AttemptStatus {
    /// Whether a worker is at it.
    pub fn live(self) -> bool {
        matches!(self, Self::Preparing | Self::Running)
    }
}
