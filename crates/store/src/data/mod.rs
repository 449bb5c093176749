//! What the store keeps, in SQLite: in memory, or in a file that survives a SIGKILL of the process.
//!
//! Requests queue up as [`Call`]s for one thread; whatever is queued is applied in one transaction, and answered after its
//! commit. In memory a small write is applied on the spot instead. An operation is a function from a [`Store`] and a [`Call`] to an [`Answer`], so a new
//! route is one function here and one line in the server's route table.

mod answer;
mod attempt;
pub mod attempts;
mod call;
mod finished;
mod idempotency;
mod json;
mod keeper;
pub mod new;
mod page;
mod parameters;
pub mod queue;
pub mod resources;
pub mod rollouts;
mod schema;
pub mod spans;
pub mod statistics;
mod store;
mod thread;
pub mod waits;
mod watchdog;
mod words;
pub mod workers;

pub use answer::{Answer, Content, Refusal};
pub use call::{Access, DataCall, DataOperation};
pub use finished::Watch;
pub use schema::Durability;
pub use store::Store;
pub use thread::Data;
#[cfg(test)]
mod tests;
